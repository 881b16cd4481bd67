// The kinds of load: which requests, who gets them, what a right answer is.
// Must never give two contestants of a shape different work.
import { bare, byHand, type Contestant, floor, gateway, honoJose, honoJwt } from "./contestants.ts";
import { djangoStateless, djangoUser, fastify, haproxy } from "./contestants-elsewhere.ts";
import { benchUser } from "./fill-stores.ts";
import type { Ground } from "./ground.ts";
import type { WindowPlan } from "./load/window.ts";
import { getRequest, postRequest, postTextRequest } from "./requests.ts";
import type { Algorithm } from "./tokens.ts";

/** The requests of one window. */
export type Work = Pick<WindowPlan, "requests" | "order"> & { readonly connections?: number };

export interface Wanted {
  /** How many requests there have to be, where none may be sent twice. */
  readonly count: number;
  /** What is asked for, where it is a proxied request. */
  readonly path: string;
}

export interface Shape {
  readonly name: string;
  readonly about: string;
  readonly contestants: readonly Contestant[];
  /** The status of those that check tokens; the others answer 200. */
  readonly status: number;
  work(ground: Ground, wanted: Wanted): Work;
  /** Into how many turns a round is cut, where the usual ones would be shorter than an answer. */
  readonly turns?: number;
  /** Runs beside the window. */
  beside?(contestant: Contestant): Work | undefined;
}

const TOKENS_IN_ROTATION = 64;
/** Enough for 32 connections in each of a round's turns. */
const CHAINS = 512;
const revocationOff = { ROUTES: [{ path: "/*", auth: "token", revocation: "off" }] };

const times = (count: number, make: () => string) => Array.from({ length: count }, make);

function warmWork(ground: Ground, { path }: Wanted): Work {
  const maker = ground.maker("HS256");
  return { requests: times(TOKENS_IN_ROTATION, () => getRequest(path, maker.make("access"))), order: "again" };
}

const unseen = (algorithm: Algorithm, contestants: readonly Contestant[]): Shape => ({
  name: `unseen-${algorithm.toLowerCase()}`,
  about: `${algorithm} tokens that are new to the isolate, each used once; revocation off, as in Simple JWT`,
  contestants,
  status: 200,
  work(ground, { count, path }) {
    const maker = ground.maker(algorithm);
    return { requests: times(count, () => getRequest(path, maker.make("access"))), order: "once" };
  },
});

const unseenGateway = (algorithm: Algorithm) =>
  gateway("gateway", `the gateway as shipped, ${algorithm}, revocation off`, { algorithm, vars: revocationOff });

const asShipped = gateway("gateway", "the gateway as shipped: checks tokens, cleans headers, reads KV for revocation");
const emptyAndFull = (vars: Readonly<Record<string, unknown>> = {}) => [
  gateway("gateway-empty", "the gateway as shipped, empty tables", { tables: "empty", vars }),
  gateway("gateway-full", "the gateway as shipped, full tables", { tables: "full", vars }),
];

const logging = (name: string, about: string, vars: Readonly<Record<string, unknown>>) =>
  gateway(name, about, { vars: { ...revocationOff, LOG: "off", ...vars } });

const issuersPaths = { own: "/api/own/?page=2", foreign: "/api/foreign/?page=2", reissued: "/api/reissued/?page=2" };

/** The gateway with another issuer. @param path by which the shape's work knows whose tokens it is to send */
const withIssuer = (name: string, about: string, path: string, more: Readonly<Record<string, unknown>>) => ({
  ...gateway(name, about, {
    algorithm: "RS256",
    vars: ({ foreign: { issuer, audience, jwk } }) => ({
      USER_ID_TYPE: "text",
      ISSUERS: [{ issuer, audience, keys: [jwk], ...more }],
      ROUTES: [{ path: "/*", auth: "token", issuers: ["self", issuer] }],
    }),
  }),
  path,
});

const post = (path: string, field: "token" | "refresh", kind: "access" | "refresh", order: Work["order"]) => ({
  status: 200,
  work(ground: Ground): Work {
    const maker = ground.maker("HS256");
    const count = order === "chain" ? CHAINS : TOKENS_IN_ROTATION;
    return { requests: times(count, () => postRequest(path, { [field]: maker.make(kind) })), order };
  },
});

const logins: Work = {
  requests: [postRequest("/api/token/", { username: benchUser.username, password: benchUser.password })],
  order: "again",
  connections: 2,
};

const longestBody = 64 * 1024;
/** Bodies of 64 KiB, the longest that are read, each made to cost in a way of its own; the answer to all is 400. */
const worstBodies = [
  `[${"1,".repeat(longestBody / 2 - 2)}1]`,
  "[".repeat(longestBody / 2) + "]".repeat(longestBody / 2),
  "[".repeat(longestBody),
  '{"":'.repeat(longestBody / 4),
  `{${Array.from({ length: 6000 }, (_, at) => `"a${at}":1`).join(",")}}`,
  `{"a":"${"\\\\".repeat(longestBody / 2 - 3)}`,
];

