// Whether the token that opens the route was ended, as the Worker asks, and by what.
// Must never decide: checkRevocation() does; the store is only asked again to name the mark.

import type { Authenticated, Identity } from "../../src/auth/authenticate.ts";
import { checkRevocation } from "../../src/auth/revocation.ts";
import { Refusal } from "../../src/errors.ts";
import type { RevocationKeys } from "../../src/stores/contract.ts";
import type { Check } from "./checks.ts";
import { refusalOf, type TokenInput } from "./explain-token.ts";
import type { ExplainServices } from "./wired.ts";

export async function explainRevocation(
  deps: ExplainServices,
  authenticated: Authenticated,
  input: TokenInput,
): Promise<Check> {
  const { rule, nowSeconds, offline } = input;
  const { identity } = authenticated;
  const check = "revocation";
  if (rule.revocation === "off") return { check, verdict: "not asked", detail: 'revocation = "off"' };
  if (offline) return { check, verdict: "not asked", detail: "--offline" };
  let askedNews = false;
  let askedStore = false;
  const revocationCache: ExplainServices["revocationCache"] = {
    ...deps.revocationCache,
    isEnded: (revocationKeys, now) => {
      askedNews = true;
      return deps.revocationCache.isEnded(revocationKeys, now);
    },
  };
  const watched: Authenticated = {
    identity,
    isEnded: () => {
      askedStore = true;
      return authenticated.isEnded();
    },
  };
  const outcome = await refusalOf(() =>
    checkRevocation({ ...deps, revocationCache }, rule.revocation, watched, nowSeconds),
  );
  if (!askedNews && !askedStore) return { check, verdict: "not asked", detail: whyNotAsked(deps, identity) };
  const inStore = identity.revocationKeys === undefined ? [] : await endedBy(deps, identity.revocationKeys);
  if (outcome instanceof Refusal) {
    const who = askedStore ? "D1" : "KV";
    const by = inStore.length > 0 ? inStore.join(", and ") : "by news that D1 does not have";
    const reason = outcome.more.because ?? outcome.reason;
    return { check, verdict: "failed", detail: `ended ${by}; ${who} says so`, reason };
  }
  if (askedStore) {
    const why = rule.revocation === "strict" ? "" : "; KV could not be asked";
    return { check, verdict: "passed", detail: `not ended, says D1${why}` };
  }
  const late = `; D1 has it ended ${inStore.join(", and ")}, so this passes only until the news is everywhere`;
  return { check, verdict: "passed", detail: `not ended, says KV${inStore.length > 0 ? late : ""}` };
}

function whyNotAsked({ settings }: ExplainServices, { tokenType, jti }: Identity): string {
  if (!settings.TOKEN_BLACKLIST_ENABLED) return "TOKEN_BLACKLIST_ENABLED is false";
  if (tokenType.isOutstanding) return `${tokenType.className} was looked up in the blacklist above`;
  return jti === undefined ? "the token has no id, session or user that could be ended" : "nothing to ask";
}

/** Which marks of the token D1 has ended, in words; one question each. */
async function endedBy({ tokens }: ExplainServices, revocationKeys: RevocationKeys): Promise<string[]> {
  const none = { jti: undefined, session: undefined, user: undefined, issuedAtSeconds: revocationKeys.issuedAtSeconds };
  const ways: ReadonlyArray<readonly [string, RevocationKeys]> = [
    ["by its own id", { ...none, jti: revocationKeys.jti }],
    ["with its session", { ...none, session: revocationKeys.session }],
    ["with all tokens of its user", { ...none, user: revocationKeys.user }],
  ];
  const ended: string[] = [];
  for (const [way, asked] of ways) if ((await tokens.tokenStatus(asked, undefined, false)).ended) ended.push(way);
  return ended;
}
