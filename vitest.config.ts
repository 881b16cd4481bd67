// Two projects: units in workerd, where they will run; everything that needs Node (processes, files, real sockets) in Node.
import { readFileSync } from "node:fs";
import { URL as NodeURL } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

process.env.SIGNING_KEY ??= "unit-tests-only-".repeat(4); // wrangler warns about a required secret that is missing
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
process.env.WRANGLER_SEND_METRICS = "false";
process.env.WRANGLER_HIDE_BANNER = "true";

const schema = readFileSync(new NodeURL("./schema.sql", import.meta.url), "utf8");
const inNode = [
  "test/architecture.test.ts",
  "test/scripts/**/*.test.ts",
  "test/worker/**/*.test.ts",
  "test/security/**/*.test.ts",
  "test/docs/**/*.test.ts",
  "test/bench/**/*.test.ts",
  // Node signs with every algorithm; workerd's node:crypto does not.
  "test/tokens/codec-and-node.test.ts",
];

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/count-reporter.ts"],
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { TEST_SCHEMA: schema, SIGNING_KEY: "unit-tests-only-".repeat(4) } },
          }),
        ],
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: inNode,
          setupFiles: ["test/support/production-limits.ts", "test/support/apply-schema.ts"],
          // Property tests on a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "node",
          include: inNode,
          globalSetup: ["test/support/bundle-once.ts"],
          pool: "forks",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
