// Who races: each with what it does for its time, and how it is started.
// Must never let one run in another way than its like.
import type { Ground } from "./ground.ts";
import { type Served, serveWorker } from "./serve/workerd.ts";
import type { Algorithm } from "./tokens.ts";

export interface Contestant {
  readonly name: string;
  /** What it does and does not do. */
  readonly about: string;
  /** False for one that looks at no token: it passes every request on. */
  readonly checks: boolean;
  /** What the origin has to get as X-User-Id; undefined where nothing is set. */
  readonly userIdSent?: string;
  /** The tokens it takes; HS256 without it. */
  readonly algorithm?: Algorithm;
  /** Whether it claims what the gateway promises of a proxied request, and is examined for it (examine-promises.ts). */
  readonly promises?: boolean;
  /** What is asked of one that is no proxy. */
  readonly path?: string;
  /** A sentence instead where it cannot run here. */
  start(ground: Ground, more?: StartOptions): Promise<Runner | string>;
}

export interface StartOptions {
  /** Opens V8's inspector in workerd. */
  readonly inspectorPort?: number;
  /** The folder of another checkout, whose gateway is to run in the place of this one. */
  readonly checkout?: string | undefined;
}

/** Started; `storePids` are the processes of its stores. */
export interface Runner extends Served {
  readonly storePids: readonly number[];
}

const plainWorker = (name: string, about: string, checks: boolean): Contestant => ({
  name,
  about,
  checks,
  ...(name === "bare" ? {} : { userIdSent: "7" }),
  async start(ground, more) {
    const vars = { ORIGIN_URL: ground.origin.url, SIGNING_KEY: ground.maker("HS256").signingKey };
    const served = await serveWorker(await ground.worker(`bench/contestants/${name}.ts`), { vars, ...more });
    return { ...served, storePids: [] };
  },
});

export const bare = plainWorker("bare", "Worker: fetch(origin) and nothing else", false);
export const floor = plainWorker("floor", "Worker: copies the headers and sets three; checks no token", false);
export const honoJose = plainWorker("hono-jose", "Worker: Hono, jose by hand, the caller's id in a header", true);
export const honoJwt = plainWorker("hono-jwt", "Worker: Hono's jwt middleware and proxy helper", true);

/** The promises of the gateway in one file, for one API, with the gateway's KV. */
export const byHand: Contestant = {
  name: "by-hand",
  about: "Worker: what the gateway promises of a proxied request, in one file, for requests without a body",
  checks: true,
  userIdSent: "7",
  promises: true,
  async start(ground, more) {
    const vars = { ORIGIN_URL: ground.origin.url, SIGNING_KEY: ground.maker("HS256").signingKey };
    const stores = await ground.stores("empty");
    const built = await ground.worker("bench/contestants/by-hand.ts");
    const served = await serveWorker(built, { vars, storesAddress: stores.address, ...more });
    return { ...served, storePids: stores.pids };
  },
};

/** The gateway of another checkout, with the settings and in the place of `contestant`. */
export const ofCheckout = (contestant: Contestant, checkout: string): Contestant => ({
  ...contestant,
  name: "before",
  about: "the gateway of the other checkout, set up alike",
  // It may be from before a promise was made.
  promises: false,
  start: (ground, more) => contestant.start(ground, { ...more, checkout }),
});

/** How the gateway is set up beside wrangler.toml. */
export interface GatewaySetUp {
  readonly algorithm?: Algorithm;
  readonly tables?: "empty" | "full";
  readonly vars?: Readonly<Record<string, unknown>> | ((ground: Ground) => Readonly<Record<string, unknown>>);
}

/** The Worker as it ships, with wrangler.toml's settings but for those given. */
export function gateway(name: string, about: string, setUp: GatewaySetUp = {}): Contestant {
  const { algorithm = "HS256", tables = "empty", vars = {} } = setUp;
  return {
    name,
    about,
    checks: true,
    userIdSent: "7",
    algorithm,
    promises: tables === "empty" && typeof vars === "object" && Object.keys(vars).length === 0,
    async start(ground, { checkout, ...more } = {}) {
      const built = await ground.worker(undefined, checkout);
      const { signingKey } = ground.maker(algorithm);
      const stores = await ground.stores(tables, checkout);
      const own = { ORIGIN_URL: ground.origin.url, SIGNING_KEY: signingKey, ALGORITHM: algorithm };
      const served = await serveWorker(built, {
        vars: { ...built.vars, ...own, ...(typeof vars === "function" ? vars(ground) : vars) },
        storesAddress: stores.address,
        ...more,
      });
      return { ...served, storePids: stores.pids };
    },
  };
}
