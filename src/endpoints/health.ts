// Health for load balancers and people: live (the Worker runs), ready (it can do its work).
// Must never tell anything secret, nor where the origin is, and never cause more work than a login does.
import type { Deps } from "../flows/deps.ts";
import { answerJson } from "../http/answer.ts";
import type { Exchange } from "../http/exchange.ts";
import type { SchemaStore } from "../stores/contract.ts";
import type { KeySourceState } from "../tokens/keys.ts";

/** What ready looks at besides the stores that flows use. */
export interface HealthDeps extends Pick<Deps, "settings" | "codec" | "news" | "loginLimiter" | "metrics"> {
  readonly schema: SchemaStore;
  /** Whether the keys of JWK_URL can be had; undefined where there is no such source. */
  readonly keySource: ((nowSeconds: number) => Promise<KeySourceState>) | undefined;
}

export function answerLive(exchange: Exchange): Response {
  return answerJson(exchange, 200, { status: "ok" });
}

/** The answer of each check. Those that are in `stopping` make the Worker not ready. */
interface Checks {
  readonly settings: "ok";
  readonly database: "ok" | "outdated" | "failed";
  readonly blacklist: "ok" | "off" | "failed";
  readonly keys: "ok" | "failed";
  readonly jwks: KeySourceState | "off";
  readonly limiter: "ok" | "off" | "failed";
  readonly metrics: "on" | "off";
}

const off = "off" as const;
const outdated =
  "The database lacks what this version needs: run schema.sql, and before it the ALTER TABLE lines of CHANGELOG.md.";
const limiterFailed = "LOGIN_LIMITER does not work: log-ins go on uncounted.";
const lastGood = "JWK_URL cannot be read: its last good keys are used, for six hours at most.";

/**
 * 200 when everything that a request may need works, 503 otherwise; each check by name, and the warnings: those of the
 * settings, and what does not stop the Worker now but should be looked at. Logins go on while the limiter fails, so
 * that is a warning. One signature is made per isolate, one round trip to D1 and one to KV per call.
 *
 * @param warnings of the settings, without their values
 */
export function readiness(deps: HealthDeps, warnings: readonly string[]): (exchange: Exchange) => Promise<Response> {
  let keysWork: boolean | undefined;
  return async (exchange) => {
    keysWork ??= await canSign(deps);
    const [database, news, keys, jwks, limiter] = await Promise.all([
      deps.schema.check(),
      deps.settings.TOKEN_BLACKLIST_ENABLED ? deps.news.ping().then(okOrFailed) : off,
      okOrFailed(keysWork),
      deps.keySource?.(exchange.nowSeconds) ?? off,
      deps.loginLimiter?.ping().then(okOrFailed) ?? off,
    ]);
    const metrics = deps.metrics ? "on" : "off";
    const checks: Checks = { settings: "ok", database, blacklist: news, keys, jwks, limiter, metrics };
    const ready = database === "ok" && ![news, keys, jwks].includes("failed");
    const found = [
      ...(database === "outdated" ? [outdated] : []),
      ...(jwks === "last_good" ? [lastGood] : []),
      ...(limiter === "failed" ? [limiterFailed] : []),
    ];
    const body = { status: ready ? "ok" : "failed", checks, warnings: [...warnings, ...found] };
    return answerJson(exchange, ready ? 200 : 503, body);
  };
}

const okOrFailed = (works: boolean): "ok" | "failed" => (works ? "ok" : "failed");

/** Whether SIGNING_KEY signs: claims that are no token of any class, thrown away. */
function canSign({ codec }: Pick<Deps, "codec">): Promise<boolean> {
  return codec.sign({}).then(
    () => true,
    () => false,
  );
}
