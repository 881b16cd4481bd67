// Checks the Worker's code beside its settings: names of hooks and options, and claims that no hook makes.
import type { Configuration } from "../../src/configuration.ts";
import { readIdentityHeaders } from "../../src/proxy/headers/identity-headers.ts";
import { namesSession, servedEndpoints, sessionClaim } from "../../src/settings/derived.ts";
import type { Settings } from "../../src/settings/settings.ts";
import type { WorkerReading } from "./read-as-worker.ts";
import { readWorkerCode } from "./worker-code.ts";

export interface CodeFindings {
  /** The Worker would find these, too. */
  readonly errors: readonly string[];
  /** The Worker cannot be built. */
  readonly buildErrors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** Checks the code that wrangler.toml names, together with the settings that were read from there. */
export async function checkCode({
  file,
  configuration,
}: Pick<WorkerReading, "file" | "configuration">): Promise<CodeFindings> {
  const { mayMakeClaim, ...found } = await readWorkerCode(file.code);
  return { ...found, warnings: configuration === undefined ? [] : claimWarnings(configuration, mayMakeClaim) };
}

/** @param mayMakeClaim whether a claim may come from a hook; undefined if that is not known */
export function claimWarnings(
  { settings, rules }: Pick<Configuration, "settings" | "rules">,
  mayMakeClaim: ((name: string) => boolean) | undefined,
): string[] {
  const served = servedEndpoints(settings);
  // Tokens of another issuer may have any claim.
  const isIssuer = settings.JWK_URL === null && (served.includes("obtain") || served.includes("sliding"));
  if (mayMakeClaim === undefined || !isIssuer) return [];
  const standard = new Set(standardClaims(settings));
  const unknown = (claim: string): boolean => !standard.has(claim) && !mayMakeClaim(claim);
  const reason = "which tokens of this gateway do not have: no hook makes it. claimsFor adds claims (docs/hooks.md).";
  const headers = readIdentityHeaders(settings).filter(({ claimPath: [claim = ""] }) => unknown(claim));
  return [
    ...rules.flatMap((rule, index) =>
      [...rule.require.keys()]
        .filter(unknown)
        .map((claim) => `ROUTES[${index}] (${rule.path}) requires the claim ${JSON.stringify(claim)}, ${reason}`),
    ),
    ...headers.map(
      ({ header, claimPath: [claim] }) =>
        `IDENTITY_HEADERS: ${header} needs the claim ${JSON.stringify(claim)}, ${reason}`,
    ),
    ...settings.ASSERTION_CLAIMS.filter(unknown).map(
      (claim) => `ASSERTION_CLAIMS has ${JSON.stringify(claim)}, ${reason}`,
    ),
  ];
}

/** The claims that the gateway puts into access and sliding tokens by itself. */
function standardClaims(settings: Settings): string[] {
  const { TOKEN_TYPE_CLAIM, JTI_CLAIM, USER_ID_CLAIM, SLIDING_TOKEN_REFRESH_EXP_CLAIM, REVOKE_TOKEN_CLAIM } = settings;
  return [
    ...["exp", "iat", USER_ID_CLAIM],
    ...(TOKEN_TYPE_CLAIM === null ? [] : [TOKEN_TYPE_CLAIM]),
    ...(JTI_CLAIM === null ? [] : [JTI_CLAIM]),
    ...(settings.ISSUER === null ? [] : ["iss"]),
    ...(settings.AUDIENCE === null ? [] : ["aud"]),
    ...(servedEndpoints(settings).includes("sliding") ? [SLIDING_TOKEN_REFRESH_EXP_CLAIM] : []),
    ...(settings.CHECK_REVOKE_TOKEN ? [REVOKE_TOKEN_CLAIM] : []),
    ...(namesSession(settings) ? [sessionClaim] : []),
  ];
}
