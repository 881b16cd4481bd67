// Plans what a new key, a rotation or a retirement changes in the secrets file, and by hand in wrangler.toml. Pure.
import type { Configuration } from "../../src/configuration.ts";
import { servedEndpoints } from "../../src/settings/derived.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { Failure } from "../shared/failure.ts";
import type { KeyPlace } from "./key-place.ts";
import { type NewKey, type RingEntry, ringEntry } from "./new-key.ts";
import type { Changes } from "./secrets-text.ts";

/** The changes to make. */
export interface KeyPlan {
  /** In the secrets file. */
  readonly changes: Changes;
  /** In wrangler.toml: settings by name; null for one to remove. */
  readonly byHand: Readonly<Record<string, string | null>>;
}

/** A new key, with `entries` as VERIFYING_KEYS. VERIFYING_KEY belongs to another key and is removed. */
export function planKey(place: KeyPlace, key: NewKey, entries?: readonly unknown[]): KeyPlan {
  const wanted: Record<string, string | undefined> = { SIGNING_KEY: key.signingKey, KEY_ID: key.kid };
  const byHand: Record<string, string | null> = {};
  if (entries) wanted.VERIFYING_KEYS = setText(entries);
  if ("VERIFYING_KEY" in place.secrets) wanted.VERIFYING_KEY = undefined;
  if ("VERIFYING_KEY" in place.vars) {
    if (place.isLocal) wanted.VERIFYING_KEY = "";
    else byHand.VERIFYING_KEY = null;
  }
  const now = place.secrets.ALGORITHM ?? place.vars.ALGORITHM ?? "HS256";
  if (now !== key.algorithm) {
    // A deployed Worker has it as a var, which `npm run deploy` checks at every deploy.
    if (place.isLocal || "ALGORITHM" in place.secrets) wanted.ALGORITHM = key.algorithm;
    else byHand.ALGORITHM = key.algorithm;
  }
  return movedByHand(place, { changes: wanted, byHand });
}

/** Cloudflare accepts a name only once: a var of a deployed Worker cannot be a secret as well. */
function movedByHand(place: KeyPlace, { changes, byHand }: KeyPlan): KeyPlan {
  if (place.isLocal) return { changes, byHand };
  const moved = Object.entries(changes).filter(([name]) => name in place.vars && !(name in place.secrets));
  const rest = Object.entries(changes).filter((entry) => !moved.includes(entry));
  const secretVar = moved.find(([name]) => name === "SIGNING_KEY" || name === "VERIFYING_KEYS");
  if (secretVar) {
    throw new Failure(`${secretVar[0]} is a var in wrangler.toml: move it to ${place.name} first, as a secret.`);
  }
  const more = Object.fromEntries(moved.map(([name, value]) => [name, value ?? null]));
  return { changes: Object.fromEntries(rest), byHand: { ...byHand, ...more } };
}

/** The current key becomes the first of VERIFYING_KEYS; `key` signs, and is removed from there if it was published before. */
export function planRotation(
  place: KeyPlace,
  now: Configuration,
  key: NewKey,
  nowSeconds: number,
): KeyPlan & { readonly old: RingEntry } {
  const old = ringEntry(now.settings, now.keys, nowSeconds);
  const others = (now.settings.VERIFYING_KEYS ?? []).filter((entry) => entry.kid !== key.kid && entry.kid !== old.kid);
  return { ...planKey(place, key, [old, ...others]), old };
}

/** VERIFYING_KEYS with these entries. */
export function planRing(place: KeyPlace, entries: readonly unknown[]): KeyPlan {
  return movedByHand(place, { changes: { VERIFYING_KEYS: setText(entries) }, byHand: {} });
}

/** JSON text that can be put in single quotes. */
const setText = (keys: readonly unknown[]): string => JSON.stringify({ keys }).replaceAll("'", "\\u0027");

/** When the last token signed by the current key has expired. */
export function retireAtSeconds(settings: Settings, nowSeconds: number): number {
  const sliding = servedEndpoints(settings).includes("sliding");
  const { ACCESS_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME, SLIDING_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME } =
    settings;
  const lifetimes = sliding ? [SLIDING_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME] : [];
  return nowSeconds + Math.max(ACCESS_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME, ...lifetimes) + settings.LEEWAY;
}
