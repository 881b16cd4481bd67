// The package: what `npm pack` puts into it, and a project outside the tree that builds on it and answers.
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import * as wrangler from "../../scripts/shared/wrangler.ts";
import { linksOf } from "../support/documents.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";
import { type InstalledPackage, installPackage } from "../support/projects.ts";
import { hostWrangler } from "../support/wrangler-host.ts";

const guide = readFileSync(resolve(import.meta.dirname, "../../docs/package.md"), "utf8");
const example = readFileSync(resolve(import.meta.dirname, "../../examples/package/src/index.ts"), "utf8");

let installed: InstalledPackage;
const host = hostWrangler();
beforeAll(async () => {
  vi.spyOn(wrangler, "runWrangler").mockImplementation(host.run);
  installed = await installPackage();
});
afterAll(() => {
  vi.mocked(wrangler.runWrangler).mockRestore();
  host.close();
  installed?.remove();
});

describe("the tarball", () => {
  const allowedFiles: Readonly<Record<string, RegExp>> = {
    manifest: /^package\.json$/,
    texts: /^(README|CHANGELOG|SECURITY)\.md$|^LICENSE$/,
    tables: /^schema\.sql$/,
    "tables for sessions alone": /^sessions\.sql$/,
    docs: /^docs\/[a-z-]+\.md$/,
    code: /^dist\/src\/[a-z0-9/-]+\.js$/,
    client: /^dist\/client\/client\.(js|d\.ts)$/,
    types: /^dist\/src\/[a-z0-9/-]+\.d\.ts$/,
    commands: /^dist\/scripts\/[a-z0-9/-]+\.js$/,
  };

  it("holds what a project needs, and nothing else", () => {
    const others = installed.files.filter((file) => !Object.values(allowedFiles).some((kind) => kind.test(file)));
    expect(others).toEqual([]);
    for (const kind of Object.values(allowedFiles)) expect(installed.files.some((file) => kind.test(file))).toBe(true);
  });

  it("holds every page that README.md leads to", () => {
    const readme = readFileSync(resolve(import.meta.dirname, "../../README.md"), "utf8");
    const pages = linksOf(readme).filter((link) => link.startsWith("docs/") && link.endsWith(".md"));
    expect(pages).toContain("docs/upgrading.md");
    expect(pages.filter((page) => !installed.files.includes(page))).toEqual([]);
  });

  it("has the version that the guide, the example and the changelog name", () => {
    const { version } = installed.manifest;
    const read = (path: string) => readFileSync(resolve(import.meta.dirname, "../..", path), "utf8");
    expect(JSON.parse(read("examples/package/package.json")).dependencies).toEqual({
      "simplejwt-edge": `file:../../simplejwt-edge-${version}.tgz`,
    });
    for (const path of ["docs/package.md", "scripts/init/init.ts"]) {
      const named = [...read(path).matchAll(/simplejwt-edge-(\d+\.\d+\.\d+)\.tgz/g)].map(([, one]) => one);
      expect([path, new Set(named)]).toEqual([path, new Set([version])]);
    }
    expect(read("CHANGELOG.md")).toMatch(new RegExp(`^## ${version} - \\d{4}-\\d\\d-\\d\\d$`, "m"));
  });

  it("leaves out the template's Worker, tests, benchmarks and what only runs in the repository", () => {
    const text = installed.files.join("\n");
    expect(text).toContain("dist/src/create-gateway.js");
    expect(text).not.toMatch(
      /dist\/src\/index\.|(^|\/)(test|bench|examples|node_modules)\/|dev\.vars|conformance|start\//m,
    );
  });

  it("brings no more than four libraries, and nothing that only the repository uses", () => {
    const { dependencies, optionalDependencies, private: isPrivate, peerDependenciesMeta } = installed.manifest;
    expect(Object.keys(dependencies as object)).toEqual(["@noble/hashes", "bcryptjs", "hono", "jose"]);
    expect([optionalDependencies, isPrivate]).toEqual([undefined, undefined]);
    expect(peerDependenciesMeta).toEqual({
      "@cloudflare/workers-types": { optional: true },
      wrangler: { optional: true },
    });
  });

  it("names no path of the machine that made it", () => {
    const code = installed.files.filter((file) => file.startsWith("dist/"));
    const home = join(installed.folder, "node_modules/simplejwt-edge");
    const root = resolve(import.meta.dirname, "../..");
    expect(code.length).toBeGreaterThan(100);
    expect(code.filter((file) => readFileSync(join(home, file), "utf8").includes(root))).toEqual([]);
  });
});

