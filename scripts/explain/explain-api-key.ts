// Explains the check of an API key, as made by the Worker's own code.
// Must never show a key: its prefix is what is named.
import { apiKeyFrom, prefixOf } from "../../src/auth/api-key-header.ts";
import type { RequestContext } from "../../src/context.ts";
import { type Reason, Refusal } from "../../src/errors.ts";
import { checkApiKey } from "../../src/proxy/api-key-caller.ts";
import type { Rule } from "../../src/proxy/routes/rule.ts";
import { type Check, notReached } from "./checks.ts";
import { refusalOf } from "./explain-token.ts";
import type { ExplainServices } from "./services.ts";

const details: Readonly<Partial<Record<Reason, string>>> = {
  api_key_not_accepted: "the route has no api_keys",
  api_key_with_token: "there is a token as well",
  api_key_malformed: "it does not look like prefix.secret",
  api_key_unknown: "no key in D1 has its prefix",
  api_key_wrong: "its hash is not the one in D1",
  api_key_expired: "it has expired",
  api_key_revoked: "it was revoked",
  api_key_owner_inactive: "its owner is inactive",
};

/** Undefined for a request without an API key. */
export async function explainApiKey(
  services: ExplainServices,
  rule: Rule,
  request: Request,
  context: RequestContext,
): Promise<readonly Check[] | undefined> {
  if (!services.apiKeys) return undefined;
  const key = apiKeyFrom(request.headers.get("authorization"));
  if (key === undefined) return undefined;
  const checked = await refusalOf(() => checkApiKey(services, rule, request, context));
  const error = checked instanceof Refusal ? checked : checked?.error;
  const named = prefixOf(key) ?? "without a prefix";
  if (error !== undefined && !(error instanceof Refusal)) throw error;
  const isScope = error?.reason === "api_key_scope_missing";
  if (error !== undefined && !isScope) {
    const detail = `${named}: ${details[error.reason] ?? ""}`;
    return [{ check: "API key", verdict: "failed", detail, reason: error.reason }, notReached("scopes")];
  }
  const has = (checked instanceof Refusal ? undefined : checked?.apiKey?.scopes.join(" ")) || "none";
  const wanted = rule.api_keys === true ? "any key" : (rule.api_keys ?? []).join(" and ");
  const scopes = { check: "scopes", detail: `the route wants ${wanted}; the key has ${has}` };
  return [
    { check: "API key", verdict: "passed", detail: named },
    isScope ? { ...scopes, verdict: "failed", reason: "api_key_scope_missing" } : { ...scopes, verdict: "passed" },
  ];
}
