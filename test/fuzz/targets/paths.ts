// Paths: what the rules refuse is never forwarded in a spelling that an origin reads as what they refuse.
import fc from "fast-check";
import { readConfiguration } from "../../../src/configuration.ts";
import { readRequestUrl } from "../../../src/http/request-url.ts";
import { internalRoutes } from "../../../src/internal-routes/table.ts";
import { matchRule } from "../../../src/proxy/routes/match.ts";
import { canonicalPath } from "../../../src/proxy/routes/path.ts";
import { craft } from "../../support/craft.ts";
import { settingsOf, testSecret } from "../../support/settings.ts";
import { type Ask, openGateways, serverError } from "../gateway.ts";
import { anyTarget, ensure } from "../target.ts";
import { type Damage, damaged, damages } from "../text.ts";
import { originReadings, readsAs, unquoted } from "./origin-readings.ts";

interface Route {
  readonly path: string;
  readonly auth: "public" | "optional" | "token";
  readonly methods?: readonly string[];
  readonly require?: Readonly<Record<string, unknown>>;
  readonly strip_prefix?: string;
}

interface Table {
  readonly paths: "loose" | "exact";
  readonly routes: readonly Route[];
}

const staff = { staff: true };

const mixed: readonly Route[] = [
  { path: "/health", auth: "public" },
  { path: "/admin/login/", auth: "public" },
  { path: "/admin/*", auth: "token", require: staff },
  { path: "/api/report", auth: "token", methods: ["POST"] },
  { path: "/api/*", auth: "optional" },
  { path: "/*", auth: "public" },
];

/** The rules are stricter in the middle, at the end, with letters beyond ASCII, below a prefix that is cut off. */
const tables: readonly Table[] = [
  { paths: "loose", routes: mixed },
  { paths: "exact", routes: mixed },
  {
    paths: "loose",
    routes: [
      { path: "/", auth: "public" },
      { path: "/static/*", auth: "public" },
      { path: "/v1/Users/*", auth: "token", require: staff },
      { path: "/v1/*", auth: "optional" },
      { path: "/*", auth: "token" },
    ],
  },
  {
    paths: "loose",
    routes: [
      { path: "/café/*", auth: "token" },
      { path: "/straße", auth: "token" },
      { path: "/*", auth: "public" },
    ],
  },
  {
    paths: "loose",
    routes: [
      { path: "/svc/admin/*", auth: "token", require: staff, strip_prefix: "/svc" },
      { path: "/svc/*", auth: "public", strip_prefix: "/svc" },
      { path: "/open/*", auth: "public" },
      { path: "/open2/closed.x", auth: "token" },
      { path: "/open2/*", auth: "optional" },
    ],
  },
];

export interface PathInput {
  readonly table: number;
  readonly method: string;
  /** With a token that is no staff's. */
  readonly token: boolean;
  /** Whether the runtime has resolved what its URL parser resolves. */
  readonly tidy: boolean;
  readonly target: string;
}

const words = [
  "admin",
  "login",
  "health",
  "api",
  "report",
  "static",
  "v1",
  "Users",
  "svc",
  "open",
  "open2",
  "closed.x",
];
const others = [
  "caf\u00e9",
  "stra\u00dfe",
  "strasse",
  "CAF\u00c9",
  "_gateway",
  "token",
  "refresh",
  "verify",
  "live",
  "x",
  "a",
];
const joints = [
  ...[
    "/",
    "//",
    "/./",
    "/../",
    "/%2e/",
    "/%2e%2e/",
    "/.%2E/",
    "/..;/",
    "/.;x/",
    "/;/",
    "/;x=1/",
    ";",
    ";x/",
    ";x=/..;/",
  ],
  ...[
    "%2f",
    "%2F",
    "%5c",
    "\\",
    "%252f",
    "%252e%252e",
    "%00",
    "%2500",
    "%0a",
    "%09",
    "%7f",
    "%20",
    "+",
    ".",
    "..",
    "...",
  ],
  ...[".json", ".JSON/", "/.json", "%3b", "%253b", "%3B/", "%25", "%2525", "%25zz", "%zz", "%", "%c0%af", "%25c0%25af"],
  ...[
    "%c4%b1",
    "%C4%B0",
    "%E2%84%AA",
    "%C5%BF",
    "%e4",
    "%u002f",
    "?",
    "??",
    "#",
    "?/admin/",
    "~",
    ":",
    "@",
    "'",
    "(",
    "|",
  ],
];

/** A word as it is, in other cases, with letters encoded once, twice or three times. */
const word = fc
  .tuple(fc.constantFrom(...words, ...others), fc.nat(3), fc.nat(), fc.nat())
  .map(([text, style, letters, depths]) =>
    [...text]
      .map((one, at) => {
        const picked = ((letters >> (at % 24)) & 1) === 1;
        if (style === 0 || !picked) return one.charCodeAt(0) > 0x7e ? encodeURIComponent(one) : one;
        if (style === 1) return encoded(one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase(), 0);
        return encoded(one, style === 2 ? 1 : 1 + ((depths >> (at % 24)) & 1));
      })
      .join(""),
  );