describe("examples/package, with the tarball installed", () => {
  let origin: Awaited<ReturnType<typeof startOrigin>>;
  let gateway: Gateway;
  let access = "";

  beforeAll(async () => {
    origin = await startOrigin((request, response) => {
      response.end(JSON.stringify({ path: request.url, roles: request.headers["x-user-roles"] }));
    });
    gateway = await startGateway({ ORIGIN_URL: origin.url }, { configPath: join(installed.folder, "wrangler.toml") });
    await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
    const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
    ({ access } = (await login.json()) as { access: string });
  });
  afterAll(async () => {
    await gateway?.close();
    await origin?.close();
  });

  it("is the Worker that docs/package.md shows", () => {
    expect(guide).toContain(`\`\`\`ts\n// src/index.ts\n${example}\`\`\``);
  });

  it("passes TypeScript, declarations included", async () => {
    const config = JSON.parse(readFileSync(join(installed.folder, "tsconfig.json"), "utf8"));
    expect(config.compilerOptions).toMatchObject({ strict: true });
    expect(config.compilerOptions).not.toHaveProperty("skipLibCheck");
    expect(await installed.typecheck()).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("has the client for apps, which works with the gateway", async () => {
    const place = join(installed.folder, "node_modules/simplejwt-edge/dist/client/client.js");
    const resolved = createRequire(join(installed.folder, "src/app.js")).resolve("simplejwt-edge/client");
    expect(realpathSync(resolved)).toBe(realpathSync(place));
    const { createClient } = (await import(pathToFileURL(resolved).href)) as typeof import("../../client/client.ts");
    const client = createClient({ url: gateway.url });
    expect((await client.login({ username: "ada", password: "correct horse" })).status).toBe(200);
    expect((await client.fetch("/api/notes/")).status).toBe(200);
    expect((await client.logout())?.status).toBe(200);
    expect((await client.fetch("/api/notes/")).status).toBe(401);
  });

  it("compiles an app that uses the client", async () => {
    const path = join(installed.folder, "src/app.ts");
    const lines = [
      'import { type Client, createClient } from "simplejwt-edge/client";',
      "const client: Client = createClient({ storage: { getItem: () => null, setItem: () => {}, removeItem: () => {} } });",
      'export const stop = client.on("logged-out", () => {});',
      'createClient({ storage: "cookie" });',
    ];
    writeFileSync(path, `${lines.join("\n")}\n`);
    const { stdout } = await installed.typecheck();
    writeFileSync(path, "export {};\n");
    expect([...stdout.matchAll(/^src\/app\.ts\((\d+),/gm)].map(([, line]) => Number(line))).toEqual([4]);
  });

  it("puts its own claim into tokens", () => {
    const claims = JSON.parse(Buffer.from(access.split(".")[1] ?? "", "base64url").toString());
    expect(claims.roles).toEqual(["member"]);
    expect(claims.exp - claims.iat).toBe(900);
  });

  it("answers its own route", async () => {
    const answer = await gateway.get("/version");
    expect([answer.status, await answer.json()]).toEqual([200, { version: "1.0.0" }]);
  });

  it("lets through what its routes let through", async () => {
    const passed = await gateway.get("/api/notes/", access);
    expect([passed.status, await passed.json()]).toEqual([200, { path: "/api/notes/", roles: "member" }]);
    expect((await gateway.get("/api/public/x")).status).toBe(200);
    expect((await gateway.get("/api/notes/")).status).toBe(401);
    expect((await gateway.get("/api/staff/", access)).status).toBe(403);
  });

  it("cleans up when its cron trigger says so", async () => {
    const insert = `INSERT INTO sessions (id, counter, token_type, started_at, created_at, expires_at)
      VALUES ('old', 0, 'refresh', 1, 1, 2)`;
    await gateway.env.DB.prepare(insert).run();
    await gateway.flush();
    expect(await gateway.env.DB.prepare("SELECT id FROM sessions WHERE id = 'old'").first()).toBeNull();
  });

  it("is told by TypeScript that a key or a misspelled setting has no place in code", async () => {
    const path = join(installed.folder, "src/mistakes.ts");
    const lines = [
      'import { createGateway } from "simplejwt-edge";',
      'createGateway({ settings: { SIGNING_KEY: "hunter2" } });',
      'createGateway({ settings: { ACCES_TOKEN_LIFETIME: "5m" } });',
      'createGateway({ settings: { ACCESS_TOKEN_LIFETIME: "five minutes" } });',
      'createGateway({ settings: { ROUTES: [{ path: "/*", auth: "tokn" }] } });',
    ];
    writeFileSync(path, `${lines.join("\n")}\n`);
    const { code, stdout } = await installed.typecheck();
    writeFileSync(path, "export {};\n");
    expect(code).not.toBe(0);
    const where = [...stdout.matchAll(/^src\/mistakes\.ts\((\d+),/gm)].map(([, line]) => Number(line));
    expect(where).toEqual([2, 3, 4, 5]);
  });
});

describe("a Worker whose API is behind the gateway, as docs/package.md shows it", () => {
  let gateway: Gateway;

  beforeAll(async () => {
    const [, behind = ""] = /## Routes behind the gateway[\s\S]*?```ts\n([\s\S]*?)```/.exec(guide) ?? [];
    mkdirSync(join(installed.folder, "src/behind"));
    writeFileSync(join(installed.folder, "src/behind/index.ts"), behind);
    const toml = readFileSync(join(installed.folder, "wrangler.toml"), "utf8");
    const configPath = join(installed.folder, "behind.toml");
    writeFileSync(configPath, toml.replace("src/index.ts", "src/behind/index.ts"));
    gateway = await startGateway(
      { ROUTES: [{ path: "/me", auth: "token" }] },
      { configPath, originService: { name: "worker", entrypoint: "Api" } },
    );
    await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  });
  afterAll(() => gateway?.close());

  it("knows who asks, whatever the client says", async () => {
    const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
    const { access } = (await login.json()) as { access: string };
    const answer = await gateway.get("/me", access, { "X-User-Id": "1" });
    expect([answer.status, await answer.json()]).toEqual([200, { user: "7" }]);
    expect((await gateway.get("/me", undefined, { "X-User-Id": "1" })).status).toBe(401);
  });
});

describe("the Worker that README.md shows", () => {
  let gateway: Gateway;

  beforeAll(async () => {
    const readme = readFileSync(resolve(import.meta.dirname, "../../README.md"), "utf8");
    const [, shown = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    mkdirSync(join(installed.folder, "src/readme"));
    writeFileSync(join(installed.folder, "src/readme/index.ts"), shown);
    const toml = readFileSync(join(installed.folder, "wrangler.toml"), "utf8");
    const configPath = join(installed.folder, "readme.toml");
    // Settings of the environment would take the place of those in the code shown.
    const withoutRoutes = toml.replaceAll(/\[\[vars\.ROUTES\]\]\n(.+\n)+/g, "");
    writeFileSync(configPath, withoutRoutes.replace("src/index.ts", "src/readme/index.ts"));
    const originService = async () => new Response("reached");
    gateway = await startGateway({}, { configPath, originService });
    await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
    await gateway.env.DB.prepare("UPDATE users SET is_staff = 1 WHERE id = 7").run();
    await gateway.addUser({ id: 8, username: "bob", password: "battery staple" });
  });
  afterAll(() => gateway?.close());

  it("lets staff pass, by a claim of its own, and nobody else", async () => {
    const statusFor = async (username: string, password: string) => {
      const login = await gateway.post("/api/token/", { username, password });
      const { access } = (await login.json()) as { access: string };
      return (await gateway.get("/api/staff/", access)).status;
    };
    expect(await statusFor("ada", "correct horse")).toBe(200);
    expect(await statusFor("bob", "battery staple")).toBe(403);
    expect((await gateway.get("/api/other/")).status).toBe(404);
  });
});

describe("npx simplejwt-edge init, in an empty folder", () => {
  const within = "started";
  beforeAll(() => mkdirSync(join(installed.folder, within)));

  it("makes a Worker that passes deploy --dry-run, and says again what is next", async () => {
    const made = await installed.command(["init"], "", within);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(made.stdout).toMatch(/^Created wrangler\.toml\.\nCreated src\/index\.ts\.\n/);
    expect(made.stdout).toContain("\n../node_modules/simplejwt-edge/docs/package.md describes ");
    expect(existsSync(join(installed.folder, within, "../node_modules/simplejwt-edge/docs/package.md"))).toBe(true);
    const deployed = await installed.command(["deploy", "--dry-run"], "", within);
    expect(deployed.code, deployed.stderr).toBe(0);
    expect(deployed.stdout).toMatch(/^Settings: OK /m);
    expect(deployed.stdout).toMatch(/env\.DB \(started\)/);
    const again = await installed.command(["init"], "", within);
    expect(again.stdout).toMatch(
      /^Kept wrangler\.toml: nothing is missing\.\nKept src\/index\.ts: nothing is missing\.\n/,
    );
    expect(again.stdout).not.toContain("Created");
  });

  it("needs neither wrangler nor a network to explain itself", async () => {
    const help = await installed.command(["init", "--help"], "", "/");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toMatch(/^npx simplejwt-edge init\n/);
  });
});

describe("npx simplejwt-edge", () => {
  it("speaks of itself, not of the repository", async () => {
    const all = [["--help"], ["users", "--help"], ["keys", "--help"], ["deploy", "--help"]];
    const helps = [];
    for (const words of all) helps.push(await installed.hosted(words));
    for (const { code, stdout } of helps) {
      expect(code).toBe(0);
      expect(stdout).toMatch(/^npx simplejwt-edge /);
      expect(stdout).not.toMatch(/npm (run|start)/);
    }
    expect(helps[0]?.stdout).toMatch(/\n {2}init {16}make this folder a Worker with the gateway/);
    expect(helps[0]?.stdout).toMatch(/\n {2}deploy {14}check the settings/);
    const refused = await installed.hosted(["keys", "retire"]);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      "simplejwt-edge: KID is missing: npx simplejwt-edge keys retire KID\n",
    ]);
  });

  it("makes the key of local runs, and users, in the project around the shell's folder", async () => {
    const made = await installed.command(["keys", "generate", "--write"], "", "src");
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(made.stdout).toMatch(
      /^Created a key for HS256, .* are in \.dev\.vars\.\nNext:\n {2}1\. wrangler\.toml, under \[vars\]: KEY_ID = "[^"]+" {3}\(from \.dev\.vars, .*\)\n {2}2\. restart wrangler dev\n$/,
    );
    const devVars = join(installed.folder, ".dev.vars");
    expect(readFileSync(devVars, "utf8")).toMatch(/^SIGNING_KEY=/m);
    expect(statSync(devVars).mode & 0o077).toBe(0);
    const user = await installed.hosted(["createuser", "--username", "ada", "--no-input"], "correct horse");
    expect(user).toEqual({ code: 0, stdout: "Created user 'ada' in the local database.\n", stderr: "" });
    const listed = await installed.hosted(["users", "--json"]);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id: "1", username: "ada", is_staff: false }]);
    expect(existsSync(join(installed.folder, ".wrangler/state/v3/d1"))).toBe(true);
    expect(existsSync(join(installed.folder, "node_modules/simplejwt-edge/.wrangler"))).toBe(false);
  });

  it("says what is missing where there is no project", async () => {
    const { code, stderr } = await installed.command(["users"], "", "/");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^simplejwt-edge: There is no wrangler\.toml, wrangler\.jsonc, wrangler\.json in \/ or above\.\n$/,
    );
  });
});
