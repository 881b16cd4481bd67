// What a new key, a rotation and a retirement change: in the file of secrets, and by hand in wrangler.toml.
// Must never touch a file.
import type { Configuration } from "../../src/configuration.ts";
import { servedEndpoints } from "../../src/settings/read.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { Failure } from "../shared/failure.ts";
import type { KeyPlace } from "./key-place.ts";
import { type NewKey, type RingEntry, ringEntry } from "./new-key.ts";
import type { Changes } from "./secrets-text.ts";

/** What is to be done. */
export interface KeyPlan {
  /** In the file. */
  readonly changes: Changes;
  /** In wrangler.toml: settings by name; null for one that has to go. */
  readonly byHand: Readonly<Record<string, string | null>>;
}

/** A new key where there was none, or with `entries` beside it. VERIFYING_KEY is another key's: it goes. */
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
    // A deployed Worker has it among its vars, where `npm run deploy` sees it at every deploy.
    if (place.isLocal || "ALGORITHM" in place.secrets) wanted.ALGORITHM = key.algorithm;
    else byHand.ALGORITHM = key.algorithm;
  }
  return movedByHand(place, { changes: wanted, byHand });
}

/** Cloudflare takes no name twice: what is a var of a deployed Worker cannot be a secret too. */
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

/** The key of now goes into the ring, in front; `key` signs, and leaves the ring if it was published there before. */
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

/** The ring with an entry more, at its end, or with one less. */
export function planRing(place: KeyPlace, entries: readonly unknown[]): KeyPlan {
  return movedByHand(place, { changes: { VERIFYING_KEYS: setText(entries) }, byHand: {} });
}

/** JSON text that single quotes may stand around. */
const setText = (keys: readonly unknown[]): string => JSON.stringify({ keys }).replaceAll("'", "\\u0027");

/** When the last token that an old key has signed by now is no longer good. */
export function retireAtSeconds(settings: Settings, nowSeconds: number): number {
  const sliding = servedEndpoints(settings).includes("sliding");
  const { ACCESS_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME, SLIDING_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME } =
    settings;
  const lifetimes = sliding ? [SLIDING_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME] : [];
  return nowSeconds + Math.max(ACCESS_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME, ...lifetimes) + settings.LEEWAY;
}