function encoded(text: string, times: number): string {
  if (times === 0) return [...text].map((one) => (one.charCodeAt(0) > 0x7e ? encodeURIComponent(one) : one)).join("");
  const bytes = [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  return times === 1 ? bytes : bytes.replaceAll("%", "%25");
}

const target = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 4, arbitrary: word },
        { weight: 3, arbitrary: fc.constant("/") },
        // From a path of one rule to that of another.
        { weight: 2, arbitrary: fc.tuple(word, fc.constantFrom(...joints), word).map((three) => three.join("")) },
        { weight: 2, arbitrary: fc.constantFrom(...joints) },
      ),
      { maxLength: 9 },
    ),
    damages(["/", "%", ";", ".", "%25", "%2"], 1),
  )
  .map(
    ([pieces, changes]: [string[], readonly Damage[]]) =>
      `/${damaged(pieces.join(""), changes).replace(/[^!-~]/g, "")}`,
  );

const inputs: fc.Arbitrary<PathInput> = fc.record({
  table: fc.nat(tables.length - 1),
  method: fc.constantFrom("GET", "POST", "DELETE"),
  token: fc.boolean(),
  tidy: fc.boolean(),
  target,
});

const host = "https://gateway.example";

export const paths = anyTarget<PathInput>({
  name: "paths",
  holds: "what the rules refuse is never forwarded so that an origin reads it as what they refuse",
  inputs,
  async open() {
    const gateways = await openGateways(tables.map(({ paths: PATHS, routes: ROUTES }) => ({ PATHS, ROUTES })));
    const now = Math.floor(Date.now() / 1000);
    const claims = { token_type: "access", exp: now + 86_400, iat: now, jti: "a", user_id: "7" };
    const authorization = `Bearer ${craft({ claims })}`;
    return async (input) => {
      const [table, ask] = [tables[input.table], gateways[input.table]];
      if (table === undefined || ask === undefined) throw new Error("there is no such table");
      await tryPath(table, ask, input, authorization);
    };
  },
  growth: [
    ...["a", "/a", "%61", ";a", "/;a", "/a;b.c", "%2561", "/a.b", ".a", "%25zz", "A", "\u0131", "/.;", "/%2e"].map(
      (piece) => ({
        name: `a path of ${JSON.stringify(piece)} over and over`,
        of: (size: number) => repeatedPath(piece, size),
      }),
    ),
  ],
});

async function tryPath(table: Table, ask: Ask, input: PathInput, authorization: string): Promise<void> {
  const url = input.tidy ? new URL(host + input.target).href : host + input.target;
  const headers = new Headers(input.token ? { authorization } : {});
  const answer = await ask({ url, method: input.method, headers });
  ensure(serverError(answer) === undefined, () => `${serverError(answer)}`);
  if (answer.forwarded === undefined) return;
  const { path, query } = readRequestUrl(url);
  const rule = table.routes.find((one) => readsAs(asSent, one, input.method, unquoted(path)));
  ensure(rule !== undefined, () => "forwarded without a rule");
  const received = answer.forwarded.url.slice(host.length);
  if (rule.strip_prefix === undefined) ensure(received === path + query, () => `sent on as ${received}`);
  else {
    const { path: cut } = readRequestUrl(answer.forwarded.url);
    const rest = unquoted(path).slice(rule.strip_prefix.length) || "/";
    ensure(unquoted(cut) === rest, () => `cut to ${received}`);
  }
  const routes = internalRoutes(settingsOf(), false);
  for (const origin of originReadings) {
    if (origin.paths === "loose" && table.paths === "exact") continue;
    const seen = origin.sees(path);
    if (seen === undefined) continue;
    const own = routes.find(
      (route) =>
        (route.others === "refused" || route.methods.includes(input.method)) &&
        !route.path.includes(":id") &&
        [route.path, route.path.replace(/\/$/, "")].some((one) => readsAs(origin, { path: one }, input.method, seen)),
    );
    ensure(own === undefined, () => `${origin.name} reads ${seen}, the gateway's own ${own?.path}`);
    const found = table.routes.find((one) => readsAs(origin, one, input.method, seen));
    const passes = found !== undefined && (input.token ? found.require === undefined : found.auth !== "token");
    ensure(passes, () => `${origin.name} reads ${seen}, which is for ${found?.path ?? "no rule"}`);
  }
}

const asSent = { name: "the rules", paths: "exact", sees: (sent: string) => sent } as const;

function repeatedPath(piece: string, size: number): () => unknown {
  const path = `/x${piece.repeat(Math.ceil(size / piece.length))}`;
  const ready = configurations();
  return async () => {
    for (const { rules, stricterPaths } of await ready) {
      try {
        matchRule(rules, "GET", canonicalPath({ path, query: "" }), stricterPaths);
      } catch {}
    }
  };
}

let known: ReturnType<typeof readConfigurations> | undefined;
function configurations() {
  known ??= readConfigurations();
  return known;
}
const readConfigurations = () =>
  Promise.all(
    tables.map(async ({ paths: PATHS, routes: ROUTES }) => {
      const { configuration, errors } = await readConfiguration({ SIGNING_KEY: testSecret, PATHS, ROUTES });
      if (!configuration) throw new Error(errors.join("\n"));
      return configuration;
    }),
  );
