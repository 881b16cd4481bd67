// scripts/init/: a new Worker with the gateway, and what a Worker that exists is told to add. Files are never overwritten.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parse } from "smol-toml";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { init } from "../../scripts/init/init.ts";
import { planInit } from "../../scripts/init/plan.ts";

let folder = "";
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "simplejwt-edge-init-")), "my-gateway");
  mkdirSync(folder);
});
afterEach(() => rmSync(dirname(folder), { recursive: true }));

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const read = (path: string): string => readFileSync(join(folder, path), "utf8");
const files = (): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();

/** Runs the command and gives what it printed. */
async function printed(argv: readonly string[] = []): Promise<string> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    expect(await init(argv, folder)).toBe(0);
    return log.mock.calls.flat().join("\n");
  } finally {
    log.mockRestore();
  }
}

const PACKAGE_JSON = JSON.stringify({
  dependencies: { "simplejwt-edge": "file:x.tgz" },
  devDependencies: { wrangler: "4", typescript: "7", "@cloudflare/workers-types": "5" },
});
const ENTRY = "export default { fetch: () => new Response() };\n";
const all = ["wrangler.toml", "src/index.ts", "tsconfig.json", ".gitignore"];

describe("init in an empty folder", () => {
  it("writes the files of examples/package and a key, and says what is next", async () => {
    const said = await printed();
    expect(files()).toEqual([".dev.vars", ".gitignore", "src/index.ts", "tsconfig.json", "wrangler.toml"]);
    const example = resolve(import.meta.dirname, "../../examples/package");
    for (const path of all) expect(read(path)).toBe(readFileSync(join(example, path), "utf8"));
    expect(said).toMatch(`Created wrangler.toml.
Created src/index.ts.
Created tsconfig.json.
Created .gitignore.
Created .dev.vars, with a new SIGNING_KEY for local use.

Next:
  1. npm install FILE_OR_URL    the tarball or git URL of simplejwt-edge
  2. npm install --save-dev wrangler typescript @cloudflare/workers-types
  3. Set ORIGIN_URL in wrangler.toml to the address of your API.
  4. npx simplejwt-edge check
  5. npx simplejwt-edge createsuperuser
  6. npx wrangler dev
`);
  });

  it("makes a key of its own that only the owner can read, and does not print it", async () => {
    const said = await printed();
    const [, key = ""] = /^SIGNING_KEY=([\w-]{64})$/m.exec(read(".dev.vars")) ?? [];
    expect(key).toHaveLength(64);
    expect(said).not.toContain(key);
    expect(statSync(join(folder, ".dev.vars")).mode & 0o077).toBe(0);
    rmSync(join(folder, ".dev.vars"));
    await printed();
    expect(read(".dev.vars")).not.toContain(key);
  });

  it("names the Worker after the folder, in the letters that Cloudflare takes", async () => {
    folder = join(dirname(folder), "Čokoláda & Co. (API)");
    mkdirSync(folder);
    await printed();
    expect(parse(read("wrangler.toml"))).toMatchObject({
      name: "okol-da-co-api",
      d1_databases: [{ database_name: "okol-da-co-api" }],
    });
  });

  it("leaves out of the list what package.json has", async () => {
    write("package.json", PACKAGE_JSON);
    const said = await printed();
    expect(said).not.toContain("npm install");
    expect(said).toContain("\n  1. Set ORIGIN_URL in wrangler.toml");
  });
});

