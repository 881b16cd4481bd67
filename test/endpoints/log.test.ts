// LOG: which lines are written, what is in them, and what never is.
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { appWith, echoOrigin, postJson } from "../support/app.ts";
import { addUser } from "../support/users.ts";

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const base = {
  UPGRADE_PASSWORD_HASHES: false,
  ORIGIN: echoOrigin,
  LOGIN_LIMITER: { limit: async () => ({ success: true }) },
};

beforeAll(() => addUser({ id: 1, username: "ada", password: hashOfPw }).then(() => undefined));
afterEach(() => vi.restoreAllMocks());

/** The lines that a walk leaves: a good log-in, a wrong one, a proxied request, a refused one. */
async function linesOf(LOG: string): Promise<string[]> {
  const spy = vi.spyOn(console, "log").mockImplementation(() => {});
  const app = await appWith({ ...base, LOG });
  const login = await app.fetch(postJson("/api/token/", { username: "ada", password: "pw" }));
  const { access } = (await login.json()) as { access: string };
  await app.fetch(postJson("/api/token/", { username: "ada", password: "a wrong one" }));
  const get = (authorization: string) =>
    app.fetch(new Request("https://gateway.example/notes/?secret=query", { headers: { authorization } }));
  await get(`Bearer ${access}`);
  await get(`Bearer ${access}x.y`);
  return spy.mock.calls.map(([line]) => String(line));
}

const requestId = expect.stringMatching(/^[0-9a-f]{32}$/);

it("LOG=off writes nothing", async () => {
  expect(await linesOf("off")).toEqual([]);
});

it("LOG=denied writes refused requests with their private reason, and log-ins", async () => {
  const lines = (await linesOf("denied")).map((line) => JSON.parse(line));
  const refused = {
    event: "request",
    request_id: requestId,
    decision: "deny",
    status: 401,
    total_ms: expect.any(Number),
  };
  expect(lines).toEqual([
    { event: "login", user_id: 1, token_type: "refresh", hash_upgraded: false },
    { ...refused, method: "POST", path: "/api/token/", reason: "login_password_wrong" },
    { ...refused, method: "GET", path: "/notes/", rule: "/*", reason: "token_unreadable" },
  ]);
});

it("LOG=all writes requests that pass too", async () => {
  const lines = (await linesOf("all")).map((line) => JSON.parse(line));
  expect(lines.filter(({ event }) => event === "request").map(({ decision, status }) => [decision, status])).toEqual([
    ["allow", 200],
    ["deny", 401],
    ["allow", 200],
    ["deny", 401],
  ]);
});

it("no line has a password, a token, a query or a hash", async () => {
  const text = (await linesOf("all")).join("\n");
  expect(text).not.toMatch(/a wrong one|eyJ|secret=query|pbkdf2|"pw"/);
});
