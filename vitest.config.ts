// Five projects: units in workerd, where they will run; those of them that mock a module; those that let D1 fail;
// everything that needs Node (processes, files, real sockets) in Node; of that, what takes long.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath, URL as NodeURL } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { quietRuntime } from "./test/support/quiet-runtime.ts";

quietRuntime();
process.env.SIGNING_KEY ??= "unit-tests-only-".repeat(4); // wrangler warns about a required secret that is missing
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
process.env.WRANGLER_SEND_METRICS = "false";
process.env.WRANGLER_HIDE_BANNER = "true";
// Tests start wrangler and the project's own commands many times over: compiled once, they start faster.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new NodeURL("node_modules/.cache/compiled", import.meta.url));

const pathOf = (path: string) => fileURLToPath(new NodeURL(path, import.meta.url));
const textOf = (path: string) => readFileSync(new NodeURL(path, import.meta.url), "utf8");

/** In workerd a password is hashed once: see the file that takes the place of node:crypto. */
const rememberingScrypt = {
  name: "remembering-scrypt",
  enforce: "pre" as const,
  transform: (code: string, id: string) =>
    id.endsWith("/src/users/hashers/scrypt.ts")
      ? code.replace('from "node:crypto"', `from ${JSON.stringify(pathOf("test/support/remembering-scrypt.ts"))}`)
      : undefined,
};

const inNode = [
  "test/architecture.test.ts",
  "test/scripts/**/*.test.ts",
  "test/worker/**/*.test.ts",
  "test/security/**/*.test.ts",
  "test/docs/**/*.test.ts",
  "test/bench/**/*.test.ts",
  "test/client/**/*.test.ts",
  "test/faults/table.test.ts",
  "test/fuzz/commands.test.ts",
  "test/soak/**/*.test.ts",
  // Node signs with every algorithm; workerd's node:crypto does not.
  "test/tokens/codec-and-node.test.ts",
];

/** What installs packages and opens local databases over and over: `npm run test:installed`, which .ci/run runs too. */
const installed = [
  "test/worker/package.test.ts",
  "test/scripts/local-database.test.ts",
  "test/scripts/session-databases-local.test.ts",
];

/** What lets each round trip to D1 fail, one after the other: `npm run test:faults`. */
const faults = ["test/faults/d1.test.ts"];

/** For what hangs alone: a machine that others use can be ten times slower, and no test is about its speed. */
const patience = { testTimeout: 300_000, hookTimeout: 300_000 };

/** A module that is loaded already cannot be mocked: these files do not share a Worker with others. */
const mocking = readdirSync(new NodeURL("test", import.meta.url), { recursive: true, encoding: "utf8" })
  .map((path) => `test/${path}`)
  .filter((path) => path.endsWith(".test.ts") && /^vi\.mock\(/m.test(textOf(path)));

/**
 * Packages that are all of one piece in workerd. Vitest runs each module by itself and slows every call from one to
 * another: 600,000 rounds of PBKDF2 in JavaScript took seven times as long as in a Worker.
 */
const bundled = {
  enabled: true,
  include: [
    ...["argon2", "blake2", "legacy", "pbkdf2", "sha2"].map((name) => `@noble/hashes/${name}.js`),
    ...["bcryptjs", "fast-check", "hono/hono-base", "hono/router/trie-router", "jose"],
  ],
  rolldownOptions: { output: { codeSplitting: { groups: [{ name: "packages", test: /node_modules/ }] } } },
};

/** @param isolate whether each file gets a Worker of its own: starting one takes longer than most files do */
const inWorkerd = (name: string, isolate: boolean, include: string[], exclude: string[]) => ({
  plugins: [
    rememberingScrypt,
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          TEST_SCHEMA: textOf("schema.sql"),
          TEST_SESSIONS_SCHEMA: textOf("sessions.sql"),
          SIGNING_KEY: "unit-tests-only-".repeat(4),
        },
        d1Databases: ["SESSIONS_1", "SESSIONS_2", "SESSIONS_3"],
      },
    }),
  ],
  test: {
    name,
    isolate,
    deps: { optimizer: { ssr: bundled } },
    include,
    exclude,
    setupFiles: [
      "test/support/restore-globals.ts",
      "test/support/production-limits.ts",
      "test/support/fresh-stores.ts",
    ],
    ...patience,
  },
});

const inNodeProject = (name: string, files: { readonly include: string[]; readonly exclude?: string[] }) => ({
  test: {
    name,
    ...files,
    globalSetup: ["test/support/bundle-once.ts"],
    setupFiles: [
      "test/support/faster-miniflare.ts",
      "test/support/restore-globals.ts",
      "test/support/restore-environment.ts",
    ],
    pool: "forks" as const,
    // Loading Vitest, Miniflare and wrangler takes longer than most files do.
    isolate: false,
    ...patience,
  },
});

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/count-reporter.ts"],
    // Vitest would leave one core to itself, which on two is half of them.
    maxWorkers: "100%",
    projects: [
      inWorkerd("unit", false, ["test/**/*.test.ts"], [...inNode, ...mocking, ...faults]),
      inWorkerd("mocks", true, mocking, inNode),
      inWorkerd("faults", false, faults, inNode),
      inNodeProject("node", { include: inNode, exclude: installed }),
      inNodeProject("installed", { include: installed }),
    ],
  },
});
