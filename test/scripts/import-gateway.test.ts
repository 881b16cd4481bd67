// What an import is for: Django's users log in at the gateway, and Django's refresh tokens are good there.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bindingsOf } from "../../scripts/database/bindings.ts";
import type { Row } from "../../scripts/database/database.ts";
import { importDump } from "../../scripts/import-django/import-dump.ts";
import { openProgress } from "../../scripts/shared/progress.ts";
import { importChoices } from "../support/django-import.ts";
import { parseDump } from "../support/dump-rows.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";

// The key of the Django that made the dump (make_dumps.py).
const SIGNING_KEY = "over-http-tests-only-over-http-tests-only-0123456789";
const text = readFileSync(join(import.meta.dirname, "../support/fixtures/django.dump"), "utf8");
const rows: ReadonlyArray<{ readonly fields: Readonly<Record<string, unknown>> }> = JSON.parse(text);
const dump = parseDump("django.dump", text);
let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ SIGNING_KEY, ORIGIN_URL: "http://127.0.0.1:9" }, { onLogLine: () => {} });
  const { DB } = gateway.env;
  const database = {
    place: "local" as const,
    read: async (sql: string) => (await DB.prepare(sql).all<Row>()).results,
    batch: async () => [],
    write: async () => {},
    close: async () => {},
  };
  const choices = { ...importChoices, strict: true, nowSeconds: Math.floor(Date.now() / 1000) };
  const bindings = bindingsOf(database, { ...gateway.env, LEEWAY: 0 });
  expect((await importDump(bindings, "django.dump", dump, choices, openProgress(true))).exitCode).toBe(0);
});
afterAll(() => gateway.close());

/** Django's own token with this number, out of the dump. */
const djangoToken = (number: number) => String(rows.find(({ fields }) => Number(fields.jti) === number)?.fields.token);

it.each([
  ["ada", "correct horse", 200],
  ["zoë", "battery staple", 200],
  ["ada", "wrong", 401],
  ["left", "left the house", 401],
  ["social", "", 400],
  ["old", "an old hash", 401],
])("lets %s log in with %j: %d", async (username, password, status) => {
  expect((await gateway.post("/api/token/", { username, password })).status).toBe(status);
});

it("refreshes a token that Django issued, once", async () => {
  const refresh = djangoToken(1);
  expect((await gateway.post("/api/token/refresh/", { refresh })).status).toBe(200);
  const again = await gateway.post("/api/token/refresh/", { refresh });
  expect([again.status, await again.json()]).toEqual([
    401,
    { detail: "Token is blacklisted", code: "token_not_valid" },
  ]);
});

it("refuses a token that Django blacklisted", async () => {
  const refused = await gateway.post("/api/token/refresh/", { refresh: djangoToken(2) });
  expect([refused.status, await refused.json()]).toEqual([
    401,
    { detail: "Token is blacklisted", code: "token_not_valid" },
  ]);
});
