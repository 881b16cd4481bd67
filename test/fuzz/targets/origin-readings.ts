// How servers and frameworks behind the gateway read the path of a request, and which rule they would hold it against.
// Must never be derived from the gateway's own code: it is what that code is compared with.

/** One way to read a path. */
export interface OriginReading {
  /** Who reads it so. */
  readonly name: string;
  /** The weaker value of PATHS that protects such an origin. */
  readonly paths: "exact" | "loose";
  /** The path as its routes are compared with it; undefined where it refuses the request. */
  readonly sees: (sent: string) => string | undefined;
  readonly anyCase?: boolean;
  readonly anySlash?: boolean;
  readonly anySuffix?: boolean;
  /** Its routes are compared with the path as it was sent. */
  readonly encoded?: boolean;
}

/** Python's urllib.parse.unquote(), CGI, PHP: what is no escape stays, bytes that are no UTF-8 are replaced. */
export function unquoted(path: string): string {
  if (!path.includes("%")) return path;
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    new TextDecoder().decode(Uint8Array.from(escapes.slice(1).split("%"), (digits) => Number.parseInt(digits, 16))),
  );
}

/** RFC 3986 section 5.2.4, as servers do it in a path that was decoded. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "..") kept.pop();
    if (segment !== "." && segment !== "..") kept.push(segment);
    else if (isLast) kept.push("");
  }
  return `/${kept.join("/")}`;
}

const merged = (path: string) => path.replace(/\/{2,}/g, "/");
const slashed = (path: string) => path.replaceAll("\\", "/");
/** Path parameters of each segment. */
const bare = (path: string) => path.replace(/;[^/]*/g, "");

export const originReadings: readonly OriginReading[] = [
  { name: "WSGI and ASGI: Django, Flask, Starlette", paths: "exact", sees: unquoted },
  { name: "Werkzeug, with slashes merged", paths: "exact", sees: (sent) => merged(unquoted(sent)) },
  { name: "nginx with a URI, Apache, Caddy", paths: "exact", sees: (sent) => withoutDots(merged(unquoted(sent))) },
  { name: "any of these behind a proxy that decodes", paths: "exact", sees: (sent) => unquoted(unquoted(sent)) },
  {
    name: "Tomcat, Undertow",
    paths: "exact",
    sees: (sent) => withoutDots(merged(slashed(unquoted(bare(sent))))),
  },
  {
    name: "Spring's UrlPathHelper, Jetty, WebLogic: parameters are cut after decoding",
    paths: "exact",
    sees: (sent) => withoutDots(merged(bare(unquoted(sent)))),
  },
  {
    name: "Tomcat behind a proxy that decodes",
    paths: "exact",
    sees: (sent) => withoutDots(merged(slashed(unquoted(bare(unquoted(sent)))))),
  },
  {
    name: "Fastify 4, find-my-way: a semicolon begins the query",
    paths: "exact",
    sees: (sent) => unquoted(upTo(";", sent)),
  },
  { name: "Rack without decoding: Puma", paths: "exact", encoded: true, sees: (sent) => sent },
  { name: "Express", paths: "loose", encoded: true, anyCase: true, anySlash: true, sees: (sent) => sent },
  { name: "Rails", paths: "loose", encoded: true, anySlash: true, anySuffix: true, sees: merged },
  { name: "Sinatra", paths: "loose", anySlash: true, sees: (sent) => merged(unquoted(sent)) },
  { name: "DRF with format suffixes", paths: "loose", anySuffix: true, sees: unquoted },
  {
    name: "Spring MVC before 6, with suffix patterns",
    paths: "loose",
    anySlash: true,
    anySuffix: true,
    sees: (sent) => withoutDots(merged(bare(unquoted(sent)))),
  },
  { name: "ASP.NET Core", paths: "loose", anyCase: true, anySlash: true, sees: unquoted },
  {
    name: "IIS",
    paths: "loose",
    anyCase: true,
    anySlash: true,
    sees: (sent) => withoutDots(merged(slashed(unquoted(sent)))),
  },
];

const upTo = (mark: string, text: string) => text.split(mark, 1)[0] ?? "";

/** A rule or an internal route, by its path. */
export interface Pattern {
  readonly path: string;
  readonly methods?: readonly string[] | undefined;
}

/** Whether the origin takes the path for one of the pattern's. */
export function readsAs(origin: OriginReading, pattern: Pattern, method: string, path: string): boolean {
  if (pattern.methods && !pattern.methods.includes(method)) return false;
  const isPrefix = pattern.path.endsWith("/*");
  const own = isPrefix ? pattern.path.slice(0, -2) : pattern.path;
  const wanted = comparable(origin, origin.encoded ? encodeURI(own) : own);
  return formsOf(origin, path).some((form) => {
    const given = comparable(origin, form);
    return given === wanted || (isPrefix && given.startsWith(`${wanted}/`));
  });
}

/** With a suffix and without. */
function formsOf(origin: OriginReading, path: string): readonly string[] {
  if (!origin.anySuffix) return [path];
  return [path, path.replace(/\.[^/.]+\/?$/, ""), path.replace(/\/?\.[^/]*\/?$/, "")];
}

function comparable(origin: OriginReading, path: string): string {
  const cased = origin.anyCase ? path.toLowerCase() : path;
  const escapes = origin.encoded ? cased.replace(/%[0-9a-f]{2}/gi, (one) => one.toUpperCase()) : cased;
  return origin.anySlash && escapes.endsWith("/") ? escapes.slice(0, -1) : escapes;
}
