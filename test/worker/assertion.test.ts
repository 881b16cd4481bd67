// X-Gateway-Assertion as the origin receives it, checked with node:crypto and the published keys, never with our code.
import { createHmac, createPublicKey, generateKeyPairSync, verify as verifyWith } from "node:crypto";
import { createServer, type IncomingMessage, type Server, request as sendRaw } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimsIn, craft, headerIn } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";

const SIGNING_KEY = "over-http-tests-only-over-http-tests-only-0123456789";
const ASSERTION_KEY = "shared-with-the-origin-and-nobody-else";
const ROUTES = [
  { path: "/open/*", auth: "public" },
  { path: "/maybe/*", auth: "optional" },
  { path: "/member/*", auth: "user" },
  { path: "/*", auth: "token" },
];

/** Answers with the raw header lines that came. */
const server: Server = createServer((incoming, response) => {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(incoming.rawHeaders));
});
let origin = "";
beforeAll(async () => {
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

type Lines = ReadonlyArray<readonly [name: string, value: string]>;

async function linesOf(response: Response): Promise<Lines> {
  const flat = (await response.json()) as string[];
  return flat.flatMap((name, at): Lines => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""]] : []));
}

/** Every line that a server could take for the assertion. */
const assertionsIn = (lines: Lines) =>
  lines.filter(([name]) => /^x[^a-z0-9]gateway[^a-z0-9]assertion$/i.test(name)).map(([, value]) => value);
const headerOf = (lines: Lines, wanted: string) => lines.find(([name]) => name.toLowerCase() === wanted)?.[1];

async function login(gateway: Gateway): Promise<string> {
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  const answer = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  return ((await answer.json()) as { access: string }).access;
}

