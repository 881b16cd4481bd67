// Whether the keys of the issuers in ISSUERS can be fetched as the Worker fetches them, and verify what the settings say.
// Must never send a token or a secret.
import type { IssuerSettings } from "../../src/settings/issuers.ts";
import type { Algorithm } from "../../src/settings/settings.ts";
import { discoverJwkSet, fetchJwkSet, metadataUrls } from "../../src/stores/jwk-set-source.ts";
import { importedKeys, usableKeys } from "../../src/tokens/jwk-set.ts";
import { type Finding, reporting } from "./findings.ts";
import { whyFailed } from "./over-http.ts";

/** Fetches the JWK Set of an issuer. */
export type LoadSet = (issuer: IssuerSettings) => Promise<unknown>;

/** As the Worker fetches it. */
export const loadSet: LoadSet = ({ issuer, keySource }) =>
  keySource.from === "jwks" ? fetchJwkSet(keySource.url) : discoverJwkSet(issuer);

/** One finding for each issuer whose keys are not in the settings. */
export const issuerFindings = (issuers: readonly IssuerSettings[], load: LoadSet): Promise<readonly Finding[]> =>
  Promise.all(issuers.filter(({ keySource }) => keySource.from !== "settings").map((issuer) => look(issuer, load)));

async function look(issuer: IssuerSettings, load: LoadSet): Promise<Finding> {
  const { place, algorithms } = issuer;
  const keys = reporting("issuers");
  const name = `${place} (${issuer.issuer})`;
  try {
    const without = await algorithmsWithoutKey(algorithms, await load(issuer));
    if (without.length === 0) return keys.ok(`The keys of ${name} can be fetched.`);
    if (without.length === algorithms.length) throw new TypeError("the JWK Set has no key that could verify");
    const todo = `Leave it out of ${place}.algorithms, unless the issuer is about to use it.`;
    return keys.warning(`${name} has no key for ${without.join(", ")}.`, todo);
  } catch (error) {
    return keys.error(`The keys of ${name} cannot be used: ${whyFailed(error)}`, whereToLook(issuer));
  }
}

/** The Worker imports a key when a token names it, and leaves out those that it cannot import, such as short ones. */
async function algorithmsWithoutKey(algorithms: readonly Algorithm[], set: unknown): Promise<readonly Algorithm[]> {
  const usable = usableKeys(set, algorithms, "unusable");
  const counts = await Promise.all(
    algorithms.map(async (algorithm) => {
      const keys = [...(usable.get(algorithm)?.values() ?? [])].flat();
      return (await importedKeys(keys, algorithm)).length;
    }),
  );
  return algorithms.filter((_, index) => counts[index] === 0);
}

function whereToLook({ place, issuer, keySource }: IssuerSettings): string {
  if (keySource.from === "jwks") return `See what the address in ${place}.jwks answers (curl -i).`;
  const [metadata] = metadataUrls(issuer);
  return `See what it answers: curl -i ${metadata} - its "issuer" has to be ${place}.issuer, character by character.`;
}
