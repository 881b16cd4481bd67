// What the documents do with curl is pasted into a shell, page by page, with the whole gateway listening.
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Block, blocksOf, documentFiles, documentText } from "../support/documents.ts";
import { type Gateway, startDemoOrigin, startGateway } from "../support/gateway-over-http.ts";
import { runToEnd } from "../support/projects.ts";

const address = "http://127.0.0.1:8787";
const usesGateway = ({ language, text }: Block) => language === "sh" && text.includes(`curl`) && text.includes(address);

let origin: Awaited<ReturnType<typeof startDemoOrigin>>;
let gateway: Gateway;
let ACCESS = "";
const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-walk-"));

beforeAll(async () => {
  origin = await startDemoOrigin();
  gateway = await startGateway({ ORIGIN_URL: origin.url });
  await gateway.addUser({ id: 1, username: "demo", password: "correct horse" });
  const login = await gateway.post("/api/token/", { username: "demo", password: "correct horse" });
  ({ access: ACCESS } = (await login.json()) as { access: string });
});
afterAll(async () => {
  await gateway?.close();
  await origin?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Pastes all such blocks of a page into one shell; gives what the shell said. */
async function pasted(file: string, at: Pick<Gateway, "url"> = gateway): Promise<string> {
  const script = blocksOf(file)
    .filter(usesGateway)
    .map(({ text }) => text.replaceAll(address, at.url.origin).replace("what npm start printed", "correct horse"))
    .join("echo\n");
  const path = join(folder, "pasted.sh");
  writeFileSync(path, script);
  chmodSync(path, 0o700);
  const { code, stdout } = await runToEnd("sh", ["-eu", path], { cwd: folder, env: { ACCESS } });
  expect(code).toBe(0);
  return stdout;
}

it("is done on these pages", () => {
  expect(documentFiles().filter((file) => blocksOf(file).some(usesGateway))).toEqual([
    "docs/api-keys.md",
    "docs/console.md",
    "docs/introspection.md",
    // By test/docs/provisioning.test.ts, since it needs a key and the project's files.
    "docs/provisioning.md",
    "docs/quickstart.md",
    "docs/sessions.md",
    "docs/troubleshooting.md",
    "docs/user-models.md",
  ]);
});

it("docs/quickstart.md: log in, call, refresh, verify, log out", async () => {
  const said = await pasted("docs/quickstart.md");
  expect([...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)).toEqual([
    ...["401", "201", "200", "200", "200", "200", "401"],
  ]);
  expect(said).toContain('{"detail":"Token is blacklisted","code":"token_not_valid"}');
  // The refused one did not come through.
  expect(await origin.requests()).toBe(2);
  const [, shown = ""] =
    /HTTP\/1\.1 401 Unauthorized\n(WWW-Authenticate[\s\S]*?)```/.exec(documentText("docs/quickstart.md")) ?? [];
  const [challenge = "", body = ""] = shown.trim().split("\n\n");
  expect(said.toLowerCase()).toContain(challenge.toLowerCase());
  expect(said).toContain(body);
});

it("docs/user-models.md: a user with a UUID logs in with an e-mail address, with the settings that are shown", async () => {
  const [, shown = ""] = /```toml\n\[vars\]\n([\s\S]*?)```/.exec(documentText("docs/user-models.md")) ?? [];
  const settings = Object.fromEntries(
    [...shown.matchAll(/^(\w+) = "(\w+)"$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(settings).toEqual({ USERNAME_FIELD: "email", USER_ID_TYPE: "uuid" });
  const other = await startGateway({ ORIGIN_URL: origin.url, ...settings });
  try {
    await other.addUser({ id: "5f0c1a3b-9d4d-4d8a-8f2f-0f6c9b7a1234", username: "ada@example.com", password: "…" });
    const { access = "" } = JSON.parse(await pasted("docs/user-models.md", other)) as { access?: string };
    const claims: unknown = JSON.parse(Buffer.from(access.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ user_id: "5f0c1a3b-9d4d-4d8a-8f2f-0f6c9b7a1234" });
  } finally {
    await other.close();
  }
});

it("docs/sessions.md: the list has the fields that are shown", async () => {
  const said = JSON.parse(await pasted("docs/sessions.md")) as ReadonlyArray<Readonly<Record<string, unknown>>>;
  const [example] = blocksOf("docs/sessions.md").filter(({ language }) => language === "json");
  const [shown] = JSON.parse(example?.text ?? "[]") as typeof said;
  expect(said.length).toBeGreaterThan(0);
  for (const session of said) expect(Object.keys(session)).toEqual(Object.keys(shown ?? {}));
});

it("docs/console.md: the OpenAPI document comes", async () => {
  expect(JSON.parse(await pasted("docs/console.md"))).toMatchObject({ openapi: "3.1.0" });
});

it("docs/troubleshooting.md: the ready page says what is in order, and an answer has its request's id", async () => {
  const said = await pasted("docs/troubleshooting.md");
  expect(said).toMatch(/^\{"status":"ok","checks":\{"settings":\{"status":"ok"\}/);
  expect(said.toLowerCase()).toMatch(/x-request-id: [0-9a-f]{32}\r?$/m);
});

it("docs/api-keys.md and docs/introspection.md: the key that is shown opens the route, and asks about a token", async () => {
  const ROUTES = [{ path: "/api/reports/*", auth: "token", api_keys: ["reports"] }];
  const TOKEN_ENDPOINTS = ["introspect"];
  const other = await startGateway({ ORIGIN_URL: origin.url, API_KEYS: true, ROUTES, TOKEN_ENDPOINTS });
  try {
    expect(JSON.parse(await pasted("docs/api-keys.md", other))).toEqual({
      detail: "Authentication credentials were not provided.",
    });
    const [, key = ""] = /Api-Key ([^"]+)"/.exec(documentText("docs/api-keys.md")) ?? [];
    const hash = `sha512$$${createHash("sha512").update(key).digest("hex")}`;
    const sql = `INSERT INTO api_keys (id, prefix, hashed_key, scopes, created_at) VALUES (?, ?, ?, '["reports","introspect"]', 0)`;
    await other.env.DB.prepare(sql)
      .bind(`${key.slice(0, 8)}.${hash}`, key.slice(0, 8), hash)
      .run();
    // The demo API's: it has no reports.
    expect(JSON.parse(await pasted("docs/api-keys.md", other))).toEqual({ detail: "Not found." });
    await other.addUser({ id: 1, username: "demo", password: "…" });
    const said = JSON.parse(await pasted("docs/introspection.md", other)) as { readonly active?: boolean };
    const [shown] = blocksOf("docs/introspection.md").filter(({ language }) => language === "json");
    expect([said.active, ...Object.keys(said)]).toEqual([true, ...Object.keys(JSON.parse(shown?.text ?? "{}"))]);
  } finally {
    await other.close();
  }
});
