// Several users at once: what will be done, to whom, and what was done.
import {
  mostSelected,
  type SelectedAction,
  type SelectedUser,
  type SkipReason,
} from "../../administration/selected-users.ts";
import { refuse } from "../../errors.ts";
import { adminPath } from "../../internal-routes/admin-path.ts";
import type { UserId } from "../../users/user.ts";
import { answerPage, menuOf } from "./answer-page.ts";
import { type Html, html } from "./html.ts";
import { userPath } from "./user-path.ts";
import type { Visit } from "./visit.ts";

const path = `${adminPath}/users/`;

/** What is done to users, in the words of the buttons and of the two pages. */
interface ActionTexts {
  readonly button: string;
  /** With the number of users in place of `#`. */
  readonly question: string;
  readonly does: string;
  readonly done: string;
}

export const selectedActions: Readonly<Record<SelectedAction, ActionTexts>> = {
  deactivate: {
    button: "Make inactive…",
    question: "Make # inactive?",
    does: "They cannot log in any more. All their tokens, and their log-ins to this page, end at once. You can make each of them active again later; ended tokens stay ended.",
    done: "Made # inactive.",
  },
  end: {
    button: "End all sessions…",
    question: "End all sessions of #?",
    does: "Every token issued to them so far, and their log-ins to this page, end at once. They can log in again.",
    done: "Ended all sessions of #.",
  },
};

const skipTexts: Readonly<Record<SkipReason, string>> = {
  gone: "there is no such user (any more)",
  superuser: "only superusers can change a superuser",
  own: "you cannot make yourself inactive",
  inactive: "is inactive already",
  changed: "was deleted, or made a superuser, in the meantime",
  failed: "the database did not respond, so it may or may not have been done; look at the user and try again",
  untried: "not tried, because the database did not respond before",
};

/** The name of a user's checkbox. */
export const checkboxName = (id: UserId): string => `user-${id}`;

interface Selection {
  readonly action: SelectedAction;
  readonly ids: readonly UserId[];
  /** The query of the list, to come back to it. */
  readonly list: string;
}

function selectionOf({ deps }: Visit, names: readonly string[], text: (name: string) => string): Selection {
  const action = text("action");
  if (action !== "deactivate" && action !== "end") refuse("no_route");
  if (action === "end" && !deps.settings.TOKEN_BLACKLIST_ENABLED) refuse("no_route");
  const ids = names.flatMap((name) => /^user-(.+)$/s.exec(name)?.[1] ?? []);
  return { action, ids: [...new Set(ids)], list: String(new URLSearchParams(text("list"))) };
}

/** Asks before anything is done: which users, and which of them not. */
export async function showSelected(visit: Visit): Promise<Response> {
  const selection = selectionOf(visit, [...visit.query.keys()], (name) => visit.query.get(name) ?? "");
  const wrong = wrongNumber(visit, selection);
  if (wrong) return wrong;
  const { action, ids, list } = selection;
  const selected = await visit.deps.administration.previewSelected(visit.admin, action, ids);
  const included = selected.filter(({ skipped }) => skipped === undefined);
  const title = selectedActions[action].question.replace("#", numberOf(included));
  const isOwn = included.some(({ id }) => id === visit.admin.user.id);
  const body = html`<h1>${title}</h1>
<form class="card" method="post" action="${path}selected">
${
  included.length > 0 &&
  html`<p>${selectedActions[action].does}</p>
${isOwn && html`<p>You are one of them, and will have to log in again.</p>`}
${userList(included)}`
}
${skippedList(selected, "Left out")}
<input type="hidden" name="action" value="${action}"><input type="hidden" name="list" value="${list}">
${ids.map((id) => html`<input type="hidden" name="${checkboxName(id)}" value="on">`)}
<div class="actions">${
    included.length > 0 && html`<button class="danger">${title.replace(/\?$/, "")}</button>`
  } <a href="${backTo(list)}">${included.length > 0 ? "Cancel" : "Back to the users"}</a></div>
</form>`;
  return answer(visit, title, body);
}

/** Does it, and reports on every user; sent once more, it finds nothing left to do or does the same again. */
export async function changeSelected(visit: Visit): Promise<Response> {
  const form = await visit.form();
  const selection = selectionOf(visit, form.names, form.text);
  const wrong = wrongNumber(visit, selection);
  if (wrong) return wrong;
  const selected = await visit.deps.administration.changeSelected(visit.context, visit.admin, selection);
  const changed = selected.filter(({ skipped }) => skipped === undefined);
  const title = selectedActions[selection.action].done.replace("#", numberOf(changed));
  const body = html`<h1>Done</h1>
<div class="card report">
<p class="done" role="status">${title}</p>
${userList(changed)}
${skippedList(selected, "Skipped")}
<div class="actions"><a href="${backTo(selection.list)}">Back to the users</a></div>
</div>`;
  return answer(visit, title, body);
}

function wrongNumber(visit: Visit, { ids, list }: Selection): Response | undefined {
  if (ids.length > 0 && ids.length <= mostSelected) return undefined;
  const title = ids.length === 0 ? "No users are selected" : `Select at most ${mostSelected} users`;
  const body = html`<h1>${title}</h1>
<p class="lead">Tick users in the list, then choose what to do.</p>
<p><a href="${backTo(list)}">Back to the users</a></p>`;
  return answer(visit, title, body, 400);
}

function answer({ context, admin, deps }: Visit, title: string, body: Html, status = 200): Response {
  return answerPage(context, { status, title, user: admin.user, section: "users", ...menuOf(deps.settings), body });
}

const backTo = (list: string): string => (list === "" ? path : `${path}?${list}`);

const numberOf = ({ length }: readonly unknown[]): string => `${length} ${length === 1 ? "user" : "users"}`;

const nameOf = ({ id, user }: SelectedUser): Html =>
  user ? html`<a href="${userPath(id)}">${user.username}</a>` : html`user ${id}`;

function userList(users: readonly SelectedUser[]): Html | undefined {
  if (users.length === 0) return undefined;
  return html`<ul class="names">${users.map((one) => html`<li>${nameOf(one)}</li>`)}</ul>`;
}

function skippedList(selected: readonly SelectedUser[], title: string): Html | undefined {
  const skipped = selected.flatMap((one) => (one.skipped === undefined ? [] : [{ ...one, skipped: one.skipped }]));
  if (skipped.length === 0) return undefined;
  return html`<div class="summary"><h2>${title}: ${numberOf(skipped)}</h2>
<ul>${skipped.map((one) => html`<li>${nameOf(one)}: ${skipTexts[one.skipped]}.</li>`)}</ul></div>`;
}
