// A gateway with ASSERTION in front of an origin that checks it, and all that the origin has to take and to refuse.
// Must never stub either side: the origin is a process of its own that runs the files of docs/securing-your-origin.md.
import { deepEqual, equal } from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, sign as signWith } from "node:crypto";
import { freePort } from "../../scripts/start/ports.ts";
import { base64url, craft } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type OriginProcess, startOriginProcess } from "./origin-process.ts";

const ASSERTION_KEY = "shared-with-the-origin-and-nobody-else";
const OTHER_KEY = "a-key-that-the-origin-has-never-seen";

/** What the origin's process is told of the gateway, in its environment. */
interface Told {
  readonly GATEWAY_ALGORITHM: string;
  readonly GATEWAY_KEY: string;
  readonly GATEWAY_JWKS_URL?: string;
}

type Claims = Readonly<Record<string, unknown>>;
type Sign = (claims: Claims, typ?: string) => string;

/** A key that both sides know, or a key pair. */
interface Agreement {
  readonly vars: Readonly<Record<string, unknown>>;
  /** As the gateway signs; whoever can do that is the gateway. */
  readonly sign: Sign;
  told(gateway: Gateway): Told;
  /** What only a key confusion would take. */
  readonly confused: Sign;
}

/** @param byUrl the origin fetches the public key from the gateway; else it is told a PEM */
export function agreementOn(algorithm: "HS256" | "RS256", byUrl = false): Agreement {
  const hmac = (secret: string) => (claims: Claims, typ?: string) =>
    craft({ header: { alg: "HS256", ...(typ === undefined ? {} : { typ }) }, claims, secret });
  if (algorithm === "HS256") {
    return {
      vars: { ASSERTION_KEY },
      sign: hmac(ASSERTION_KEY),
      told: () => ({ GATEWAY_ALGORITHM: "HS256", GATEWAY_KEY: ASSERTION_KEY }),
      confused: hmac(OTHER_KEY),
    };
  }
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = createPublicKey(privateKey).export({ format: "pem", type: "spki" }).toString();
  return {
    vars: { ALGORITHM: "RS256", SIGNING_KEY: privateKey.export({ format: "pem", type: "pkcs8" }).toString() },
    sign: (claims, typ) => {
      const text = `${base64url(JSON.stringify({ alg: "RS256", typ }))}.${base64url(JSON.stringify(claims))}`;
      return `${text}.${signWith("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
    },
    told: (gateway) => ({
      GATEWAY_ALGORITHM: "RS256",
      GATEWAY_KEY: byUrl ? "" : pem,
      ...(byUrl ? { GATEWAY_JWKS_URL: new URL("/.well-known/jwks.json", gateway.url).href } : {}),
    }),
    confused: hmac(pem),
  };
}

/** A gateway and an origin that know each other, with somebody logged in. */
export interface Meeting {
  readonly gateway: Gateway;
  readonly originUrl: string;
  readonly access: string;
  end(): Promise<void>;
}

/** @param command the origin's program with its arguments; it listens on the PORT of its environment */
export async function meet(agreement: Agreement, command: readonly string[]): Promise<Meeting> {
  const port = await freePort();
  const originUrl = `http://127.0.0.1:${port}`;
  const gateway = await startGateway({
    ...{ ORIGIN_URL: originUrl, ASSERTION: true, ...agreement.vars },
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/*", auth: "token" },
    ],
  });
  const env = { PORT: String(port), GATEWAY_AUDIENCE: originUrl, ...agreement.told(gateway) };
  let origin: OriginProcess | undefined;
  const end = async () => {
    await origin?.stop();
    await gateway.close();
  };
  try {
    origin = await startOriginProcess(command, env, `${originUrl}/open/`);
    await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
    const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
    return { gateway, originUrl, access: ((await login.json()) as { access: string }).access, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Two that have met, and how one of them signs. */
interface Ground {
  readonly agreement: Agreement;
  readonly meeting: Meeting;
}

const typ = "gateway-assertion+jwt";
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** What the gateway would say. */
const good = ({ meeting }: Ground) => ({
  ...{ iss: "simplejwt-edge", aud: meeting.originUrl, sub: "7", request_id: "r-1" },
  ...{ iat: inSeconds(0), exp: inSeconds(60) },
});

const without = (ground: Ground, name: string): Claims =>
  Object.fromEntries(Object.entries(good(ground)).filter(([one]) => one !== name));

/** A request past the gateway. */
const direct = ({ meeting }: Ground, assertion: string | undefined) =>
  fetch(new URL("/me", meeting.originUrl), {
    headers: { "x-user-id": "1", ...(assertion === undefined ? {} : { "x-gateway-assertion": assertion }) },
  });

type Forge = (ground: Ground) => string;
/** A good one with other claims. */
const changed =
  (change: () => Claims): Forge =>
  (ground) =>
    ground.agreement.sign({ ...good(ground), ...change() }, typ);

const forgeries: ReadonlyArray<readonly [name: string, forge: Forge]> = [
  ["an empty assertion", () => ""],
  ["what is no token at all", () => "forged"],
  [
    "an unsigned one",
    (ground) => `${base64url(JSON.stringify({ alg: "none", typ }))}.${base64url(JSON.stringify(good(ground)))}.`,
  ],
  ["one signed with another kind of key", (ground) => ground.agreement.confused(good(ground), typ)],
  ["one whose signature is cut off", (ground) => ground.agreement.sign(good(ground), typ).replace(/[^.]*$/, "")],
  ["one for another origin", changed(() => ({ aud: "https://api.example.com" }))],
  ["one of another issuer", changed(() => ({ iss: "https://auth.example" }))],
  ["one that has expired", changed(() => ({ iat: inSeconds(-120), exp: inSeconds(-60) }))],
  ...["iss", "aud", "sub", "iat", "exp"].map(
    (name) => [`one without ${name}`, (ground: Ground) => ground.agreement.sign(without(ground, name), typ)] as const,
  ),
  ["an access token of the gateway's", ({ meeting }) => meeting.access],
  ["a token of another kind that says the same", (ground) => ground.agreement.sign(good(ground), "JWT")],
  ["a token of no kind that says the same", (ground) => ground.agreement.sign(good(ground))],
];

/** What holds for every such origin. */
export const sentences: ReadonlyArray<readonly [sentence: string, prove: (ground: Ground) => Promise<void>]> = [
  [
    "knows who is calling through the gateway",
    async ({ meeting: { gateway, access, originUrl } }) => {
      const answer = await gateway.get("/me", access);
      const { caller } = (await answer.json()) as { caller: Claims };
      deepEqual([answer.status, caller.sub, caller.aud, caller.iss], [200, "7", originUrl, "simplejwt-edge"]);
    },
  ],
  [
    "takes a good assertion as such, wherever it comes from",
    async (ground) => equal((await direct(ground, ground.agreement.sign(good(ground), typ))).status, 200),
  ],
  [
    "knows nobody on a public route, whatever the client claims",
    async (ground) => {
      const headers = { "x-user-id": "1", "x-gateway-assertion": ground.agreement.sign(good(ground), typ) };
      const answer = await ground.meeting.gateway.get("/open/x", undefined, headers);
      deepEqual([answer.status, await answer.json()], [200, { caller: null }]);
    },
  ],
  [
    "believes no X-User-Id of somebody who went past the gateway",
    async (ground) => equal((await direct(ground, undefined)).status, 401),
  ],
  ...forgeries.map(
    ([name, forge]) =>
      [`refuses ${name}`, async (ground: Ground) => equal((await direct(ground, forge(ground))).status, 401)] as const,
  ),
];
