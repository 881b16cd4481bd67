// Bad input and broken stores, over HTTP: a clear refusal in the right shape, nothing half-written, no stack trace.
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({});
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
});
afterAll(() => gateway.close());

const send = (path: string, body: string, type = "application/json") =>
  fetch(new URL(path, gateway.url), { method: "POST", body, headers: { "content-type": type } });

describe("a token endpoint", () => {
  it.each<[string, string, string, number, object]>([
    [
      "broken JSON",
      "{",
      "application/json",
      400,
      { detail: "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)" },
    ],
    [
      "a list",
      "[]",
      "application/json",
      400,
      { non_field_errors: ["Invalid data. Expected a dictionary, but got list."] },
    ],
    [
      "nothing",
      "",
      "application/json",
      400,
      { username: ["This field is required."], password: ["This field is required."] },
    ],
    [
      "wrong types",
      '{"username":{},"password":[]}',
      "application/json",
      400,
      { username: ["Not a valid string."], password: ["Not a valid string."] },
    ],
    [
      "a type that it does not read",
      "x",
      "text/plain",
      415,
      { detail: 'Unsupported media type "text/plain" in request.' },
    ],
    [
      "a broken multipart body",
      "--x\r\nnonsense",
      "multipart/form-data; boundary=x",
      400,
      { detail: "Multipart form parse error - Invalid multipart body." },
    ],
  ])("refuses %s", async (_what, body, type, status, answer) => {
    const response = await send("/api/token/", body, type);
    expect([response.status, await response.json()]).toEqual([status, answer]);
    expect(response.headers.get("allow")).toBe("POST, OPTIONS");
  });
  it("refuses a body of 5 MB by its declared length, before it is sent", async () => {
    const socket = connect(Number(gateway.url.port), "127.0.0.1");
    socket.write(
      "POST /api/token/ HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{",
    );
    const answer = await new Promise<string>((done) => socket.once("data", (bytes) => done(bytes.toString())));
    socket.destroy();
    expect(answer.split("\r\n")[0]).toBe("HTTP/1.1 413 Payload Too Large");
  });
  it("answers a GET with 405 and the methods that it takes", async () => {
    const response = await gateway.get("/api/token/refresh/");
    expect([response.status, await response.json()]).toEqual([405, { detail: 'Method "GET" not allowed.' }]);
  });
});

describe("with a database that does not answer", () => {
  it("answers 503 with Retry-After, shows nothing of the error, and is well again afterwards", async () => {
    await gateway.env.DB.prepare("ALTER TABLE sessions RENAME TO away").run();
    const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
    expect([login.status, login.headers.get("retry-after"), await login.json()]).toEqual([
      503,
      "5",
      { detail: "Service temporarily unavailable, try again later." },
    ]);
    const ready = await gateway.get("/_gateway/health/ready");
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: "failed", checks: { database: { status: "failed" } } });
    await gateway.env.DB.prepare("ALTER TABLE away RENAME TO sessions").run();
    expect((await gateway.post("/api/token/", { username: "ada", password: "correct horse" })).status).toBe(200);
  });
});

describe("with settings that have errors", () => {
  it("answers every request 503 with a fixed body", async () => {
    const faulty = await startGateway({ ALGORITHM: "HS999", ACCESS_TOKEN_LIFETIM: "5m" });
    for (const path of ["/", "/api/token/", "/_gateway/health/live"]) {
      const response = await faulty.get(path);
      expect([response.status, await response.json()]).toEqual([503, { detail: "Gateway is misconfigured." }]);
    }
    await faulty.close();
  });
});
