// Requests that are refused never reach the origin: its own count proves it.
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startDemoOrigin, startGateway } from "../support/gateway-over-http.ts";

const key = "over-http-tests-only-over-http-tests-only-0123456789";
const now = Math.floor(Date.now() / 1000);
const goodClaims = {
  token_type: "access",
  exp: now + 300,
  iat: now,
  jti: "0123456789abcdef0123456789abcdef",
  user_id: "7",
};

/** A token made by Node, not by the code under test. */
function token(claims: object, { alg = "HS256", secret = key } = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${part({ alg, typ: "JWT" })}.${part(claims)}`;
  const signature = alg === "none" ? "" : createHmac("sha256", secret).update(input).digest("base64url");
  return `${input}.${signature}`;
}

let origin: Awaited<ReturnType<typeof startDemoOrigin>>;
let gateway: Gateway;
beforeAll(async () => {
  origin = await startDemoOrigin();
  gateway = await startGateway({ ORIGIN_URL: origin.url, ROUTES: [{ path: "/api/notes/*", auth: "token" }] });
});
afterAll(async () => {
  await gateway.close();
  await origin.close();
});

describe("a request to a protected route", () => {
  it("reaches the origin with a good token", async () => {
    const before = await origin.requests();
    expect((await gateway.get("/api/notes/", token(goodClaims))).status).toBe(200);
    expect(await origin.requests()).toBe(before + 1);
  });
  it.each([
    ["no token", undefined, "Authentication credentials were not provided."],
    ["a token of another key", token(goodClaims, { secret: "x".repeat(64) }), "Token is invalid"],
    ["a token without a signature", token(goodClaims, { alg: "none" }), "Token is invalid"],
    ["an expired token", token({ ...goodClaims, exp: now - 60 }), "Token is expired"],
    ["a token from tomorrow", token({ ...goodClaims, iat: now + 86_400 }), "Token is invalid"],
    ["a refresh token", token({ ...goodClaims, token_type: "refresh" }), "Token has wrong type"],
    ["a token without an id", token({ ...goodClaims, jti: undefined }), "Token has no id"],
    ["a token without an end", token({ ...goodClaims, exp: undefined }), "Token has no 'exp' claim"],
    ["a token of nobody", token({ ...goodClaims, user_id: undefined }), "no recognizable user identification"],
    ["what is no token", "not-a-token", "Token is invalid"],
  ])("does not reach the origin with %s", async (_what, presented, says) => {
    const before = await origin.requests();
    const response = await gateway.get("/api/notes/", presented);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain(says);
    expect(await origin.requests()).toBe(before);
  });
  it("does not reach the origin with a header that has three parts", async () => {
    const before = await origin.requests();
    const response = await gateway.get("/api/notes/", undefined, { authorization: `Bearer ${token(goodClaims)} x` });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      detail: "Authorization header must contain two space-delimited values",
      code: "bad_authorization_header",
    });
    expect(await origin.requests()).toBe(before);
  });
  it("does not reach the origin by a path that could be read two ways, nor by one that no rule names", async () => {
    const before = await origin.requests();
    const ambiguous = await gateway.get("/api/notes%2f1/", token(goodClaims));
    expect([ambiguous.status, await ambiguous.json()]).toEqual([400, { detail: "Malformed request." }]);
    const unknown = await gateway.get("/api/other/", token(goodClaims));
    expect([unknown.status, await unknown.json()]).toEqual([404, { detail: "Not found." }]);
    expect(await origin.requests()).toBe(before);
  });
});
