// The console of CONSOLE: a page to log in, look into the tokens and call whatever is behind the gateway.
// Must never hold anything that the token endpoints do not tell everybody anyway.
import { authHeaderName } from "../../auth/bearer-token.ts";
import type { RequestContext } from "../../context.ts";
import { servedEndpoints } from "../../settings/derived.ts";
import type { Settings } from "../../settings/settings.ts";
import { answerHtml } from "../answer-html.ts";
import { escapeHtml } from "../escape-html.ts";
import formStyle from "../token-form/token-form.css" with { type: "text" };
import consoleScript from "./console.client.js" with { type: "text" };
import consoleStyle from "./console.css" with { type: "text" };
import { consoleBody } from "./console-body.ts";

/** Answers 200 with the page. It does nothing that a client could not do, and keeps what it gets in memory alone. */
export async function answerConsole(settings: Settings, context: RequestContext): Promise<Response> {
  const known = escapeHtml(JSON.stringify(knownOf(settings)));
  return answerHtml(context, {
    title: "Gateway console",
    styles: [formStyle, consoleStyle],
    script: consoleScript,
    body: `<main data-known="${known}">\n${consoleBody}</main>`,
    formAction: "'none'",
  });
}

/** What the page's script has to know of the settings; all of it shows in answers and tokens. */
function knownOf(settings: Settings): object {
  return {
    prefix: settings.TOKEN_PREFIX,
    served: servedEndpoints(settings),
    header: authHeaderName(settings),
    scheme: settings.AUTH_HEADER_TYPES[0],
    cookiesOnly: settings.AUTH_COOKIE === "only",
    typeClaim: settings.TOKEN_TYPE_CLAIM,
    refreshExpClaim: settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM,
    lifetimes: {
      access: settings.ACCESS_TOKEN_LIFETIME,
      refresh: settings.REFRESH_TOKEN_LIFETIME,
      token: settings.SLIDING_TOKEN_LIFETIME,
    },
  };
}
