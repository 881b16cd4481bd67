// `explain` with an API key: what is shown of it, what the API would get, and that the key itself is never shown.
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { reportLines } from "../../scripts/explain/report.ts";
import { explainWith } from "../../scripts/manage/explain.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { readingOf } from "../support/explain-reading.ts";
import { testSecret } from "../support/settings.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";

const now = 1_800_000_000;
const key = "4fT9xQ2b.SecretOfTheKeysInTheseTests0123456";
const vars = {
  SIGNING_KEY: testSecret,
  API_KEYS: true,
  ROUTES: [
    { path: "/public/*", auth: "public" },
    { path: "/tokens/*", auth: "token" },
    { path: "/both/*", auth: "token", api_keys: ["reports", "exports"] },
    { path: "/any/*", auth: "user", api_keys: true },
  ],
};
let store: TextDatabase;

beforeEach(() => {
  store = textDatabase();
  const hash = `sha512$$${createHash("sha512").update(key).digest("hex")}`;
  const sql =
    "INSERT INTO api_keys (id, prefix, hashed_key, scopes, created_at) VALUES (?, '4fT9xQ2b', ?, '[\"reports\"]', 1)";
  store.db.prepare(sql).run(`4fT9xQ2b.${hash}`, hash);
});

async function ask(path: string, token = `Api-Key ${key}`, more: Readonly<Record<string, unknown>> = {}) {
  const stores = { d1: store.bindings.d1, sessions: new Map<string, D1Database>(), kv: undefined };
  const question = { method: "GET", path, token, nowSeconds: now };
  const explained = await explainWith(await readingOf({ ...vars, ...more }), stores, question);
  expect(JSON.stringify(explained) + reportLines(explained, []).join()).not.toContain("SecretOfTheKeys");
  return explained;
}
const rows = ({ checks }: Awaited<ReturnType<typeof ask>>) => checks.slice(2);

describe("an API key", () => {
  it("that is good is named by its prefix, and the API gets no more", async () => {
    const explained = await ask("/any/x");
    expect(rows(explained)).toEqual([
      { check: "API key", verdict: "passed", detail: "4fT9xQ2b" },
      { check: "scopes", verdict: "passed", detail: "the route wants any key; the key has reports" },
    ]);
    expect(explained.outcome).toMatchObject({ kind: "forwarded", headers: { "X-Api-Key-Id": "4fT9xQ2b" } });
    expect(Object.keys(explained.outcome.kind === "forwarded" ? explained.outcome.headers : {})).toEqual([
      "X-Api-Key-Id",
    ]);
  });

  it("that lacks a scope fails there, 403", async () => {
    const explained = await ask("/both/x");
    expect(rows(explained)).toEqual([
      { check: "API key", verdict: "passed", detail: "4fT9xQ2b" },
      {
        ...{ check: "scopes", verdict: "failed", reason: "api_key_scope_missing" },
        detail: "the route wants reports and exports; the key has reports",
      },
    ]);
    expect(explained.outcome).toMatchObject({ kind: "refused", status: 403, reason: "api_key_scope_missing" });
  });

  it.each([
    [
      "where none is taken",
      "/tokens/x",
      `Api-Key ${key}`,
      "api_key_not_accepted",
      "4fT9xQ2b: the route has no api_keys",
    ],
    ["with another secret", "/any/x", "Api-Key 4fT9xQ2b.x", "api_key_wrong", "4fT9xQ2b: its hash is not the one in D1"],
    ["with another prefix", "/any/x", "Api-Key 5fT9xQ2b.x", "api_key_unknown", "5fT9xQ2b: no key in D1 has its prefix"],
    [
      "that is none",
      "/any/x",
      "api-key x",
      "api_key_malformed",
      "without a prefix: it does not look like prefix.secret",
    ],
  ])("%s fails", async (_, path, token, reason, detail) => {
    const explained = await ask(path, token);
    expect(rows(explained)).toEqual([
      { check: "API key", verdict: "failed", detail, reason },
      { check: "scopes", verdict: "not reached", detail: "" },
    ]);
    expect(explained.outcome).toMatchObject({ kind: "refused", status: 401, reason });
  });

  it("is not looked at on a public route, and means nothing while API_KEYS is off", async () => {
    expect((await ask("/public/x")).outcome).toMatchObject({ kind: "forwarded", headers: {} });
    const off = { API_KEYS: false, ROUTES: [{ path: "/*", auth: "token" }] };
    expect((await ask("/x", `Api-Key ${key}`, off)).outcome).toMatchObject({ reason: "credentials_missing" });
  });

  it("is in Authorization, whatever the header of tokens", async () => {
    expect((await ask("/any/x", `Api-Key ${key}`, { AUTH_HEADER_NAME: "X-Token" })).outcome.kind).toBe("forwarded");
  });

  it("cannot be explained without a database", async () => {
    const question = { method: "GET", path: "/any/x", token: `Api-Key ${key}`, nowSeconds: now };
    await expect(explainWith(await readingOf(vars), undefined, question)).rejects.toThrow(
      new Failure("API keys are in the database: --offline cannot explain a request with one.", 2),
    );
  });

  it("is not noted as used, nor given another hash", async () => {
    await ask("/any/x");
    expect(store.db.prepare("SELECT last_used_at FROM api_keys").get()).toEqual({ last_used_at: null });
    expect(store.written).toEqual([]);
  });
});
