// The paths that the gateway answers itself, before any rule of ROUTES is asked.
// Must never list a path that the app does not serve (test/scripts/own-paths.test.ts asks the app).
import { endpoints } from "../../src/endpoints/definitions.ts";
import { sessionsEndpoints } from "../../src/endpoints/sessions.ts";
import { servedEndpoints } from "../../src/settings/read.ts";
import type { Settings } from "../../src/settings/settings.ts";

/** A path of the gateway's own. */
export interface OwnPath {
  /**
   * As in ROUTES: exact, or a prefix that ends in `/*`; `:id` stands for one segment. Exact ones are served with and
   * without their last slash.
   */
  readonly path: string;
  readonly methods: readonly string[];
  /** Other methods go on to ROUTES, instead of being refused here. */
  readonly othersPass?: true;
  readonly what: string;
}

/** In the order of app.ts; `/_gateway/*` stands for all that is not listed below it. */
export function ownPaths(settings: Settings, publishesKeys: boolean): readonly OwnPath[] {
  const served = servedEndpoints(settings);
  const tokens = endpoints
    .filter(({ name }) => served.includes(name))
    .map(({ path, title }) => ({ path: `${settings.TOKEN_PREFIX}${path}`, methods: ["POST"], what: title }));
  const sessions = (served.includes("sessions") ? sessionsEndpoints : []).map(({ path, method, title }) => ({
    path: `${settings.TOKEN_PREFIX}${path}`,
    methods: [method],
    what: title,
  }));
  const keys = {
    path: "/.well-known/jwks.json",
    methods: ["GET", "HEAD"],
    othersPass: true,
    what: "public keys",
  } as const;
  return [
    ...tokens,
    ...sessions,
    ...(publishesKeys ? [keys] : []),
    { path: "/_gateway/health/live", methods: ["GET"], what: "the Worker runs" },
    { path: "/_gateway/health/ready", methods: ["GET"], what: "its stores answer" },
    { path: "/_gateway/*", methods: [], what: "404" },
  ];
}

/** The own path that answers a request, if any. */
export function ownPathOf(paths: readonly OwnPath[], method: string, path: string): OwnPath | undefined {
  return paths.find((own) => {
    if (own.othersPass && !own.methods.includes(method)) return false;
    const isPrefix = own.path.endsWith("/*");
    const exact = own.path.replace(/\/\*?$/, "").split("/");
    const asked = path.split("/");
    const rest = asked.slice(exact.length);
    if (!exact.every((part, index) => part === asked[index] || (part === ":id" && Boolean(asked[index])))) return false;
    return isPrefix || rest.length === 0 || (rest.length === 1 && rest[0] === "" && own.path.endsWith("/"));
  });
}
