// The paths that the gateway answers itself, before any rule of ROUTES is asked.
// Must never list a path that the app does not serve (test/scripts/own-paths.test.ts asks the app).
import { endpoints } from "../../src/endpoints/definitions.ts";
import { servedEndpoints } from "../../src/settings/read.ts";
import type { Settings } from "../../src/settings/settings.ts";

/** A path of the gateway's own. */
export interface OwnPath {
  /** As in ROUTES: exact, or a prefix that ends in `/*`. Exact ones are served with and without their last slash. */
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
  const keys = {
    path: "/.well-known/jwks.json",
    methods: ["GET", "HEAD"],
    othersPass: true,
    what: "public keys",
  } as const;
  return [
    ...tokens,
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
    const exact = own.path.replace(/\/\*?$/, "");
    return path === own.path || path === exact || (own.path.endsWith("/*") && path.startsWith(`${exact}/`));
  });
}
