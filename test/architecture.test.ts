// The import and power tables of ARCHITECTURE.md hold, and would be seen not to.
import { readdirSync, readFileSync } from "node:fs";
import { URL } from "node:url";
import { describe, expect, it } from "vitest";
import { breachesOf, toolBreachesOf } from "./support/architecture.ts";

const root = new URL("../src/", import.meta.url);
/** What browsers are sent, as constants: no code of the Worker. test/scripts/page-texts.test.ts holds it to its sources. */
const generated = "pages/texts.ts";
const sources = new Map(
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts") && file !== generated)
    .map((file) => [file, readFileSync(new URL(file, root), "utf8")] as const),
);

const head = "// What it is for.\n// Must never do harm.\n";
/** The breaches that appear when one file is added or changed. */
function planted(file: string, text: string): string[] {
  return breachesOf(new Map([...sources, [file, head + text]]));
}

describe("src/", () => {
  it("has the files that the rules are about", () => {
    expect(sources.size).toBeGreaterThan(50);
    expect([...sources.keys()]).toContain("proxy/forward.ts");
  });
  it("keeps every rule of the house", () => {
    expect(breachesOf(sources)).toEqual([]);
  });
});

/** Files that are evaluated when the Worker starts: reached from index.ts without `import()`. */
function evaluatedAtStart(file = "index.ts", seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = (sources.get(file) ?? "").matchAll(/^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)"/gm);
  for (const [, target = ""] of imports) {
    evaluatedAtStart(new URL(target, `file:///${file}`).pathname.slice(1), seen);
  }
  return seen;
}

describe("at its start the Worker", () => {
  const atStart = [...evaluatedAtStart()];
  it("evaluates what every request needs", () => {
    expect(atStart).toContain("proxy/forward.ts");
    expect(atStart).toContain("users/hashers/pbkdf2.ts");
  });
  it("leaves the code of rare password formats for when one is met", () => {
    const heavy = /^import .* from "(@noble\/hashes|bcryptjs)/m;
    expect(
      [...sources]
        .filter(([, text]) => heavy.test(text))
        .map(([file]) => file)
        .sort(),
    ).toEqual(["users/hashers/argon2-tag.ts", "users/hashers/scripted-pbkdf2.ts"]);
    expect(atStart.filter((file) => heavy.test(sources.get(file) ?? ""))).toEqual([]);
  });
});

