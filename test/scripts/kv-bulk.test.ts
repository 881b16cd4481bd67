// scripts/database/kv-bulk.ts: many entries of the deployed KV namespace in one file for wrangler.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { collectKv } from "../../scripts/database/kv-bulk.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { kvRevocationCache } from "../../src/stores/kv/revocations.ts";

const finished = { exitCode: 0, stdout: "", stderr: "" };

it("hands over all entries in one file, and none a second time", async () => {
  const calls: unknown[] = [];
  const { kv, flush } = collectKv("staging", async (args) => {
    calls.push([
      args.filter((word) => !word.endsWith("entries.json")),
      JSON.parse(readFileSync(String(args[3]), "utf8")),
    ]);
    return finished;
  });
  const cache = kvRevocationCache(kv, 0, () => {});
  await cache.announceUser({ column: "id", value: "7" }, 1000, 2_000_000_000, 999);
  await cache.announceUser({ column: "id", value: "8" }, 1000, 2_000_000_000, 999);
  await flush();
  await flush();
  expect(calls).toEqual([
    [
      ["kv", "bulk", "put", "--binding", "BLACKLIST", "--remote", "--env", "staging"],
      [
        { key: "user:7", value: "1000", expiration: 2_000_000_000 },
        { key: "user:8", value: "1000", expiration: 2_000_000_000 },
      ],
    ],
  ]);
});

it("fails with what wrangler says", async () => {
  const { kv, flush } = collectKv(undefined, async () => ({ ...finished, exitCode: 1, stderr: "no such namespace" }));
  await kv.put("a", "1", { expiration: 2_000_000_000 });
  await expect(flush()).rejects.toThrow(new Failure("no such namespace"));
});
