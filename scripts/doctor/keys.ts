// How old the signing keys are, as far as their ids tell, and which ones can go.
// Must never show a key.
import type { Configuration } from "../../src/configuration.ts";
import { type Finding, reporting } from "./findings.ts";

const daySeconds = 86_400;
/** A secret that has been used for so long has been on many machines. */
const oldSeconds = 365 * daySeconds;

/** The day on which `keys generate` or `keys rotate` made a secret is in its id; other ids say nothing. */
function dayOf(kid: string | null): number | undefined {
  const day = /^(\d{4}-\d\d-\d\d)-HS\d{3}-/.exec(kid ?? "")?.[1];
  const milliseconds = day === undefined ? Number.NaN : Date.parse(day);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

/** @param nowSeconds by this machine's clock */
export function keyFindings({ settings }: Configuration, nowSeconds: number): readonly Finding[] {
  const keys = reporting("keys");
  const since = dayOf(settings.KEY_ID);
  const findings: Finding[] = [];
  if (since !== undefined && nowSeconds - since > oldSeconds) {
    findings.push(
      keys.warning(
        `SIGNING_KEY is ${Math.floor((nowSeconds - since) / daySeconds)} days old.`,
        "npm run manage -- keys rotate --secrets-file FILE (docs/key-rotation.md)",
      ),
    );
  } else if (since !== undefined) {
    findings.push(keys.ok(`SIGNING_KEY is ${Math.max(0, Math.floor((nowSeconds - since) / daySeconds))} days old.`));
  } else {
    findings.push(keys.skipped("KEY_ID does not say how old SIGNING_KEY is."));
  }
  const { REFRESH_TOKEN_LIFETIME, ACCESS_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME, LEEWAY } = settings;
  const longest = Math.max(REFRESH_TOKEN_LIFETIME, ACCESS_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME) + LEEWAY;
  // The key that signs was made when the others stopped, at the earliest; a day for the deploy.
  const isOver = since !== undefined && nowSeconds > since + longest + 2 * daySeconds;
  const others = (settings.VERIFYING_KEYS ?? []).flatMap(({ kid }) => (kid === undefined ? [] : [String(kid)]));
  if (isOver && others.length > 0) {
    findings.push(
      keys.warning(
        `VERIFYING_KEYS still has ${others.join(", ")}, although all tokens that were signed before SIGNING_KEY have expired, if the gateway alone signed with ${others.length === 1 ? "it" : "them"}.`,
        `npm run manage -- keys retire ${others[0]} --secrets-file FILE`,
      ),
    );
  }
  return findings;
}
