// Requests and response headers in the API's name: forged, sent again, to another path, and tokens of one side used on the other.
import { generateKeyPairSync, sign } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";
import { provisioningKey, provisioningToken, sealedUsers } from "../support/provisioning.ts";
import { rawRequest } from "../support/sockets.ts";
import { hmacToken, nowSeconds, signingKey } from "./made-tokens.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const body = '{"version":1000,"username":"mallory","is_superuser":true}';
let origin: RecordingOrigin;
let gateway: Gateway;
let sealed = "";
const logged: string[] = [];

beforeAll(async () => {
  origin = await startRecordingOrigin((_, response) => {
    response.writeHead(200, { "content-length": 2, ...(sealed === "" ? {} : { "x-gateway-users": sealed }) }).end("{}");
  });
  gateway = await startGateway(
    {
      ORIGIN_URL: origin.url,
      PROVISIONING_KEY: provisioningKey,
      USERS_OWNER: "origin",
      LOG: "all",
      ROUTES: [
        { path: "/open/*", auth: "public" },
        { path: "/*", auth: "token" },
      ],
    },
    { onLogLine: (line) => void logged.push(JSON.stringify(line)) },
  );
});
beforeEach(() => {
  sealed = "";
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

const at = (path: string) => new URL(path, gateway.url).href;
const users = async () => (await gateway.env.DB.prepare("SELECT id FROM users").all()).results;
const put = (token: string, path = "/_gateway/users/7/", sent: string = body) =>
  fetch(at(path), { method: "PUT", headers: { authorization: `Bearer ${token}` }, body: sent });
const refused = { status: 401, text: '{"detail":"Token is invalid","code":"token_not_valid"}' };
const seen = async (response: Response) => ({ status: response.status, text: await response.text() });

describe("a request in the API's name", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const good = () => provisioningToken("PUT", at("/_gateway/users/7/"), body);

  it.each<[string, () => string]>([
    ["signed with SIGNING_KEY", () => provisioningToken("PUT", at("/_gateway/users/7/"), body, { key: signingKey })],
    ["signed with nothing", () => provisioningToken("PUT", at("/_gateway/users/7/"), body, { key: "" })],
    [
      "without a signature",
      () => provisioningToken("PUT", at("/_gateway/users/7/"), body, { header: { alg: "none" } }),
    ],
    ["by HS512", () => provisioningToken("PUT", at("/_gateway/users/7/"), body, { header: { alg: "HS512" } })],
    [
      "by RS256 with a key that it brings",
      () => {
        const jwk = publicKey.export({ format: "jwk" });
        const [, payload] = good().split(".");
        const header = Buffer.from(JSON.stringify({ alg: "RS256", typ: "provisioning+jwt", jwk })).toString(
          "base64url",
        );
        const signature = sign("sha256", Buffer.from(`${header}.${payload}`), privateKey).toString("base64url");
        return `${header}.${payload}.${signature}`;
      },
    ],
    ["that is an access token", () => hmacToken()],
    ["that is an access token by PROVISIONING_KEY", () => hmacToken({ secret: provisioningKey })],
    [
      "that is an event",
      () => provisioningToken("PUT", at("/_gateway/users/7/"), body, { header: { typ: "event+jwt" } }),
    ],
    ["made for another user", () => provisioningToken("PUT", at("/_gateway/users/8/"), body)],
    ["made for another host", () => provisioningToken("PUT", "https://other.example/_gateway/users/7/", body)],
    ["made for another method", () => provisioningToken("DELETE", at("/_gateway/users/7/"), body)],
    ["made for another body", () => provisioningToken("PUT", at("/_gateway/users/7/"), body.replace("true", "null"))],
    [
      "made six minutes ago",
      () => provisioningToken("PUT", at("/_gateway/users/7/"), body, { nowSeconds: nowSeconds() - 360 }),
    ],
  ])("%s is refused, and nothing is written", async (_, token) => {
    expect(await seen(await put(token()))).toEqual(refused);
    expect(await users()).toEqual([]);
  });

  it("is no access token, on any route", async () => {
    const token = provisioningToken("GET", at("/notes/"), "", {
      claims: { token_type: "access", user_id: "7", exp: nowSeconds() + 60 },
    });
    expect((await gateway.get("/notes/", token)).status).toBe(401);
    expect(origin.taken()).toEqual([]);
  });

  it("that is long and not signed is answered before it has been read", async () => {
    // The head of a request alone: its body never comes.
    const headers = ["Authorization: Bearer a.b.c", "Content-Length: 4000000"];
    const port = Number(new URL(gateway.url).port);
    const answer = await rawRequest(port, "/_gateway/users/", { method: "POST", headers });
    expect(answer.status).toBe(401);
  });

  it("that is sent again changes nothing, also after the user has changed or is gone", async () => {
    const version = (text: string, number: number) => text.replace("1000", String(number));
    const send = (number: number) => {
      const sent = version(body, number);
      return put(provisioningToken("PUT", at("/_gateway/users/7/"), sent), "/_gateway/users/7/", sent);
    };
    const captured = good();
    expect((await put(captured)).status).toBe(200);
    expect(await (await send(2000)).json()).toMatchObject({ result: "applied" });
    expect(await (await put(captured)).json()).toEqual({ id: "7", version: 2000, result: "outdated" });
    const deletion = provisioningToken("DELETE", at("/_gateway/users/7/"), "", { claims: { ver: 3000 } });
    const remove = () =>
      fetch(at("/_gateway/users/7/"), { method: "DELETE", headers: { authorization: `Bearer ${deletion}` } });
    expect((await remove()).status).toBe(200);
    expect(await (await put(captured)).json()).toEqual({ id: "7", version: 3000, result: "outdated" });
    expect(await users()).toEqual([]);
    expect((await send(4000)).status).toBe(200);
    expect(await (await remove()).json()).toEqual({ id: "7", version: 4000, result: "outdated" });
    expect(await users()).toEqual([{ id: "7" }]);
  });
});

describe("X-Gateway-Users", () => {
  const line = { id: "9", version: 1, username: "eve", is_superuser: true };

  it("of a client reaches neither the API nor the database, in any spelling", async () => {
    for (const name of ["x-gateway-users", "X-Gateway-Users", "x_gateway_users", "X.Gateway.Users"]) {
      await gateway.get("/open/", undefined, { [name]: sealedUsers("x", [line]) });
    }
    const requests = origin.taken();
    expect(requests).toHaveLength(4);
    for (const request of requests) expect(everySpelling(request, "x-gateway-users")).toEqual([]);
    expect(await users()).not.toContainEqual({ id: "9" });
  });

  it("that the API repeats from another request is ignored, and the client does not see it", async () => {
    // A client that could make the API reflect a header has one that was made for a request before.
    sealed = sealedUsers("0123456789abcdef0123456789abcdef", [line]);
    const response = await gateway.get("/open/");
    expect({ status: response.status, has: response.headers.has("x-gateway-users") }).toEqual({
      status: 200,
      has: false,
    });
    expect(await users()).not.toContainEqual({ id: "9" });
  });

  it("that a client chooses the request id for is ignored, since the gateway's own goes to the API", async () => {
    sealed = sealedUsers("chosen", [line]);
    await gateway.get("/open/", undefined, { "x-request-id": "chosen" });
    expect(await users()).not.toContainEqual({ id: "9" });
  });

  it("is in no answer that a cache could keep: each request reaches the API, and no client sees the header", async () => {
    let asked = 0;
    const server = await startOrigin((request, response) => {
      asked++;
      response.setHeader("cache-control", "public, max-age=60");
      response.setHeader(
        "x-gateway-users",
        sealedUsers(String(request.headers["x-request-id"]), [{ ...line, id: "10" }]),
      );
      response.end("{}");
    });
    const cached = await startGateway({
      ORIGIN_URL: server.url,
      PROVISIONING_KEY: provisioningKey,
      USERS_OWNER: "origin",
      ROUTES: [{ path: "/*", auth: "public" }],
    });
    for (const _ of [1, 2]) expect((await cached.get("/x")).headers.has("x-gateway-users")).toBe(false);
    expect(asked).toBe(2);
    await cached.close();
    await server.close();
  });
});

it("no hash, key or name of a line is in the log", async () => {
  const sent = '{"version":1,"username":"nadia","password":"scrypt$hash-in-a-line","email":"nadia@example.com"}';
  await put(provisioningToken("PUT", at("/_gateway/users/11/"), sent), "/_gateway/users/11/", sent);
  const wrong = sent.replace('"version":1', '"version":"scrypt$hash-in-a-line"');
  await put(provisioningToken("PUT", at("/_gateway/users/11/"), wrong), "/_gateway/users/11/", wrong);
  const all = logged.join("\n");
  expect(all).toContain("user_provisioned");
  for (const secret of ["hash-in-a-line", "nadia", provisioningKey]) expect(all).not.toContain(secret);
});