describe("with a secret that gateway and origin share", () => {
  let gateway: Gateway;
  let access: string;
  beforeAll(async () => {
    gateway = await startGateway({
      ORIGIN_URL: `${origin}/base/`,
      ASSERTION: true,
      ASSERTION_KEY,
      ASSERTION_CLAIMS: ["user_id", "groups", "missing"],
      IDENTITY_HEADERS: {
        "X-User-Id": "user_id",
        "X-Groups": "groups",
        "X-Groups-Json": "json:groups",
        "X-Long": "long",
      },
      ROUTES,
    });
    access = await login(gateway);
  });
  afterAll(() => gateway.close());

  const nowSeconds = () => Math.floor(Date.now() / 1000);
  const tokenWith = (more: object) =>
    craft({
      secret: SIGNING_KEY,
      claims: {
        ...{ token_type: "access", exp: nowSeconds() + 300, iat: nowSeconds(), jti: "b2", user_id: "7" },
        ...more,
      },
    });

  it("the origin gets a statement for a minute, for itself alone, on this request", async () => {
    const lines = await linesOf(await gateway.get("/x", tokenWith({ groups: ["a", "b"] })));
    const [assertion = "", ...others] = assertionsIn(lines);
    const text = assertion.slice(0, assertion.lastIndexOf("."));
    expect(others).toEqual([]);
    expect(createHmac("sha256", ASSERTION_KEY).update(text).digest("base64url")).toBe(assertion.slice(text.length + 1));
    expect(headerIn(assertion)).toEqual({ alg: "HS256", typ: "gateway-assertion+jwt" });
    const { iat, exp, ...claims } = claimsIn(assertion);
    expect(claims).toEqual({
      ...{ user_id: "7", groups: ["a", "b"] },
      ...{ iss: "simplejwt-edge", aud: origin, sub: "7", request_id: headerOf(lines, "x-request-id") },
    });
    expect(Number(exp) - Number(iat)).toBe(60);
    expect(Math.abs(Number(iat) - nowSeconds())).toBeLessThan(30);
  });

  const spellings = ["X-Gateway-Assertion", "x_gateway_assertion", "X.Gateway.Assertion", "X-Gateway_Assertion"];
  const forged = Object.fromEntries(spellings.map((name) => [name, "eyJmb3JnZWQ"]));

  it.each(["/open/x", "/maybe/x"])("a client's own never arrives on %s, and anonymity is not signed", async (path) => {
    const named = { ...forged, connection: "keep-alive, X-Gateway-Assertion" };
    expect(assertionsIn(await linesOf(await gateway.get(path, undefined, named)))).toEqual([]);
  });

  it.each(["/x", "/maybe/x", "/member/x"])("a client's own is replaced on %s, in every spelling", async (path) => {
    const assertions = assertionsIn(await linesOf(await gateway.get(path, access, forged)));
    expect(assertions.map((one) => claimsIn(one).sub)).toEqual(["7"]);
  });

  it("on a public route a token is not looked at, and signs nothing", async () => {
    expect(assertionsIn(await linesOf(await gateway.get("/open/x", access)))).toEqual([]);
  });

  it("the statement that an origin got opens nothing when a client presents it", async () => {
    const [assertion = ""] = assertionsIn(await linesOf(await gateway.get("/x", access)));
    const refused = await gateway.get("/x", assertion);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([401, "token_not_valid"]);
    expect((await gateway.get("/maybe/x", assertion)).status).toBe(401);
    expect((await gateway.post("/api/token/verify/", { token: assertion })).status).toBe(401);
  });

  it("lists arrive so that they can be taken apart, joined and as JSON", async () => {
    const lines = await linesOf(await gateway.get("/x", tokenWith({ groups: ["a,b", "c", "é"] })));
    expect(headerOf(lines, "x-groups")).toBe("a%2Cb,c,%C3%A9");
    expect(decodeURIComponent(headerOf(lines, "x-groups-json") ?? "")).toBe('["a,b","c","é"]');
  });

  it.each([
    ["a header", { long: "x".repeat(4097) }],
    ["the statement", { groups: ["x".repeat(3500)] }],
  ])("claims that are too large for %s are refused, and nothing reaches the origin", async (_, more) => {
    const answer = await gateway.get("/x", tokenWith(more));
    expect([answer.status, await answer.json()]).toEqual([431, { detail: "Request header fields are too large." }]);
  });

  describe("several tokens in one request:", () => {
    const ask = (path: string, authorization: readonly string[]) =>
      new Promise<IncomingMessage>((done, failed) => {
        const raw = ["Host", gateway.url.host, ...authorization.flatMap((value) => ["Authorization", value])];
        sendRaw(new URL(path, gateway.url).href, { headers: raw as unknown as Record<string, string> }, (answer) => {
          answer.resume();
          done(answer);
        })
          .on("error", failed)
          .end();
      });

    it("one Authorization header is let through, as it is sent here", async () => {
      expect((await ask("/x", [`Bearer ${access}`])).statusCode).toBe(200);
    });

    it.each(["/x", "/maybe/x", "/member/x"])("two are refused on %s, even the same token twice", async (path) => {
      expect((await ask(path, [`Bearer ${access}`, `Bearer ${access}`])).statusCode).toBe(401);
      expect((await ask(path, [`Bearer ${access}`, "Basic YTpi"])).statusCode).toBe(401);
    });

    it("a second one behind another scheme does not open a route", async () => {
      expect((await ask("/x", ["Basic YTpi", `Bearer ${access}`])).statusCode).toBe(401);
    });
  });
});

describe("with an asymmetric key", () => {
  it("the origin checks it with the key of /.well-known/jwks.json, and it opens nothing at the gateway", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const gateway = await startGateway({
      ORIGIN_URL: origin,
      ALGORITHM: "ES256",
      SIGNING_KEY: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
      ASSERTION: true,
      ISSUER: "https://auth.example",
      ROUTES,
    });
    try {
      const access = await login(gateway);
      const [assertion = ""] = assertionsIn(await linesOf(await gateway.get("/x", access)));
      const set = (await (await gateway.get("/.well-known/jwks.json")).json()) as { keys: Record<string, string>[] };
      const key = createPublicKey({ key: set.keys[0] ?? {}, format: "jwk" });
      const end = assertion.lastIndexOf(".");
      const signature = Buffer.from(assertion.slice(end + 1), "base64url");
      const text = Buffer.from(assertion.slice(0, end));
      expect(verifyWith("sha256", text, { key, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
      expect(headerIn(assertion)).toMatchObject({ alg: "ES256", typ: "gateway-assertion+jwt" });
      expect(claimsIn(assertion)).toMatchObject({ iss: "https://auth.example", aud: origin, sub: "7" });
      expect((await gateway.get("/x", assertion)).status).toBe(401);
      expect((await gateway.post("/api/token/verify/", { token: assertion })).status).toBe(401);
    } finally {
      await gateway.close();
    }
  });
});
