// Log-ins that fail, over HTTP: whatever the cause, the client gets the same bytes.
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";

let gateway: Gateway;
beforeAll(async () => {
  const vars = { TOKEN_ENDPOINTS: ["obtain", "refresh", "sliding"], ORIGIN_URL: "http://127.0.0.1:9" };
  gateway = await startGateway({ ...vars, ERROR_REASONS: true }, { loginsPerMinute: 1000 });
  await gateway.addUser({ id: 1, username: "ada", password: "correct horse" });
  await gateway.addUser({ id: 2, username: "closed", password: "correct horse" });
  await gateway.env.DB.exec("UPDATE users SET is_active = 0 WHERE id = 2");
  const insert = "INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, ?, '2026-01-02T03:04:05Z')";
  const rows = [
    [3, "unusable", "!q9rQ8xV0sN1mZ3cU5tY7wP2kL4jH6gF8dS0aXvB"],
    [4, "unknown-format", "md5$abcdef$9a535a20d872610de18d3944265d2ec7"],
    [5, "malformed", "scrypt$16384$salt"],
    [6, "too-costly", "pbkdf2_sha256$4000001$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
    [7, "empty", ""],
    // Cheaper than the preferred one: "pw" with 1,000 rounds.
    [8, "cheap", "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y="],
  ] as const;
  await gateway.env.DB.batch(rows.map(([id, ...row]) => gateway.env.DB.prepare(insert).bind(String(id), ...row)));
});
afterAll(() => gateway.close());

interface Answer {
  readonly status: number | undefined;
  /** Names as they were sent and values, in their order; but for the two that tell of the moment. */
  readonly headers: readonly string[];
  readonly body: string;
}

function logIn(path: string, username: string, password: string): Promise<Answer> {
  return new Promise((done, failed) => {
    const headers = { "content-type": "application/json" };
    const sent = request(new URL(path, gateway.url).href, { method: "POST", headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => done({ status: response.statusCode, headers: lines(response.rawHeaders), body }));
    });
    sent.on("error", failed).end(JSON.stringify({ username, password }));
  });
}

function lines(raw: readonly string[]): string[] {
  const found: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? "";
    found.push(/^(x-request-id|date)$/i.test(name) ? name : `${name}: ${raw[index + 1]}`);
  }
  return found;
}

const causes = [
  ["a wrong password", "ada", "wrong"],
  ["a closed account and the right password", "closed", "correct horse"],
  ["a closed account and a wrong password", "closed", "wrong"],
  ["an account without a password", "unusable", "correct horse"],
  ["a hash of a format that is not taken", "unknown-format", "correct horse"],
  ["a hash that is none", "malformed", "correct horse"],
  ["a hash that costs too much", "too-costly", "correct horse"],
  ["no hash at all", "empty", "correct horse"],
  ["a wrong password for a cheap hash", "cheap", "wrong"],
  ["a password of 4,097 bytes", "ada", "x".repeat(4097)],
  ["a password of 4,097 bytes and no account", "nobody", "x".repeat(4097)],
  ["the right password and another name's capitals", "Ada", "correct horse"],
] as const;

describe.each(["/api/token/", "/api/token/sliding/"])("at %s", (path) => {
  it("an account that does not exist is 401 in Simple JWT's words", async () => {
    const { status, body, headers } = await logIn(path, "nobody", "correct horse");
    expect([status, body]).toEqual([401, '{"detail":"No active account found with the given credentials"}']);
    expect(headers.map((line) => line.toLowerCase())).toContain('www-authenticate: bearer realm="api"');
  });
  it.each(causes)("%s is answered in the same bytes", async (_cause, username, password) => {
    const nobody = await logIn(path, "nobody", "correct horse");
    expect(await logIn(path, username, password)).toEqual(nobody);
  });
  it("the right password is not", async () => {
    expect((await logIn(path, "ada", "correct horse")).status).toBe(200);
  });
});
