// Requests whose client goes away in the middle: what they had begun must not hold up the requests of others.
import { generateKeyPairSync } from "node:crypto";
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { openSocket } from "../support/sockets.ts";
import { keyToken } from "./made-tokens.ts";
import { abortHeader, aheadHeader, gaveUp, withAbortingCaller, withMovedClock } from "./moved-clock.ts";
import { type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const keys = ["good", "next"].map((kid) => ({ ...pair.publicKey.export({ format: "jwk" }), kid }));
const token = (kid: string) =>
  keyToken(pair.privateKey, { alg: "RS256", typ: "JWT", kid }, { claims: { exp: 4_000_000_000 } });

let origin: RecordingOrigin;
let source: HttpOrigin;
/** How the source of the keys answers each request in turn; the last stands for all that follow. */
let answers: Array<(response: ServerResponse) => void> = [];
let asked = 0;
const gateways: Gateway[] = [];

const set = (response: ServerResponse) => void response.end(JSON.stringify({ keys }));
const never = () => {};
const headersOnly = (response: ServerResponse) => void response.write(" ");

beforeAll(async () => {
  origin = await startRecordingOrigin();
  source = await startOrigin((_, response) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? set;
    asked += 1;
    answer(response);
  });
});
beforeEach(() => {
  answers = [set];
  asked = 0;
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  origin.close();
  source.close();
});

async function started(): Promise<Gateway> {
  const gateway = await startGateway(
    {
      ORIGIN_URL: origin.url,
      ROUTES: [{ path: "/*", auth: "token", revocation: "off" }],
      ALGORITHM: "RS256",
      SIGNING_KEY: pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
      JWK_URL: `${source.url}/jwks`,
    },
    { surrounded: (script) => withAbortingCaller(withMovedClock(script)), boundToItself: true },
  );
  gateways.push(gateway);
  return gateway;
}

const statusOf = async (gateway: Gateway, kid: string, headers: Readonly<Record<string, string>> = {}) =>
  (await gateway.get("/notes/", token(kid), headers)).status;

/** A request whose socket is destroyed as soon as the source was asked for it. */
async function brokenOff(gateway: Gateway, kid: string): Promise<void> {
  const before = asked;
  const socket = openSocket(gateway.url.host);
  socket.write(`GET /notes/ HTTP/1.1\r\nHost: ${gateway.url.host}\r\nAuthorization: Bearer ${token(kid)}\r\n\r\n`);
  while (asked === before) await new Promise((done) => setTimeout(done, 10));
  socket.destroy();
}

describe("a request that is given up while it fetches the keys of JWK_URL holds nobody up:", () => {
  it.each([
    ["answers at last", (response: ServerResponse) => void setTimeout(() => set(response), 600)],
    ["never answers", never],
    ["never gets to the end of its answer", headersOnly],
  ])("an aborted call by a service binding, the first of the isolate, whose source %s", async (_what, first) => {
    const gateway = await started();
    answers = [first, set];
    expect(await statusOf(gateway, "good", { [abortHeader]: "200" })).toBe(gaveUp);
    const later = Array.from({ length: 5 }, () => statusOf(gateway, "good"));
    expect(await Promise.all(later)).toEqual([200, 200, 200, 200, 200]);
    expect(await statusOf(gateway, "next")).toBe(200);
  });

  it("a call with a made-up kid, which is aborted while the keys are warm", async () => {
    const gateway = await started();
    expect(await statusOf(gateway, "good")).toBe(200);
    answers = [set, never, set];
    expect(await statusOf(gateway, "made-up", { [abortHeader]: "200" })).toBe(gaveUp);
    expect(await statusOf(gateway, "good")).toBe(200);
    // The keys are old now: they are fetched again.
    expect(await statusOf(gateway, "good", { [aheadHeader]: "400" })).toBe(200);
    expect(await statusOf(gateway, "next", { [aheadHeader]: "400" })).toBe(200);
  });

  it("a call that is aborted while it renews keys that are old", async () => {
    const gateway = await started();
    expect(await statusOf(gateway, "good")).toBe(200);
    answers = [set, never, set];
    expect(await statusOf(gateway, "good", { [abortHeader]: "200", [aheadHeader]: "400" })).toBe(gaveUp);
    const later = Array.from({ length: 5 }, () => statusOf(gateway, "good", { [aheadHeader]: "401" }));
    expect(await Promise.all(later)).toEqual([200, 200, 200, 200, 200]);
    expect(await statusOf(gateway, "next", { [aheadHeader]: "410" })).toBe(200);
  });

  it("a client whose connection breaks", async () => {
    const gateway = await started();
    answers = [never, set];
    await brokenOff(gateway, "good");
    expect(await statusOf(gateway, "good")).toBe(200);
    expect(await statusOf(gateway, "next")).toBe(200);
  });
});