describe("init, run again,", () => {
  it("changes nothing and finds nothing missing", async () => {
    await printed();
    const before = [...all, ".dev.vars"].map(read);
    const said = await printed();
    expect([...all, ".dev.vars"].map(read)).toEqual(before);
    expect(said.match(/^(Created|Kept) .*/gm)).toEqual([
      "Kept wrangler.toml: nothing is missing.",
      "Kept src/index.ts: nothing is missing.",
      "Kept tsconfig.json: nothing is missing.",
      "Kept .gitignore: nothing is missing.",
      "Kept .dev.vars: nothing is missing.",
    ]);
  });

  it("finds nothing missing when settings were changed, removed or moved into code, and no longer asks for ORIGIN_URL", async () => {
    await printed();
    const changed = read("wrangler.toml").replace(/^# (ORIGIN_URL)/m, "$1");
    write("wrangler.toml", changed.replace(/^(ROTATE|IDENTITY)_.*\n/gm, ""));
    const said = await printed();
    expect(said).toContain("Kept wrangler.toml: nothing is missing.");
    expect(said).not.toContain("Set ORIGIN_URL");
  });

  it("writes only the file that was deleted", async () => {
    await printed();
    rmSync(join(folder, "tsconfig.json"));
    expect((await printed()).match(/^Created .*/gm)).toEqual(["Created tsconfig.json."]);
  });
});

describe("the last step", () => {
  const lastStep = (nodeVersion: string) =>
    planInit({ name: "x", files: new Map(), dependencies: [], key: "k", nodeVersion }).next.at(-1);

  it("is npx wrangler dev, and names the Node that wrangler needs where it is too old", () => {
    expect(lastStep("22.12.0")).toBe("npx wrangler dev");
    expect(lastStep("24.1.0")).toBe("npx wrangler dev");
    expect(lastStep("22.11.9")).toBe("npx wrangler dev    needs Node 22.12 or later; this is 22.11.9");
    expect(lastStep("20.20.2")).toBe("npx wrangler dev    needs Node 22.12 or later; this is 20.20.2");
  });
});

describe("init in a Worker that exists", () => {
  const TOML = `name = "shop"
main = "worker/main.ts"
compatibility_date = "2026-01-01"

[vars]
GREETING = "hello"

[triggers]
crons = ["0 0 * * *"]

[secrets]
required = ["STRIPE_KEY"]
`;

  it("changes no file, and prints the lines that each lacks", async () => {
    write("package.json", PACKAGE_JSON);
    write("wrangler.toml", TOML);
    write("worker/main.ts", ENTRY);
    write("tsconfig.json", "{}\n");
    write(".gitignore", "/node_modules\n.wrangler\n");
    write(".dev.vars", "STRIPE_KEY=sk_test\n");
    const said = await printed();
    expect(read("wrangler.toml")).toBe(TOML);
    expect(read("worker/main.ts")).toBe(ENTRY);
    expect(read("tsconfig.json")).toBe("{}\n");
    expect(read(".gitignore")).toBe("/node_modules\n.wrangler\n");
    expect(read(".dev.vars")).toBe("STRIPE_KEY=sk_test\n");
    expect(existsSync(join(folder, "src"))).toBe(false);
    expect(said).toMatch(`Kept wrangler.toml. Add to it:

    compatibility_flags = ["nodejs_compat"]

    # Settings. They take precedence over those in worker/main.ts, and the commands (npx simplejwt-edge) read only these.
    # under [vars], which is there:
    # ORIGIN_URL = "https://api.example.com"
    ACCESS_TOKEN_LIFETIME = "15m"
`);
    expect(said).toContain(`    # under [secrets], which is there:
    required = ["STRIPE_KEY", "SIGNING_KEY"]
`);
    expect(said).not.toContain("[triggers]");
    expect(said).toMatch(
      /^Kept worker\/main\.ts\. Add to it:\n\n {4}import \{ createGateway \} from "simplejwt-edge";$/m,
    );
    expect(said).toMatch(/^Kept tsconfig\.json\. Add to it:\n\n {4}"types": \["@cloudflare\/workers-types"\]/m);
    expect(said).toMatch(/^Kept \.gitignore\. Add to it:\n\n {4}\.dev\.vars\*\n {4}\.env\*\n\n/m);
    expect(said).toMatch(/^Kept \.dev\.vars\. Add to it:\n\n {4}a SIGNING_KEY: printf .* >> \.dev\.vars\n\n/m);
    expect(said).toContain("\n  1. Add the lines above to the files that were kept.\n");
  });

  it("prints lines with which nothing is missing", async () => {
    write("wrangler.toml", 'compatibility_date = "2026-10-01"\n');
    write("src/index.ts", ENTRY);
    const [, lines = ""] = /^Kept wrangler\.toml\. Add to it:\n\n([\s\S]*?)\n\nKept /m.exec(await printed()) ?? [];
    write("wrangler.toml", `compatibility_date = "2026-10-01"\n${lines}`);
    expect(parse(read("wrangler.toml"))).toMatchObject({ main: "src/index.ts", vars: { ROTATE_REFRESH_TOKENS: true } });
    write("src/index.ts", 'import { createGateway } from "simplejwt-edge";\n');
    expect(await printed()).toContain(
      "Kept wrangler.toml: nothing is missing.\nKept src/index.ts: nothing is missing.",
    );
  });

  it("prints JSON for wrangler.jsonc, whose comments it reads, and writes no wrangler.toml", async () => {
    write("wrangler.jsonc", '{\n  // the shop\n  "main": "./worker.js",\n  "compatibility_date": "2026-10-01"\n}\n');
    write("worker.js", ENTRY);
    const said = await printed();
    const [, json = ""] = /^Kept wrangler\.jsonc\. Add to it:\n\n([\s\S]*?)\n\nKept /m.exec(said) ?? [];
    const lines = JSON.parse(json);
    expect(Object.keys(lines)).toEqual(["vars", "secrets", "d1_databases", "kv_namespaces", "ratelimits", "triggers"]);
    expect(lines.vars).toMatchObject({
      ORIGIN_URL: "https://api.example.com",
      ROUTES: [{ path: "/api/public/*", auth: "public" }, { auth: "token" }, { path: "/*" }],
    });
    expect(files()).toEqual([".dev.vars", ".gitignore", "worker.js", "wrangler.jsonc"]);
    write("wrangler.jsonc", JSON.stringify({ main: "worker.js", compatibility_date: "2026-10-01", ...lines }));
    write("worker.js", 'import { createGateway } from "simplejwt-edge";\n');
    expect(await printed()).toContain("Kept wrangler.jsonc: nothing is missing.");
  });

  it("names the secrets of .dev.vars, which wrangler would no longer load once [secrets] names others", async () => {
    write("wrangler.toml", '[vars]\nMODE = "test"\n');
    write(".dev.vars", "STRIPE_KEY=sk_test\nMODE=local\nSIGNING_KEY=0123\nMAIL_KEY=x\n");
    expect(await printed()).toContain('    [secrets]\n    required = ["MAIL_KEY", "STRIPE_KEY", "SIGNING_KEY"]\n');
  });

  it("warns that the tables go into a database that is bound as DB", async () => {
    const warning = /wrangler\.toml binds DB already, and the gateway creates its tables there/;
    write("wrangler.toml", '[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\ndatabase_id = "1"\n');
    expect(await printed()).toMatch(warning);
    // By now, src/index.ts has the gateway.
    expect(await printed()).not.toMatch(warning);
  });

  it("asks for no ORIGIN_URL where a service is bound as ORIGIN", async () => {
    write("wrangler.toml", '[[services]]\nbinding = "ORIGIN"\nservice = "api"\n');
    expect(await printed()).not.toContain("ORIGIN_URL");
  });

  it.each([".env", ".env.local"])("makes no .dev.vars, which would hide what wrangler reads from %s", async (path) => {
    write(path, "STRIPE_KEY=sk_test\n");
    expect(await printed()).toContain(`Kept ${path}. Add to it:\n\n    a SIGNING_KEY: `);
    write(path, "STRIPE_KEY=sk_test\nSIGNING_KEY=0123\n");
    expect(await printed()).toContain(`Kept ${path}: nothing is missing.`);
    expect(existsSync(join(folder, ".dev.vars"))).toBe(false);
  });
});

describe("init refuses, and writes nothing,", () => {
  it("a configuration that cannot be read", async () => {
    write("wrangler.toml", "name = \n");
    await expect(init([], folder)).rejects.toThrow("wrangler.toml cannot be read: ");
    expect(files()).toEqual(["wrangler.toml"]);
  });

  it("a package.json that cannot be read", async () => {
    write("package.json", "{");
    await expect(init([], folder)).rejects.toThrow("package.json cannot be read: ");
    expect(files()).toEqual(["package.json"]);
  });

  it("words and flags that it does not know", async () => {
    await expect(init(["here"], folder)).rejects.toThrow("Unexpected word 'here'. See --help.");
    await expect(init(["--force"], folder)).rejects.toThrow("Unknown option '--force'. See --help.");
    expect(files()).toEqual([]);
  });

  it("to write through a link that leads nowhere", async () => {
    symlinkSync(join(dirname(folder), "elsewhere.toml"), join(folder, "wrangler.toml"));
    await expect(init([], folder)).rejects.toThrow("wrangler.toml cannot be written: EEXIST");
    expect(existsSync(join(dirname(folder), "elsewhere.toml"))).toBe(false);
  });
});

it("init --help says what is written, and that nothing is overwritten", async () => {
  const said = await printed(["--help"]);
  expect(said).toMatch(/^npx simplejwt-edge init\n/);
  for (const path of [...all, ".dev.vars"]) expect(said).toContain(`\n  ${path} `);
  expect(said).toContain("A file that exists is never changed");
  expect(files()).toEqual([]);
});
