// Health for load balancers and people: live (the Worker runs), ready (it can do its work).
// Must never tell anything secret, nor where the origin is.
import { Refusal } from "../errors.ts";
import type { Deps } from "../flows/deps.ts";
import { answerJson } from "../http/answer.ts";
import type { Exchange } from "../http/exchange.ts";

export function answerLive(exchange: Exchange): Response {
  return answerJson(exchange, 200, { status: "ok" });
}

/**
 * 200 when every store answers, 503 otherwise; each check by name, and the warnings of the settings.
 *
 * @param warnings what does not stop the Worker and should be known, without values of settings
 */
export async function answerReady(
  deps: Pick<Deps, "settings" | "tokens" | "news">,
  warnings: readonly string[],
  exchange: Exchange,
): Promise<Response> {
  const database = await deps.tokens.ping().then(() => "ok", failedCheck);
  const news = deps.settings.TOKEN_BLACKLIST_ENABLED ? ((await deps.news.ping()) ? "ok" : "failed") : "off";
  const ready = database === "ok" && news !== "failed";
  const body = { status: ready ? "ok" : "failed", checks: { settings: "ok", database, blacklist: news }, warnings };
  return answerJson(exchange, ready ? 200 : 503, body);
}

function failedCheck(error: unknown): "failed" {
  if (error instanceof Refusal) return "failed";
  throw error;
}
