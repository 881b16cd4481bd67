// docs/recipes.md: its client code against the gateway, its Express app behind it, its settings as they are shown.
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "smol-toml";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { blocksOf, documentText, projectRoot } from "../support/documents.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";

type Vars = Readonly<Record<string, unknown>>;

const text = documentText("docs/recipes.md");
const blocks = blocksOf("docs/recipes.md").map((block) => {
  const before = text.split("\n").slice(0, block.line);
  return { ...block, recipe: before.findLast((line) => line.startsWith("## "))?.slice(3) ?? "" };
});
const piece = (recipe: string, language: string, index = 0) => {
  const found = blocks.filter((block) => block.recipe === recipe && block.language === language)[index];
  if (!found) throw new Error(`${recipe} has no ${language}`);
  return found.text;
};
const varsOf = (recipe: string, index = 0) => (parse(piece(recipe, "toml", index)) as { readonly vars: Vars }).vars;

const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-recipes-"));
symlinkSync(join(projectRoot, "node_modules"), join(folder, "node_modules"), "dir");
const opened: Array<() => unknown> = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a piece of JavaScript exports, as the reader's own file. */
async function moduleOf<T>(name: string, code: string): Promise<T> {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, code);
  return (await import(pathToFileURL(file).href)) as T;
}

/** An API that says who is calling, at the addresses that the recipe names. */
async function behind(vars: Vars, listener: RequestListener = sayWho): Promise<Gateway> {
  const origin = await startOrigin(listener);
  const { ROUTES } = vars as { readonly ROUTES?: readonly Vars[] };
  const here = ROUTES?.map((route) => (route.origin === undefined ? route : { ...route, origin: origin.url }));
  const gateway = await startGateway({ ...vars, ORIGIN_URL: origin.url, ...(here ? { ROUTES: here } : {}) });
  opened.push(origin.close, () => gateway.close());
  await gateway.addUser({ id: 12, username: "ada", password: "correct horse" });
  return gateway;
}

const sayWho: RequestListener = (request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ user: request.headers["x-user-id"] ?? null, path: request.url }));
};

interface Tokens {
  readonly access?: string;
  readonly refresh?: string;
}
interface Store {
  load(): Tokens;
  save(tokens: Tokens): void;
  clear(): void;
}
interface Client {
  logIn(username: string, password: string): Promise<boolean>;
  logOut(): Promise<void>;
  call(path: string, init?: RequestInit): Promise<Response>;
}
interface Clients {
  apiClient(base: string, store: Store): Client;
  memoryStore(): Store;
}
const clients = () =>
  moduleOf<Clients>("client", `${piece("A mobile app", "js")}\n${piece("Service to service", "js")}`);

describe("A single-page app with cookies", () => {
  interface Page {
    logIn(username: string, password: string): Promise<Response>;
    logOut(): Promise<Response>;
    call(path: string, init?: RequestInit): Promise<Response>;
  }
  const [, inThePage = ""] =
    /## In the page[\s\S]*?```js\n([\s\S]*?)```/.exec(documentText("docs/browser-apps.md")) ?? [];

  /** fetch as a page on the gateway's origin has it: cookies, relative addresses, and the browser's own headers. */
  function browserAt({ url }: Gateway) {
    const cookies = new Map<string, string>();
    const sent: string[] = [];
    const real = fetch;
    const slow = { path: "", until: Promise.resolve() };
    vi.stubGlobal("fetch", async (path: string, init: RequestInit = {}) => {
      sent.push(path);
      const isSlow = path === slow.path && !sent.slice(0, -1).includes(path);
      const headers = new Headers(init.headers);
      headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
      headers.set("sec-fetch-site", "same-origin");
      const { credentials: _, ...rest } = init as RequestInit & { readonly credentials?: string };
      const response = await real(new URL(path, url), { ...rest, headers });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        if (value === "") cookies.delete(name);
        else cookies.set(name, value);
      }
      if (isSlow) await slow.until;
      return response;
    });
    return { cookies, sent, slow };
  }

  it("logs in, calls, refreshes once for two calls, and logs out, and no script sees a token", async () => {
    const gateway = await behind(varsOf("A single-page app with cookies"));
    const page = await moduleOf<Page>(
      "page",
      `${inThePage}\n${piece("A single-page app with cookies", "js")}\nexport { call, logIn, logOut };`,
    );
    const { cookies, sent, slow } = browserAt(gateway);
    const login = await page.logIn("ada", "correct horse");
    expect([login.status, await login.json()]).toEqual([200, {}]);
    expect([...cookies.keys()].sort()).toEqual(["__Host-access", "__Secure-refresh"]);
    expect(await (await page.call("/api/me")).json()).toEqual({ user: "12", path: "/api/me" });
    cookies.delete("__Host-access");
    sent.length = 0;
    const both = await Promise.all([page.call("/api/a"), page.call("/api/b")]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(sent.filter((path) => path === "/api/token/refresh/")).toHaveLength(1);
    // A call that learns late that its token had expired.
    cookies.delete("__Host-access");
    sent.length = 0;
    const first = Promise.withResolvers<void>();
    Object.assign(slow, { path: "/api/d", until: first.promise });
    const late = page.call("/api/d");
    expect((await page.call("/api/c")).status).toBe(200);
    first.resolve();
    expect((await late).status).toBe(200);
    expect(sent.filter((path) => path === "/api/token/refresh/")).toHaveLength(1);
    expect((await page.logOut()).status).toBe(200);
    expect([...cookies.keys()]).toEqual([]);
    expect((await page.call("/api/me")).status).toBe(401);
    expect(await (await page.call("/index.html")).json()).toEqual({ user: null, path: "/index.html" });
    expect((await page.call("/index.html", { method: "POST" })).status).toBe(404);
  });
});

