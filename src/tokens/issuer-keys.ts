// The keys of the issuers of ISSUERS: those that stand in the settings, or a source that is fetched.
// Must never take a private or a secret key, nor put a byte of one into an error.
import { refuse } from "../errors.ts";
import type { IssuerSettings } from "../settings/issuers.ts";
import type { Algorithm } from "../settings/settings.ts";
import { algorithmNamed, spellingsOf } from "./algorithms.ts";
import { mostTries, publicEntry, unfitError } from "./key-ring.ts";
import type { KeySource, RingKey } from "./keys.ts";
import type { ChooseKeys } from "./trusted-issuer.ts";

/** The keys of an issuer, or where they are to be fetched. */
export interface IssuerWithKeys extends IssuerSettings {
  /** Empty where keys are fetched. */
  readonly ring: readonly RingKey[];
}

/** `issuers` is to be used only while `errors` is empty. */
export interface IssuerKeysReading {
  readonly issuers: readonly IssuerWithKeys[];
  readonly errors: readonly string[];
}

/** Reads the keys that stand in the settings. */
export async function readIssuerKeys(issuers: readonly IssuerSettings[]): Promise<IssuerKeysReading> {
  const errors: string[] = [];
  const read: IssuerWithKeys[] = [];
  for (const issuer of issuers) read.push({ ...issuer, ring: await ringOf(issuer, errors) });
  return { issuers: read, errors };
}

async function ringOf({ place, keySource, algorithms }: IssuerSettings, errors: string[]): Promise<readonly RingKey[]> {
  const ring: RingKey[] = [];
  if (keySource.from !== "settings") return ring;
  const { jwks } = keySource;
  for (const [index, entry] of jwks.entries()) {
    const reading = await readKey(entry, algorithms, jwks.length === 1, ring);
    if ("error" in reading) errors.push(`${place}.keys: key ${index + 1} ${reading.error}.`);
    else ring.push(reading.key);
  }
  return ring;
}

/** The id of the only key of an issuer that has none: no token can name it. */
const withoutId = "";

/** @param ring the keys before it */
async function readKey(
  entry: Readonly<Record<string, unknown>>,
  algorithms: readonly Algorithm[],
  isOnlyKey: boolean,
  ring: readonly RingKey[],
): Promise<{ readonly key: RingKey } | { readonly error: string }> {
  if (entry.kty === "oct") return { error: "is a secret: whoever can check tokens with it can make them" };
  const unfit = unfitError(entry);
  if (unfit !== undefined) return { error: unfit };
  const kid = entry.kid ?? (isOnlyKey ? withoutId : undefined);
  if (typeof kid !== "string" || (kid === "" && entry.kid !== undefined && entry.kid !== null)) {
    return { error: "needs a kid, a non-empty string, unless it is the only key" };
  }
  if (ring.some((other) => other.kid === kid)) return { error: "has the kid of an earlier one" };
  const alg = (entry.alg ?? null) === null && algorithms.length === 1 ? algorithms[0] : algorithmNamed(entry.alg);
  if (alg === undefined || !algorithms.includes(alg)) return { error: `needs an alg, one of ${algorithms.join(", ")}` };
  const reading = await publicEntry(entry, kid, alg);
  return "error" in reading ? reading : { key: reading.key };
}

/**
 * Chooses among the keys of the issuer alone, for tokens of an algorithm that was found to be accepted. Fetched: by the
 * `kid`, as PyJWKClient does. In the settings: by the `kid`, and for tokens without one those of their algorithm, four at
 * most. One key without a `kid` is for all.
 */
export function chooseKeys(ring: readonly RingKey[], source: KeySource | undefined): ChooseKeys {
  if (source) return ({ alg, kid }, nowSeconds) => source.find(kid, nowSeconds, algorithmNamed(alg));
  return (header) => {
    const fits = ring.filter(({ alg }) => spellingsOf(alg).includes(header.alg ?? ""));
    const [only] = ring;
    if (!Object.hasOwn(header, "kid") || only?.kid === withoutId) {
      return fits.length > 0 ? fits.slice(0, mostTries).map(({ key }) => key) : refuse("token_algorithm_other");
    }
    if (typeof header.kid !== "string") refuse("token_header_unusable");
    const named = ring.find(({ kid }) => kid === header.kid);
    if (!named) refuse("token_key_unknown");
    return fits.includes(named) ? [named.key] : refuse("token_algorithm_other");
  };
}
