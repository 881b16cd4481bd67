// Whether the token was revoked, as checked by the Worker, and by what.
// Must never decide: checkRevocation() does. The store is asked again only to say what was revoked.

import type { Authenticated, Identity } from "../../src/auth/authenticate.ts";
import { checkRevocation } from "../../src/auth/revocation.ts";
import { Refusal } from "../../src/errors.ts";
import type { RevocationKeys } from "../../src/stores/contract.ts";
import type { Check } from "./checks.ts";
import { refusalOf, type TokenInput } from "./explain-token.ts";
import type { ExplainServices } from "./services.ts";

export async function explainRevocation(
  services: ExplainServices,
  authenticated: Authenticated,
  input: TokenInput,
): Promise<Check> {
  const { rule, nowSeconds, offline } = input;
  const { identity } = authenticated;
  const check = "revocation";
  if (rule.revocation === "off") return { check, verdict: "not asked", detail: 'revocation = "off"' };
  if (offline) return { check, verdict: "not asked", detail: "--offline" };
  let askedCache = false;
  let askedStore = false;
  const revocationCache: ExplainServices["revocationCache"] = {
    ...services.revocationCache,
    isEnded: (revocationKeys, now) => {
      askedCache = true;
      return services.revocationCache.isEnded(revocationKeys, now);
    },
  };
  const watched: Authenticated = {
    ...authenticated,
    isEnded: () => {
      askedStore = true;
      return authenticated.isEnded();
    },
  };
  const outcome = await refusalOf(() =>
    checkRevocation({ ...services, revocationCache }, rule.revocation, watched, nowSeconds),
  );
  if (!askedCache && !askedStore) return { check, verdict: "not asked", detail: whyNotAsked(services, identity) };
  const inStore = identity.revocationKeys === undefined ? [] : await revokedBy(services, identity.revocationKeys);
  if (outcome instanceof Refusal) {
    const who = askedStore ? "D1" : "KV";
    const by = inStore.length > 0 ? inStore.join(", and ") : "by an entry that D1 does not have";
    const reason = outcome.more.because ?? outcome.reason;
    return { check, verdict: "failed", detail: `ended ${by}, according to ${who}`, reason };
  }
  if (askedStore) {
    const why = askedCache ? "; KV could not be read" : "";
    return { check, verdict: "passed", detail: `not ended, according to D1${why}` };
  }
  const late = `; D1 has it ended ${inStore.join(", and ")}, so this passes only until KV has it everywhere`;
  return { check, verdict: "passed", detail: `not ended, according to KV${inStore.length > 0 ? late : ""}` };
}

function whyNotAsked({ settings }: ExplainServices, { tokenType, jti }: Identity): string {
  if (!settings.TOKEN_BLACKLIST_ENABLED) return "TOKEN_BLACKLIST_ENABLED is false";
  if (tokenType.isOutstanding) return `${tokenType.className} was looked up in the blacklist above`;
  return jti === undefined ? "the token has no id, session or user that could be revoked" : "nothing to look up";
}

/** What D1 has revoked of the token, in words; one query each. */
async function revokedBy({ tokens }: ExplainServices, revocationKeys: RevocationKeys): Promise<string[]> {
  const none = { jti: undefined, session: undefined, user: undefined, issuedAtSeconds: revocationKeys.issuedAtSeconds };
  // Whatever else it is looked up by, this would end it as well.
  if ((await tokens.tokenStatus(none, undefined, false)).ended) return ["with the tokens of everybody"];
  const ways: ReadonlyArray<readonly [string, RevocationKeys]> = [
    ["by its own id", { ...none, jti: revocationKeys.jti }],
    ["with its session", { ...none, session: revocationKeys.session }],
    ["with all tokens of its user", { ...none, user: revocationKeys.user }],
  ];
  const ended: string[] = [];
  for (const [way, asked] of ways) if ((await tokens.tokenStatus(asked, undefined, false)).ended) ended.push(way);
  return ended;
}
