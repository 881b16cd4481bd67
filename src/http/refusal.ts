// A refusal → the answer that the client gets: status, body, challenge. The only such map.
// Must never show a reason, a stack or anything of an error that is not in the closed list.

import type { Failed, RequestContext } from "../context.ts";
import { type FieldError, Refusal, validationErrors } from "../errors.ts";
import { type Language, translated } from "../i18n/language.ts";
import type { Settings } from "../settings/settings.ts";
import { answerJson, safetyHeaders } from "./answer.ts";
import { clearedCookies } from "./cookies.ts";
import { challenge } from "./error-reasons.ts";

/** The response to a failed request. What was thrown and is no Refusal is a bug, and answered as `internal_error`. */
export function answerRefusal(
  settings: Settings,
  context: RequestContext,
  { error, allow, indent, clearsCookies, takesApiKeys }: Omit<Failed, "record">,
): Response {
  const refusal = error instanceof Refusal ? error : new Refusal("internal_error");
  const { status } = refusal.wire;
  const { retryAfterSeconds } = refusal;
  const challenged = challenge(settings, refusal, takesApiKeys);
  const response = answerJson(context, status, bodyOf(refusal, context.language()), {
    allow,
    indent,
    headers: {
      ...(challenged === undefined ? {} : { "www-authenticate": challenged }),
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    },
  });
  if (clearsCookies) {
    for (const cookie of clearedCookies(settings)) response.headers.append("set-cookie", cookie);
  }
  return response;
}

/** The answer of a Worker whose settings have errors: 503 for every request. Which they are, only the log says. */
export function answerMisconfigured(): Response {
  return Response.json(
    { detail: "Gateway is misconfigured." },
    { status: 503, headers: { "cache-control": "no-store", "retry-after": "60", ...safetyHeaders } },
  );
}

function bodyOf({ reason, wire, more }: Refusal, language: Language): unknown {
  const filled = (text: string, names?: string) => filledIn(translated(language, text), names);
  if (more.fields) {
    const texts = (list: readonly FieldError[]) => list.map(({ text, names }) => filled(text, names));
    return Object.fromEntries(Object.entries(more.fields).map(([name, list]) => [name, texts(list)]));
  }
  if (validationErrors.includes(reason)) return { non_field_errors: [filled(wire.detail, more.names)] };
  const messages = more.messages?.map(({ claim, message, ...rest }) => ({ ...rest, message: filled(message, claim) }));
  return {
    detail: filled(wire.detail, more.names),
    ...(wire.code === undefined ? {} : { code: wire.code }),
    ...(messages === undefined ? {} : { messages }),
  };
}

function filledIn(text: string, names: string | undefined): string {
  return names === undefined ? text : text.replace("{}", () => names);
}