export const shapes: readonly Shape[] = [
  {
    name: "warm",
    about: "64 HS256 tokens in rotation",
    contestants: [bare, floor, asShipped, byHand, honoJose, honoJwt, fastify, djangoStateless, djangoUser, haproxy],
    status: 200,
    work: warmWork,
  },
  {
    name: "issuers",
    about: "64 RS256 tokens in rotation, of the gateway's own and of another issuer",
    contestants: [
      withIssuer("gateway-own", "its own tokens, with another issuer in ISSUERS", issuersPaths.own, {}),
      withIssuer("gateway-foreign", "the other issuer's tokens", issuersPaths.foreign, {}),
      withIssuer("gateway-reissued", "the same with reissue", issuersPaths.reissued, {
        ...{ reissue: { user_id: "idp:{sub}" }, provision: true },
      }),
    ],
    status: 200,
    work(ground, { path }) {
      const own = ground.maker("RS256");
      const make = () => (path === issuersPaths.own ? own.make("access") : ground.foreign.make());
      return { requests: times(TOKENS_IN_ROTATION, () => getRequest(path, make())), order: "again" };
    },
  },
  unseen("HS256", [bare, floor, unseenGateway("HS256"), honoJose]),
  unseen("RS256", [bare, floor, unseenGateway("RS256")]),
  unseen("ES256", [bare, floor, unseenGateway("ES256")]),
  unseen("EdDSA", [bare, floor, unseenGateway("EdDSA")]),
  {
    name: "public",
    about: "a public route, no token",
    contestants: [bare, floor, asShipped, byHand],
    status: 200,
    work: () => ({ requests: [getRequest("/api/public/notes/")], order: "again" }),
  },
  {
    name: "no-token",
    about: "a route that requires a token, without one: 401 (bare and floor forward the request)",
    contestants: [bare, floor, asShipped, byHand, honoJose, honoJwt, fastify, haproxy],
    status: 401,
    work: (_, { path }) => ({ requests: [getRequest(path)], order: "again" }),
  },
  {
    name: "bad-token",
    about: "tokens signed with another key: 401 (bare and floor forward the request)",
    contestants: [bare, floor, asShipped, byHand, honoJose, honoJwt, fastify, haproxy],
    status: 401,
    work(ground, { path }) {
      return {
        requests: times(TOKENS_IN_ROTATION, () => getRequest(path, ground.stranger.make("access"))),
        order: "again",
      };
    },
  },
  {
    name: "worst-body",
    about: "six log-ins in rotation, each with 64 KiB of JSON that is made to cost: 400",
    contestants: [asShipped],
    status: 400,
    work: () => ({ requests: worstBodies.map((text) => postTextRequest("/api/token/", text)), order: "again" }),
  },
  {
    name: "observed",
    about: "64 HS256 tokens in rotation, revocation off: what the gateway's log and headers cost",
    contestants: [
      logging("gateway-off", "LOG=off", {}),
      logging("gateway-denied", "LOG=denied, as shipped: no line for requests that pass", { LOG: "denied" }),
      logging("gateway-sampled", "LOG=all, LOG_SAMPLE=0.01", { LOG: "all", LOG_SAMPLE: 0.01 }),
      logging("gateway-all", "LOG=all: a line for each request", { LOG: "all" }),
      logging("gateway-timing", "SERVER_TIMING=true", { SERVER_TIMING: true }),
      logging("gateway-trace", "TRACE_SAMPLE=0.1", { TRACE_SAMPLE: 0.1 }),
    ],
    status: 200,
    work: warmWork,
  },
  {
    name: "tables-warm",
    about: "64 tokens in rotation, with empty and with full tables",
    contestants: emptyAndFull(),
    status: 200,
    work: warmWork,
  },
  {
    ...unseen("HS256", emptyAndFull()),
    name: "tables-unseen",
    about: "new HS256 tokens, one KV lookup each, with few and with many ids in KV",
  },
  {
    name: "tables-user",
    about: 'a route with auth = "user", which reads the user from D1',
    contestants: emptyAndFull({ ROUTES: [{ path: "/*", auth: "user" }] }),
    turns: 1,
    status: 200,
    work: warmWork,
  },
  {
    name: "tables-refresh",
    about: "refresh with rotation and blacklisting, each connection with its latest token",
    contestants: emptyAndFull(),
    turns: 1,
    ...post("/api/token/refresh/", "refresh", "refresh", "chain"),
  },
  {
    name: "tables-verify",
    about: "verify of 64 access tokens",
    contestants: emptyAndFull(),
    turns: 1,
    ...post("/api/token/verify/", "token", "access", "again"),
  },
  {
    name: "tables-obtain",
    about: "log-in with Django's scrypt, 8 at a time",
    contestants: emptyAndFull(),
    status: 200,
    turns: 1,
    work: () => ({ ...logins, connections: 8 }),
  },
  {
    name: "login-storm",
    about: "64 tokens in rotation; with log-ins: two clients log in as fast as they get responses, in the same isolate",
    contestants: [gateway("gateway-calm", "without log-ins"), gateway("gateway-storm", "with log-ins")],
    status: 200,
    turns: 1,
    work: warmWork,
    beside: ({ name }) => (name === "gateway-storm" ? logins : undefined),
  },
];

/** @throws where there is none of that name */
export function shapeNamed(name: string): Shape {
  const found = shapes.find((shape) => shape.name === name);
  if (found === undefined) throw new Error(`there is no shape ${name}`);
  return found;
}
