// Passwords above 4,096 bytes: refused before anything is hashed or looked up, in the words of every other failure.
import { afterEach, beforeAll, beforeEach, expect, it, type MockInstance, vi } from "vitest";
import * as hashing from "../../src/users/hash-password.ts";
import * as scrypt from "../../src/users/hashers/scrypt.ts";
import * as checking from "../../src/users/password.ts";
import * as spending from "../../src/users/spend-hash-time.ts";
import { appWith, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { addUser } from "../support/users.ts";

vi.mock("../../src/users/hash-password.ts", { spy: true });
vi.mock("../../src/users/password.ts", { spy: true });
vi.mock("../../src/users/spend-hash-time.ts", { spy: true });
vi.mock("../../src/users/hashers/scrypt.ts", { spy: true });

const hashFunctions = () => [
  ...[vi.mocked(hashing.hashPassword), vi.mocked(checking.verifyPassword), vi.mocked(scrypt.deriveScrypt)],
  ...[vi.mocked(spending.spendHashTime), vi.mocked(spending.spendRestOfHashTime), native],
];
let native: MockInstance;
const told: string[] = [];
let app: Awaited<ReturnType<typeof appWith>>;

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";

beforeAll(async () => {
  await addUser({ id: "1", username: "ada", password: hashOfPw });
  const vars = { TOKEN_ENDPOINTS: ["obtain", "sliding"], ORIGIN_URL: "https://origin.example" };
  const limiter = { limit: async () => ({ success: true }) };
  app = await appWith({ ...vars, LOGIN_LIMITER: limiter }, { onLoginFailed: (_, reason) => void told.push(reason) });
});
beforeEach(() => {
  native = vi.spyOn(crypto.subtle, "deriveBits");
  for (const one of hashFunctions()) one.mockClear();
  told.length = 0;
});
afterEach(() => vi.restoreAllMocks());

const logIn = (path: string, username: string, password: string) => app.fetch(postJson(path, { username, password }));

it.each([
  ["4,097 letters", "/api/token/", "ada", "x".repeat(4097)],
  ["4,097 letters at the sliding endpoint", "/api/token/sliding/", "ada", "x".repeat(4097)],
  ["4,097 letters for nobody", "/api/token/", "nobody", "x".repeat(4097)],
  ["1,366 signs of three bytes", "/api/token/", "ada", "€".repeat(1366)],
  ["60,000 letters, nearly a whole body", "/api/token/", "ada", "x".repeat(60_000)],
])("%s are refused unhashed", async (_what, path, username, password) => {
  const prepare = vi.spyOn(DB, "prepare");
  const response = await logIn(path, username, password);
  expect(response.status).toBe(401);
  expect(await response.text()).toBe('{"detail":"No active account found with the given credentials"}');
  expect(response.headers.get("www-authenticate")).toBe('Bearer realm="api"');
  expect(hashFunctions().map((one) => one.mock.calls.length)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(prepare).not.toHaveBeenCalled();
  expect(told).toEqual(["login_password_too_long"]);
});

it("a megabyte is refused unread and unhashed: a body has 64 KiB at most", async () => {
  const prepare = vi.spyOn(DB, "prepare");
  const response = await logIn("/api/token/", "ada", "x".repeat(1_000_000));
  expect(response.status).toBe(413);
  expect(hashFunctions().map((one) => one.mock.calls.length)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(prepare).not.toHaveBeenCalled();
  expect(told).toEqual([]);
});

it.each([
  ["4,096 letters", "x".repeat(4096)],
  ["1,365 signs of three bytes", "€".repeat(1365)],
])("%s are hashed and found wrong", async (_what, password) => {
  const response = await logIn("/api/token/", "ada", password);
  expect(response.status).toBe(401);
  // Checked, and then made as dear as the preferred hash.
  const [, verified, , , rest, derived] = hashFunctions().map((one) => one.mock.calls.length);
  expect([verified, rest, derived]).toEqual([1, 1, 1]);
  expect(told).toEqual(["login_password_wrong"]);
});
