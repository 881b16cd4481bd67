// News of revoked token ids in KV: key names, the 60 s floor of expirations, the memory of "not revoked".
// Must never be asked whether a token is good: KV is late by a minute or more and has no compare-and-set.
import { createHash } from "node:crypto";
import type { RevocationNews } from "./contract.ts";

/** KV refuses expirations nearer than 60 s; the rest is for clocks that differ and for the way to KV. */
const kvFloorSeconds = 90;
/** workerd takes no expiration beyond 2038, and a token that lives longer is still revoked until then. */
const kvCeilingSeconds = 2_147_483_647;
/** KV's keys have at most 512 bytes; ids are 32 characters unless somebody else made the token. */
const longestPlainId = 128;
/** How many "not revoked" an isolate remembers; the oldest go first. */
const rememberedAtMost = 10_000;

type KvLog = (event: "store_failed", fields: { readonly store: string; readonly error: string }) => void;

export function kvRevocations(kv: KVNamespace, rememberSeconds: number, log: KvLog): RevocationNews {
  const notRevokedUntil = new Map<string, number>();
  const failed = (error: unknown) =>
    log("store_failed", { store: "kv", error: error instanceof Error ? error.message : String(error) });
  return {
    async announce(jti, expiresAtSeconds, nowSeconds) {
      if (expiresAtSeconds <= nowSeconds) return;
      const expiration = Math.min(Math.max(expiresAtSeconds, nowSeconds + kvFloorSeconds), kvCeilingSeconds);
      const key = keyOf(jti);
      notRevokedUntil.delete(key);
      await kv.put(key, "1", { expiration }).catch(failed);
    },
    async isRevoked(jti, nowSeconds) {
      const key = keyOf(jti);
      const known = notRevokedUntil.get(key);
      if (known !== undefined && nowSeconds < known) return false;
      const found = await kv.get(key, { cacheTtl: 30 }).catch(failed);
      if (found === undefined) return undefined;
      if (found !== null) return true;
      remember(notRevokedUntil, key, nowSeconds + rememberSeconds);
      return false;
    },
    async ping() {
      return (await kv.get("ping").catch(failed)) !== undefined;
    },
  };
}

function keyOf(jti: string): string {
  if (jti.length <= longestPlainId && /^[\x20-\x7e]*$/.test(jti)) return `jti:${jti}`;
  return `jti-sha256:${createHash("sha256").update(jti, "utf8").digest("hex")}`;
}

function remember(memory: Map<string, number>, key: string, untilSeconds: number): void {
  memory.delete(key);
  memory.set(key, untilSeconds);
  const oldest = memory.size > rememberedAtMost ? memory.keys().next().value : undefined;
  if (oldest !== undefined) memory.delete(oldest);
}