describe("A mobile app", () => {
  it("goes on after its access token, once for all calls, and clears its tokens when the session has ended", async () => {
    const gateway = await behind(varsOf("A mobile app"));
    const { apiClient, memoryStore } = await clients();
    const store = memoryStore();
    const client = apiClient(gateway.url.origin, store);
    expect(await client.logIn("ada", "wrong")).toBe(false);
    expect(await client.logIn("ada", "correct horse")).toBe(true);
    const first = store.load();
    store.save({ ...first, access: "cut.off" });
    const both = await Promise.all([client.call("/api/a"), client.call("/api/b")]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(store.load().refresh).not.toBe(first.refresh);
    // An answer that was lost: the same successor again.
    const kept = store.load();
    store.save({ access: "cut.off", refresh: first.refresh ?? "" });
    expect((await client.call("/api/a")).status).toBe(200);
    expect(store.load().refresh).toBe(kept.refresh);
    await client.logOut();
    store.save({ ...kept, access: "cut.off" });
    expect((await client.call("/api/a")).status).toBe(401);
    expect(store.load()).toEqual({});
  });
});

describe("Service to service", () => {
  it("opens the route of that one service, by its id", async () => {
    const gateway = await behind(varsOf("Service to service"));
    await gateway.addUser({ id: 13, username: "bob", password: "battery staple" });
    const { apiClient, memoryStore } = await clients();
    const statusFor = async (username: string, password: string, path: string) => {
      const client = apiClient(gateway.url.origin, memoryStore());
      await client.logIn(username, password);
      return (await client.call(path)).status;
    };
    expect(await statusFor("ada", "correct horse", "/internal/invoices/7")).toBe(200);
    expect(await statusFor("bob", "battery staple", "/internal/invoices/7")).toBe(403);
    expect(await statusFor("ada", "correct horse", "/internal/other")).toBe(403);
    expect(await statusFor("bob", "battery staple", "/api/notes/")).toBe(200);
  });

  it("takes tokens of an identity provider, made for this API and nobody else", async () => {
    const [own, theirs] = [1, 2].map(() => generateKeyPairSync("rsa", { modulusLength: 2048 }));
    if (!own || !theirs) throw new Error("two keys");
    const jwk = { ...theirs.publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" };
    const provider = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((done) => provider.listen(0, "127.0.0.1", done));
    opened.push(() => provider.close());
    const { port } = provider.address() as { readonly port: number };
    const SIGNING_KEY = own.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const JWK_URL = `http://127.0.0.1:${port}/jwks.json`;
    // Beside what wrangler.toml ships with: rotation has no use without log-ins.
    const gateway = await behind({ ...varsOf("Service to service", 1), JWK_URL, SIGNING_KEY });
    const expiresAt = Math.floor(Date.now() / 1000) + 300;
    const claims = {
      iss: "https://idp.example.com/",
      aud: "https://api.example.com",
      sub: "svc",
      jti: "1",
      exp: expiresAt,
    };
    const asked = async (more: object) => gateway.get("/api/x", signed(theirs.privateKey, { ...claims, ...more }));
    const good = await asked({});
    expect([good.status, await good.json()]).toEqual([200, { user: "svc", path: "/api/x" }]);
    expect((await asked({ aud: "https://other.example.com" })).status).toBe(401);
    expect((await asked({ iss: "https://evil.example/" })).status).toBe(401);
    expect((await asked({ jti: undefined })).status).toBe(401);
    expect((await gateway.post("/api/token/", { username: "ada", password: "correct horse" })).status).toBe(401);
  });

  function signed(key: KeyObject, claims: object): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const content = `${part({ alg: "RS256", typ: "JWT", kid: "one" })}.${part(claims)}`;
    return `${content}.${sign("sha256", Buffer.from(content), key).toString("base64url")}`;
  }
});

describe("In front of Express", () => {
  let app: { readonly app: RequestListener };
  beforeAll(async () => {
    app = await moduleOf<typeof app>("express-app", piece("In front of Express", "js"));
  });

  it("knows who asks, from where, and by which name", async () => {
    const gateway = await behind(varsOf("In front of Express"), (request, response) => app.app(request, response));
    const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
    const { access } = (await login.json()) as { readonly access: string };
    const answer = await gateway.get("/api/me", access, { "CF-Connecting-IP": "203.0.113.7", "X-User-Id": "1" });
    expect(await answer.json()).toEqual({
      ...{ id: "12", roles: [], address: "203.0.113.7" },
      url: `http://${gateway.url.host}`,
    });
  });
});

describe("In front of Django and FastAPI", () => {
  it("the routes are those of the pages that the recipe tells of", async () => {
    const gateway = await behind(varsOf("In front of Django"));
    expect(await (await gateway.get("/admin/login/?next=/admin/")).json()).toEqual({
      ...{ user: null, path: "/admin/login/?next=/admin/" },
    });
    expect((await gateway.get("/api/notes/")).status).toBe(401);
  });
  it("the prefix is taken off, and what describes the API is public", async () => {
    const ASSERTION_KEY = "recipes-only-recipes-only-recipes-only";
    const gateway = await behind({ ...varsOf("In front of FastAPI"), ASSERTION_KEY });
    expect(await (await gateway.get("/v1/docs")).json()).toEqual({ user: null, path: "/docs" });
    expect(await (await gateway.get("/v1/openapi.json")).json()).toEqual({ user: null, path: "/openapi.json" });
    expect((await gateway.get("/v1/notes")).status).toBe(401);
    expect((await gateway.get("/docs")).status).toBe(404);
  });
});
