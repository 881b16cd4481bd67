// Tokens used for what they were not made for (research 3.2), with one asymmetric key behind all of them.
import { generateKeyPairSync, sign } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { keyToken, nowSeconds, refusedBody, refusedToken } from "./made-tokens.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const person = { username: "ada", password: "correct horse" };

let origin: RecordingOrigin;
let gateway: Gateway;
let tokens: { readonly access: string; readonly refresh: string; readonly sliding: string; readonly assertion: string };
beforeAll(async () => {
  origin = await startRecordingOrigin();
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    ALGORITHM: "ES256",
    SIGNING_KEY: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    ASSERTION: true,
    AUDIENCE: "https://api-a.example",
    ISSUER: "https://auth.example",
    TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding"],
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/maybe/*", auth: "optional" },
      { path: "/member/*", auth: "user" },
      { path: "/*", auth: "token" },
    ],
  });
  await gateway.addUser({ id: 7, ...person });
  const given = async (path: string) => (await gateway.post(path, person)).json();
  const pair = (await given("/api/token/")) as { readonly access: string; readonly refresh: string };
  const { token: sliding } = (await given("/api/token/sliding/")) as { readonly token: string };
  await gateway.get("/notes/", pair.access);
  const [assertion = ""] = origin.taken().flatMap((one) => everySpelling(one, "x-gateway-assertion"));
  tokens = { ...pair, sliding, assertion };
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

const protectedRoutes = ["/notes/", "/maybe/x", "/member/x"];

/** A good token of this gateway, but for what is given. */
const made = (claims: Readonly<Record<string, unknown>> = {}, header: object = { alg: "ES256", typ: "JWT" }) =>
  keyToken(privateKey, header as Record<string, unknown>, {
    claims: { aud: "https://api-a.example", iss: "https://auth.example", ...claims },
  });

async function atRoutes(token: string) {
  const answers: unknown[] = [];
  for (const path of protectedRoutes) {
    const answer = await gateway.get(path, token);
    answers.push([answer.status, await answer.text()]);
  }
  return { answers, received: origin.taken().length };
}
const refusedEverywhere = (message?: string) => ({
  answers: protectedRoutes.map(() => [401, refusedToken(message)]),
  received: 0,
});

async function atEndpoint(path: string, body: object) {
  const answer = await gateway.post(path, body);
  return [answer.status, await answer.text()];
}

it("an access token opens the routes, a token made here too", async () => {
  for (const token of [tokens.access, made()]) {
    expect(await atRoutes(token)).toEqual({ answers: protectedRoutes.map(() => [200, "{}"]), received: 3 });
  }
});

describe("a token of another kind:", () => {
  it("a refresh token opens no route", async () => {
    expect(await atRoutes(tokens.refresh)).toEqual(refusedEverywhere("Token has wrong type"));
  });
  it("a sliding token opens no route where AUTH_TOKEN_CLASSES does not have its class", async () => {
    expect(await atRoutes(tokens.sliding)).toEqual(refusedEverywhere("Token has wrong type"));
  });
  it.each(["access", "sliding"] as const)("an %s token refreshes nothing and logs nobody out", async (kind) => {
    const refused = [401, refusedBody("Token has wrong type")];
    expect(await atEndpoint("/api/token/refresh/", { refresh: tokens[kind] })).toEqual(refused);
    expect(await atEndpoint("/api/token/blacklist/", { refresh: tokens[kind] })).toEqual(refused);
  });
  it.each(["access", "refresh"] as const)("an %s token does not slide", async (kind) => {
    const refused = [401, refusedBody("Token has wrong type")];
    expect(await atEndpoint("/api/token/sliding/refresh/", { token: tokens[kind] })).toEqual(refused);
  });
  it.each(["Access", "access ", ["access"], true, null, "", "untyped"])("type %j opens no route", async (type) => {
    expect(await atRoutes(made({ token_type: type }))).toEqual(refusedEverywhere("Token has wrong type"));
  });
});

describe("CVE-2024-47616 (Pomerium: a token for one service is taken by another):", () => {
  it("the statement that the origin got opens nothing, though the same key signed it", async () => {
    expect(tokens.assertion.split(".")).toHaveLength(3);
    expect(await atRoutes(tokens.assertion)).toEqual(refusedEverywhere());
    for (const path of ["verify", "refresh", "blacklist", "sliding/refresh"]) {
      const body = { token: tokens.assertion, refresh: tokens.assertion };
      expect(await atEndpoint(`/api/token/${path}/`, body)).toEqual([401, refusedBody()]);
    }
  });
  it("nor would it if it had all the claims of an access token", async () => {
    const token = made({}, { alg: "ES256", typ: "gateway-assertion+jwt" });
    expect(await atRoutes(token)).toEqual(refusedEverywhere());
  });
  it.each([
    ["another audience", { aud: "https://api-b.example" }],
    ["a list of others", { aud: ["https://api-b.example", ""] }],
    ["an audience that begins with ours", { aud: "https://api-a.example.evil" }],
    ["no audience", { aud: undefined }],
    ["another issuer", { iss: "https://auth.example/" }],
    ["no issuer", { iss: undefined }],
  ])("%s opens no route", async (_what, claims) => {
    expect(await atRoutes(made(claims))).toEqual(refusedEverywhere());
  });
});

describe("a claim that is missing or says nothing:", () => {
  it.each([
    ["jti", { jti: undefined }, "Token has no id"],
    ["exp", { exp: undefined }, "Token has no 'exp' claim"],
    ["token_type", { token_type: undefined }, "Token has no type"],
    ["exp in the past", { exp: nowSeconds() - 1 }, "Token is expired"],
    ["exp as a text of the past", { exp: String(nowSeconds() - 1) }, "Token is expired"],
    ["exp as null", { exp: null }, "Token is invalid"],
    ["exp as a far number", { exp: 1e300 }, "Token is invalid"],
    ["nbf ahead", { nbf: nowSeconds() + 600 }, "Token is invalid"],
    ["iat ahead", { iat: nowSeconds() + 600 }, "Token is invalid"],
    ["jti that is no text", { jti: 7 }, "Token is invalid"],
  ])("%s", async (_what, claims, message) => {
    expect(await atRoutes(made(claims))).toEqual(refusedEverywhere(message));
  });
  it("the user's", async () => {
    const detail = "Token contained no recognizable user identification";
    const refused = [401, JSON.stringify({ detail, code: "token_not_valid" })];
    expect(await atRoutes(made({ user_id: undefined }))).toEqual({ answers: Array(3).fill(refused), received: 0 });
  });
  it("a refresh token without one is refused at refresh, in Simple JWT's words", async () => {
    const fate = (claims: object) => {
      const refresh = made({ token_type: "refresh", ...claims });
      return atEndpoint("/api/token/refresh/", { refresh });
    };
    expect(await fate({ jti: undefined })).toEqual([401, refusedBody("Token has no id")]);
    expect(await fate({ exp: undefined })).toEqual([401, refusedBody("Token has no 'exp' claim")]);
    expect(await fate({ token_type: undefined })).toEqual([401, refusedBody("Token has no type")]);
    expect((await fate({}))[0]).toBe(200);
  });
  it("payloads that are no object are refused", async () => {
    const [head] = made().split(".");
    for (const payload of ["null", "[]", "7", '"x"', "", "{"]) {
      const text = `${head}.${Buffer.from(payload).toString("base64url")}`;
      const signature = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
      expect(await atRoutes(`${text}.${signature.toString("base64url")}`)).toEqual(refusedEverywhere());
    }
  });
});