describe("breachesOf()", () => {
  it("names a flow that imports a concrete store", () => {
    expect(planted("sessions/planted.ts", 'import { d1Users } from "../stores/d1/users.ts";\n')).toEqual([
      "sessions/planted.ts: may not import stores/d1/users.ts",
    ]);
  });
  it("names an endpoint that imports the gateway, even for a type", () => {
    expect(planted("api/planted.ts", 'import type { Rule } from "../proxy/routes/policy.ts";\n')).toEqual([
      "api/planted.ts: may not import proxy/routes/policy.ts",
    ]);
  });
  it("names a lazy import across folders", () => {
    expect(planted("tokens/planted.ts", 'export const later = () => import("../users/user.ts");\n')).toEqual([
      "tokens/planted.ts: may not import users/user.ts",
    ]);
  });
  it("names a fetch outside the one file that may", () => {
    expect(planted("sessions/planted.ts", 'export const go = () => fetch("https://example.com");\n')).toEqual([
      "sessions/planted.ts: may not touch fetch",
    ]);
  });
  it.each([
    ["jose", 'import { jwtVerify } from "jose";\n'],
    ["hono", 'import { Hono } from "hono";\n'],
    ["the clock", "export const now = () => Date.now();\n"],
    ["randomness", "export const id = () => crypto.randomUUID();\n"],
    ["console", 'export const say = () => console.log("x");\n'],
    ["D1", "export type Db = D1Database;\n"],
    ["KV", "export type Kv = KVNamespace;\n"],
    ["rate limits", "export type Limit = RateLimit;\n"],
    ["password hashing", 'import { scryptSync } from "node:crypto";\nexport const hash = scryptSync;\n'],
    ["the environment", 'import { env } from "cloudflare:workers";\nexport const one = env;\n'],
  ])("names a flow that touches %s", (power, text) => {
    expect(planted("sessions/planted.ts", text)).toEqual([`sessions/planted.ts: may not touch ${power}`]);
  });
  it.each([
    ["in a map", "export const known = () => new Map<string, Promise<CryptoKey | undefined>>();\n"],
    ["in a weak map", "const built = new WeakMap<object, Promise<number | undefined>>();\nexport const one = built;\n"],
    ["in a map of objects", "export type Known = Map<string, { readonly key: Promise<string> }>;\n"],
    ["in a list", "export type Known = Array<Promise<string>>;\n"],
    ["in a field", "export interface Memory {\n  loading: Promise<void> | undefined;\n}\n"],
    ["in an optional field", "export interface Memory {\n  readonly loading?: Promise<void>;\n}\n"],
    ["in a field of two types", "export interface Memory {\n  loading: undefined | Promise<void>;\n}\n"],
    [
      "in a variable",
      "export function memo() {\n  let loading: Promise<void> | undefined;\n  return () => loading;\n}\n",
    ],
    ["of the module", 'export const later = import("./planted-too.ts");\n'],
    ["once it is made", "export const memo = (memory: { one?: unknown }) => (memory.one ??= Promise.resolve(1));\n"],
  ])("names a promise that is kept %s", (_where, text) => {
    expect(planted("tokens/planted.ts", text)).toEqual([
      "tokens/planted.ts: keeps a promise, which another request could come to await",
    ]);
  });
  it("lets functions give promises, in maps and fields too", () => {
    const text = `export interface Made {
  readonly find: (kid: string) => Promise<number>;
  run(one: string): Promise<void>;
  readonly byName: Map<string, number>;
}
export const made = new Map<string, (name: string) => Promise<void>>();
export async function lasting(): Promise<void> {}
`;
    expect(planted("tokens/planted.ts", text)).toEqual([]);
  });
  it("names a cycle", () => {
    expect(
      planted("tokens/claims.ts", 'import { check } from "./check.ts";\nexport const claim = check;\n'),
    ).toContainEqual(expect.stringMatching(/is in a cycle: .*tokens\/claims\.ts/));
  });
  it("names a file that is too long, one without a heading, a barrel, a class, module state, a default export", () => {
    expect(planted("http/planted.ts", `${"\n".repeat(299)}export const x = 1;\n`)).toEqual([
      "http/planted.ts: has 302 lines, more than 300",
    ]);
    expect(breachesOf(new Map([["http/planted.ts", "export const x = 1;\n"]]))).toEqual([
      "http/planted.ts: does not begin with a line that says what it is for",
    ]);
    expect(planted("http/planted.ts", 'export { answerJson } from "./answer.ts";\n')).toEqual([
      "http/planted.ts: is a barrel: it exports what another file has",
    ]);
    expect(planted("http/planted.ts", 'export type { Language } from "./language.ts";\n')).toEqual([
      "http/planted.ts: is a barrel: it exports what another file has",
    ]);
    expect(planted("http/planted.ts", "export class Planted {}\n")).toEqual(["http/planted.ts: has a class"]);
    expect(planted("http/planted.ts", "let count = 0;\nexport const next = () => count++;\n")).toEqual([
      "http/planted.ts: has mutable module state",
    ]);
    expect(planted("http/planted.ts", "export default 1;\n")).toEqual(["http/planted.ts: has a default export"]);
  });
  it("names a folder that has no row in the table", () => {
    expect(planted("utils/planted.ts", "export const x = 1;\n")).toEqual([
      "utils/planted.ts: no row in the import table for utils",
    ]);
  });
});

describe("scripts/ and bench/", () => {
  const project = new URL("../", import.meta.url);
  const tools = new Map(
    ["scripts", "bench"].flatMap((folder) =>
      readdirSync(new URL(folder, project), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => [`${folder}/${file}`, readFileSync(new URL(`${folder}/${file}`, project), "utf8")] as const),
    ),
  );
  const planted = (file: string, text: string) => toolBreachesOf(new Map([...tools, [file, text]]));

  it("import in one direction, and nothing from test/support", () => {
    expect(tools.size).toBeGreaterThan(100);
    expect(toolBreachesOf(tools)).toEqual([]);
  });
  it.each([
    ["scripts/shared", 'import { craft } from "../../test/support/craft.ts";', "test/support/craft.ts"],
    ["bench", 'const { craft } = await import("../test/support/craft.ts");', "test/support/craft.ts"],
    ["scripts/explain", 'import { commands } from "../manage/commands.ts";', "scripts/manage/commands.ts"],
    ["scripts/shared", 'import type { A } from "../../src/settings/settings.ts";', "src/settings/settings.ts"],
  ])("may not, in %s: %s", (folder, text, target) => {
    expect(planted(`${folder}/stray.ts`, text)).toEqual([`${folder}/stray.ts: may not import ${target}`]);
  });
  it("need a row in the table for each folder", () => {
    expect(planted("scripts/stray/stray.ts", "")).toEqual([
      "scripts/stray/stray.ts: no row in the import table for scripts/stray",
    ]);
  });
  it("may not be in a cycle", () => {
    const changed = new Map([
      ...tools,
      ["bench/one.ts", 'import "./other.ts";'] as const,
      ["bench/other.ts", 'import type { One } from "./one.ts";'] as const,
    ]);
    expect(toolBreachesOf(changed)).toEqual([
      "bench/one.ts: is in a cycle: bench/one.ts → bench/other.ts → bench/one.ts",
    ]);
  });
});
