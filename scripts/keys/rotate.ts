// Rotates the signing key, in one step or in two, so that all tokens stay valid.
// Must never lose a key: what verifies before verifies afterwards.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { type Algorithm, algorithms } from "../../src/settings/settings.ts";
import { readKeys } from "../../src/tokens/keys.ts";
import { parseSecrets } from "../configuration/wrangler-flags.ts";
import { Failure, usage } from "../shared/failure.ts";
import { isoTime } from "../shared/terminal.ts";
import { carryOut, needFile, say } from "./carry-out.ts";
import { configurationAt, type KeyPlace, nameOf } from "./key-place.ts";
import { type NewKey, newKey, ringEntry } from "./new-key.ts";
import { planRing, planRotation, retireAtSeconds } from "./plan-keys.ts";
import { replaceFile } from "./replace-file.ts";
import { secretLines } from "./secrets-text.ts";

/** The input of a rotation. */
export interface Rotation {
  readonly place: KeyPlace;
  /** Undefined for the current one. */
  readonly algorithm: Algorithm | undefined;
  readonly nowSeconds: number;
}

const nextPathOf = (place: KeyPlace): string => `${place.path}.next`;

/** A new key signs, or the one that publishFirst() created; the current key keeps verifying. */
export async function rotate({ place, algorithm, nowSeconds }: Rotation): Promise<void> {
  needFile(place);
  const now = await configurationAt(place);
  const nextPath = nextPathOf(place);
  const published = existsSync(nextPath) ? readNextKey(nextPath) : undefined;
  if (published && algorithm && algorithm !== published.algorithm) {
    throw new Failure(`${nameOf(nextPath)} has a key for ${published.algorithm}. Run this without --alg to use it.`);
  }
  const key = published ?? newKey(algorithm ?? now.settings.ALGORITHM, nowSeconds);
  const plan = planRotation(place, now, key, nowSeconds);
  const lines = await carryOut(place, plan, nowSeconds);
  if (published) rmSync(nextPath);
  const until = isoTime(retireAtSeconds(now.settings, nowSeconds));
  say([
    `${place.name}: SIGNING_KEY is now a new key for ${key.algorithm}, kid ${key.kid}.`,
    `The previous key (${now.settings.ALGORITHM}, kid ${plan.old.kid}) is in VERIFYING_KEYS, so its tokens stay valid.`,
    `It can be retired after ${until}${place.isLocal ? "" : " (counted from now; count from the deploy)"}:`,
    `  npm run manage -- keys retire ${plan.old.kid}${place.isLocal ? "" : ` --secrets-file ${place.name}`}`,
    ...lines,
  ]);
}

/** The first of two steps: creates the next key, whose public key others can fetch before it signs anything. */
export async function publishFirst({ place, algorithm, nowSeconds }: Rotation): Promise<void> {
  needFile(place);
  const now = await configurationAt(place);
  const nextPath = nextPathOf(place);
  if (existsSync(nextPath)) throw new Failure(`${nameOf(nextPath)} already exists: keys rotate uses it.`);
  const next = newKey(algorithm ?? now.settings.ALGORITHM, nowSeconds);
  if (next.algorithm.startsWith("HS"))
    throw usage(`A secret cannot be published: rotate to ${next.algorithm} in one step.`);
  const nextSettings = { ...now.settings, ALGORITHM: next.algorithm, SIGNING_KEY: next.signingKey, KEY_ID: next.kid };
  const { keys } = await readKeys({ ...nextSettings, VERIFYING_KEY: "" });
  if (!keys) throw new Failure("the new key cannot be read.");
  const { algorithm: ALGORITHM, kid: KEY_ID, signingKey: SIGNING_KEY } = next;
  replaceFile(nextPath, secretLines({ ALGORITHM, KEY_ID, SIGNING_KEY }), nowSeconds);
  const plan = planRing(place, [...(now.settings.VERIFYING_KEYS ?? []), ringEntry(nextSettings, keys, nowSeconds)]);
  const done = await carryOut(place, plan, nowSeconds).catch((error: unknown) => {
    rmSync(nextPath);
    throw error;
  });
  say([
    `The next key (${next.algorithm}, kid ${next.kid}) is in ${nameOf(nextPath)}; its public half is in VERIFYING_KEYS.`,
    "When everything that reads /.well-known/jwks.json has it (it may be cached for 5 minutes), run keys rotate with the same flags.",
    ...done,
  ]);
}

/** The key that --publish-first created. */
function readNextKey(path: string): NewKey {
  const { ALGORITHM, KEY_ID, SIGNING_KEY } = parseSecrets(readFileSync(path, "utf8"));
  const algorithm = algorithms.find((name) => name === ALGORITHM);
  if (!algorithm || !KEY_ID || !SIGNING_KEY) throw new Failure(`${nameOf(path)} is not what --publish-first wrote.`);
  return { algorithm, kid: KEY_ID, signingKey: SIGNING_KEY };
}
