// Whether the token that opens the route was ended, as the Worker asks, and by what.
// Must never decide: checkRevocation() does; the store is only asked again to name the mark.
import { Refusal } from "../../src/errors.ts";
import type { Identity } from "../../src/flows/authenticate.ts";
import { checkRevocation } from "../../src/flows/revocation.ts";
import type { GatewayDeps } from "../../src/gateway/pipeline.ts";
import type { TokenMarks } from "../../src/stores/contract.ts";
import type { Check } from "./checks.ts";
import { refusalOf, type TokenInput } from "./explain-token.ts";

export async function explainRevocation(deps: GatewayDeps, identity: Identity, input: TokenInput): Promise<Check> {
  const { rule, nowSeconds, offline } = input;
  const check = "revocation";
  if (rule.revocation === "off") return { check, verdict: "not asked", detail: 'revocation = "off"' };
  if (offline) return { check, verdict: "not asked", detail: "--offline" };
  let marks: TokenMarks | undefined;
  let news: boolean | undefined;
  let askedStore = false;
  const watched: Pick<GatewayDeps, "settings" | "tokens" | "news"> = {
    settings: deps.settings,
    tokens: {
      ...deps.tokens,
      isEnded: (of) => {
        marks = of;
        askedStore = true;
        return deps.tokens.isEnded(of);
      },
    },
    news: {
      ...deps.news,
      isEnded: async (of, now) => {
        marks = of;
        news = await deps.news.isEnded(of, now);
        return news;
      },
    },
  };
  const outcome = await refusalOf(() => checkRevocation(watched, rule.revocation, identity, nowSeconds));
  if (marks === undefined) return { check, verdict: "not asked", detail: whyNotAsked(deps, identity) };
  const inStore = await endedBy(deps, marks);
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

function whyNotAsked({ settings }: GatewayDeps, { kind, jti }: Identity): string {
  if (!settings.TOKEN_BLACKLIST_ENABLED) return "TOKEN_BLACKLIST_ENABLED is false";
  if (kind.listed) return `${kind.className} was looked up in the blacklist above`;
  return jti === undefined ? "the token has no id" : "nothing to ask";
}

/** Which marks of the token D1 has ended, in words; one question each. */
async function endedBy({ tokens }: GatewayDeps, marks: TokenMarks): Promise<string[]> {
  // No token has this id: so that one mark is asked for alone.
  const none = { jti: "", family: undefined, user: undefined, issuedAtSeconds: marks.issuedAtSeconds };
  const ways: ReadonlyArray<readonly [string, TokenMarks]> = [
    ["by its own id", { ...none, jti: marks.jti }],
    ["with its session", { ...none, family: marks.family }],
    ["with all tokens of its user", { ...none, user: marks.user }],
  ];
  const ended: string[] = [];
  for (const [way, asked] of ways) if (await tokens.isEnded(asked)) ended.push(way);
  return ended;
}
