// Accounts (research 3.9): closed ones stay out at every door, none can be found out, no password stops the gateway.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { declaredBody } from "./declared-body.ts";
import { type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const password = "correct horse";
const longest = "p".repeat(4096);
const failed = '{"detail":"No active account found with the given credentials"}';
const noAccount = '{"detail":"No active account found for the given token."}';

let origin: RecordingOrigin;
let gateway: Gateway;
beforeAll(async () => {
  origin = await startRecordingOrigin();
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    CHECK_REVOKE_TOKEN: true,
    AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken"],
    TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding"],
    ROUTES: [{ path: "/*", auth: "user" }],
  });
  await gateway.addUser({ id: 1, username: "ada", password });
  await gateway.addUser({ id: 2, username: "closed", password });
  await gateway.addUser({ id: 3, username: "unusable", password });
  await gateway.addUser({ id: 4, username: "long", password: longest });
  await gateway.addUser({ id: 5, username: "longer", password: `${longest}p` });
  await gateway.addUser({ id: 6, username: "gone", password });
  await gateway.addUser({ id: 8, username: "changed", password });
  await gateway.env.DB.exec("UPDATE users SET password = '!q9rQ8xV0sN1mZ3cU5tY7wP2kL4jH6gF8dS0aXvB' WHERE id = 3");
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

async function post(path: string, body: object) {
  const answer = await gateway.post(`/api/token/${path}`, body);
  return [answer.status, await answer.text()];
}
/** A pair, a sliding token, and what becomes of the person meanwhile. */
async function tokensOf(username: string, meanwhile: string) {
  const given = async (path: string) => (await gateway.post(path, { username, password })).json();
  const pair = (await given("/api/token/")) as { readonly access: string; readonly refresh: string };
  const { token: sliding } = (await given("/api/token/sliding/")) as { readonly token: string };
  expect([(await gateway.get("/x", pair.access)).status, origin.taken().length]).toEqual([200, 1]);
  await gateway.env.DB.exec(meanwhile);
  return { ...pair, sliding };
}
async function atRoute(token: string) {
  const answer = await gateway.get("/x", token);
  return [answer.status, await answer.text(), origin.taken().length];
}

describe("CVE-2024-22513 (Simple JWT: a closed account's tokens go on):", () => {
  it("nothing of it passes: log-in, refresh, sliding, routes", async () => {
    const { access, refresh, sliding } = await tokensOf("closed", "UPDATE users SET is_active = 0 WHERE id = 2");
    const inactive = [401, '{"detail":"User is inactive","code":"user_inactive"}', 0];
    expect(await post("", { username: "closed", password })).toEqual([401, failed]);
    expect(await post("sliding/", { username: "closed", password })).toEqual([401, failed]);
    expect(await post("refresh/", { refresh })).toEqual([401, noAccount]);
    expect(await post("sliding/refresh/", { token: sliding })).toEqual([401, noAccount]);
    expect([await atRoute(access), await atRoute(sliding)]).toEqual([inactive, inactive]);
  });
  it("an account that is deleted likewise", async () => {
    const { access, refresh, sliding } = await tokensOf("gone", "DELETE FROM users WHERE id = 6");
    expect(await post("refresh/", { refresh })).toEqual([401, noAccount]);
    expect(await post("sliding/refresh/", { token: sliding })).toEqual([401, noAccount]);
    const notFound = [401, '{"detail":"User not found","code":"user_not_found"}', 0];
    expect([await atRoute(access), await atRoute(sliding)]).toEqual([notFound, notFound]);
  });
  it("a changed password ends what was made for the old one", async () => {
    const { access, refresh } = await tokensOf(
      "changed",
      "UPDATE users SET password = (SELECT password FROM users WHERE id = 4) WHERE id = 8",
    );
    const changed = "The user's password has been changed.";
    expect(await post("refresh/", { refresh })).toEqual([401, JSON.stringify({ detail: changed })]);
    const refused = [401, JSON.stringify({ detail: changed, code: "password_changed" }), 0];
    expect(await atRoute(access)).toEqual(refused);
    expect((await post("refresh/", { refresh }))[1]).toContain("Token is blacklisted");
  });
});

describe("CVE-2024-39329, CVE-2025-13473, Django ticket 20760 (finding accounts out):", () => {
  it.each([
    ["unknown", "nobody", password],
    ["wrong", "ada", "wrong"],
    ["inactive, with the right password", "closed", password],
    ["unusable", "unusable", password],
    ["a capital more", "Ada", password],
    ["SQL in its name", "ada' --", password],
    ["a name of 60,000 letters", "a".repeat(60_000), password],
  ])("%s: the same status, body and headers as any other", async (_what, username, tried) => {
    const headersOf = ({ headers }: Response) =>
      [...headers].filter(([name]) => name !== "x-request-id" && name !== "date");
    const answer = await gateway.post("/api/token/", { username, password: tried });
    const nobody = await gateway.post("/api/token/", { username: "nobody at all", password });
    expect([answer.status, await answer.text()]).toEqual([401, failed]);
    expect(headersOf(answer)).toEqual(headersOf(nobody));
  });
});

describe("CVE-2013-1443 (Django: a long password keeps the server busy):", () => {
  it("4,096 bytes are hashed, 4,097 are not: not even the right ones get in", async () => {
    expect((await post("", { username: "long", password: longest }))[0]).toBe(200);
    expect(await post("", { username: "longer", password: `${longest}p` })).toEqual([401, failed]);
    expect(await post("", { username: "long", password: "é".repeat(2049) })).toEqual([401, failed]);
  });
  it("a body of 5 MB is refused before it is read", async () => {
    const answer = await declaredBody(gateway.url.host, "/api/token/", 5_000_000);
    expect(answer).toEqual([413, '{"detail":"Request body is too large."}']);
  });
});
