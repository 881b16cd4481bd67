// The question for the password, before what a cookie alone does not stand for.
// Must never send a password back, neither the one that was typed nor a new one for somebody.

import { type Admin, hasNoName } from "../../administration/sessions.ts";
import { Refusal } from "../../errors.ts";
import { adminPath } from "../../internal-routes/admin-path.ts";
import { answerPage, menuOf, seeOther } from "./answer-page.ts";
import { fieldLabels } from "./fields.ts";
import { type Html, html } from "./html.ts";
import { nextOf, tooManyText } from "./log-in-page.ts";
import type { PageResult, RefusedPage, Visit } from "./visit.ts";

/** The field in which the admin's own password is sent, next to the fields of the form that is to go on. */
export const ownPasswordField = "own_password";

/** The field of the name to log in with, where the admin's row has none. */
const ownNameField = "own_username";

/** What is typed anew after the question. */
const secretFields = [ownPasswordField, ownNameField, "password", "password_again"];

/** By status: wrong, or tried too often. */
const texts: Readonly<Record<number, string>> = {
  401: "That is not your password.",
  429: tooManyText,
};

/** The page of `/confirm`: asks, and then leads to the page that was wanted. */
export async function showConfirm(visit: Visit): Promise<Response> {
  return questionPage(visit, 200, confirmAction(visit), undefined);
}

export async function saveConfirm(visit: Visit): Promise<PageResult> {
  const confirmed = await confirm(visit, confirmAction(visit));
  return "response" in confirmed ? confirmed : seeOther(visit.context, nextOf(visit.context.url.text));
}

const confirmAction = ({ context }: Visit) =>
  `${adminPath}/confirm?${new URLSearchParams({ next: nextOf(context.url.text) })}`;

/** Off to the question, and back to here: before a page whose form would be answered with it. */
export function askBefore({ context }: Visit, path: string): Response {
  return seeOther(context, `${adminPath}/confirm?${new URLSearchParams({ next: path })}`);
}

/** The question as the answer to a form (403): with the password, the same form is sent again. */
export async function askWithin(visit: Visit, path: string): Promise<RefusedPage> {
  return { response: await questionPage(visit, 403, path, undefined), reason: "admin_confirmation_needed" };
}

/** The admin, confirmed by the password in the form; or the question again, with what was wrong. */
export async function confirm(visit: Visit, action: string): Promise<Admin | RefusedPage> {
  const { deps, admin, context } = visit;
  const form = await visit.form();
  try {
    const name = form.text(ownNameField).trim();
    return await deps.administration.confirmPassword(context, admin, form.text(ownPasswordField), name);
  } catch (error) {
    if (!(error instanceof Refusal) || !(error.wire.status in texts)) throw error;
    return { response: await questionPage(visit, error.wire.status, action, error), reason: error.reason };
  }
}

async function questionPage(
  visit: Visit,
  status: number,
  action: string,
  refusal: Refusal | undefined,
): Promise<Response> {
  const { context, admin } = visit;
  const problem = refusal && texts[refusal.wire.status];
  const seconds = refusal?.retryAfterSeconds;
  const kept = context.method === "POST" ? await keptFields(visit) : { inputs: [], lost: false };
  const described = problem && html` aria-describedby="problem" aria-invalid="true"`;
  const title = "Confirm your password";
  const body = html`<h1>${title}</h1>
<p class="lead">You typed it more than five minutes ago. Changes of rights and passwords, new users and API keys, deletions, and logging everybody out need it again.${
    kept.lost && html` After that, type the new password once more.`
  }</p>
<form class="card fields" method="post" action="${action}">
${problem && html`<p class="summary" id="problem" role="alert">${problem}</p>`}
<div><label for="whose">${fieldLabels(visit.deps.settings).username}</label>${nameInput(visit)}</div>
<div><label for="${ownPasswordField}">Your password</label>
<input id="${ownPasswordField}" name="${ownPasswordField}" type="password" autocomplete="current-password" required autofocus${described}></div>
${kept.inputs}
<div class="actions"><button>Continue</button> <a href="${adminPath}/users/">Cancel</a></div>
</form>`;
  const headers = seconds === undefined ? {} : { "retry-after": String(seconds) };
  return answerPage(context, {
    ...{ status, title: problem ? `Error: ${title}` : title, user: admin.user, body, headers },
    ...menuOf(visit.deps.settings),
  });
}

/** The name as it is known, or to be typed. */
const nameInput = ({ deps, admin }: Visit): Html =>
  hasNoName(deps.settings, admin.user)
    ? html`<input id="whose" name="${ownNameField}" autocomplete="username" autocapitalize="none" spellcheck="false" required>`
    : html`<input id="whose" autocomplete="username" readonly value="${admin.user.username}">`;

/** The fields that go on, hidden in the form of the question; and whether there were passwords, which do not. */
async function keptFields(visit: Visit): Promise<{ readonly inputs: readonly Html[]; readonly lost: boolean }> {
  const form = await visit.form();
  const inputs = form.names
    .filter((name) => !secretFields.includes(name))
    .map((name) => html`<input type="hidden" name="${name}" value="${form.text(name)}">`);
  return { inputs, lost: form.text("password") !== "" };
}
