// Log-in and log-out of the admin page.
// Must never say why a log-in was refused, nor lead anywhere but into the admin page.

import type { RequestContext } from "../../context.ts";
import { Refusal } from "../../errors.ts";
import { setAdminCookie } from "../../http/cookies.ts";
import { adminPath, isAdminPath } from "../../internal-routes/admin-path.ts";
import type { Settings } from "../../settings/settings.ts";
import { answerPage, seeOther } from "./answer-page.ts";
import { fieldLabels } from "./fields.ts";
import { type Html, html } from "./html.ts";
import { doneMessage } from "./list.ts";
import { type AdminPageServices, type PageResult, type RefusedPage, readForm, type Visit } from "./visit.ts";

export const tooManyText = "Too many attempts. Try again in a minute.";

/** The form. */
export function showLogIn({ settings }: AdminPageServices, context: RequestContext): Response {
  const done = doneMessage(new URLSearchParams(context.url.query));
  const body = html`${done}${formHtml(settings, nextOf(context.url.text), "")}`;
  return answerPage(context, { title: "Log in", user: undefined, body });
}

/**
 * Logs in and goes on to where the visitor wanted to go; or the form again, with one text for every cause.
 *
 * @param former the secret of the session that the browser had, which ends when another begins
 */
export async function logIn(
  deps: AdminPageServices,
  request: Request,
  context: RequestContext,
  former: string | undefined,
): Promise<PageResult> {
  const form = await readForm({ request, context });
  const username = form.text("username").trim();
  const next = nextOf(context.url.text);
  try {
    const credentials = { username, password: form.text("password") };
    const secret = await deps.administration.logIn(context, credentials, former);
    return seeOther(context, next, { "set-cookie": setAdminCookie(secret) });
  } catch (error) {
    if (!(error instanceof Refusal) || !(error.wire.status in texts)) throw error;
    const { status } = error.wire;
    const { retryAfterSeconds } = error;
    const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
    const body = formHtml(deps.settings, next, username, texts[status]);
    const response = answerPage(context, { status, title: "Error: Log in", user: undefined, body, headers });
    return { response, reason: error.reason };
  }
}

export async function logOut({ deps, admin, context }: Visit): Promise<Response> {
  await deps.administration.logOut(context, admin);
  return seeOther(context, `${adminPath}/login`, { "set-cookie": setAdminCookie(null) });
}

/** By status: refused for whatever cause, or tried too often. */
const texts: Readonly<Record<number, string>> = {
  401: "No active staff account found with these credentials.",
  429: tooManyText,
};

/** The page to open after the log-in: one of ours, or the first. Dots in a path are gone before it is looked at. */
export function nextOf(url: string): string {
  const next = new URL(url).searchParams.get("next") ?? "";
  const first = `${adminPath}/`;
  if (!next.startsWith(first) || !/^[\x21-\x7e]+$/.test(next)) return first;
  const { pathname, search } = new URL(next, url);
  return isAdminPath(pathname) ? pathname + search : first;
}

/** To the log-in, and back to here. */
export function askToLogIn(context: RequestContext): RefusedPage {
  const { pathname, search } = new URL(context.url.text);
  const back = context.method === "POST" ? "" : `?${new URLSearchParams({ next: pathname + search })}`;
  return { response: seeOther(context, `${adminPath}/login${back}`), reason: "credentials_missing" };
}

function formHtml(settings: Settings, next: string, username: string, problem?: string): Html {
  const action = `${adminPath}/login?${new URLSearchParams({ next })}`;
  const described = problem && html` aria-describedby="problem" aria-invalid="true"`;
  return html`<h1>Gateway admin</h1>
<p class="lead">For staff. Times out after 15 minutes without use.</p>
<form class="card fields" method="post" action="${action}">
${problem && html`<p class="summary" id="problem" role="alert">${problem}</p>`}
<div><label for="username">${fieldLabels(settings).username}</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required${username === "" && html` autofocus`} value="${username}"${described}></div>
<div><label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${username !== "" && html` autofocus`}${described}></div>
<div class="actions"><button>Log in</button></div>
</form>`;
}
