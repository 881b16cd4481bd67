// The pages of one user: create, change, password, delete, sessions, log out everywhere.
// Must never offer what its visitor may not do, nor rely on its not being offered.

import type { FieldErrors } from "../../administration/users.ts";
import { refuse } from "../../errors.ts";
import { adminPath } from "../../internal-routes/admin-path.ts";
import { mostTokens } from "../../sessions/own-sessions.ts";
import type { UserFields } from "../../stores/admin-contract.ts";
import type { LiveToken } from "../../stores/contract.ts";
import { mayChange, mayGrant } from "../../users/admin-rights.ts";
import type { User } from "../../users/user.ts";
import { normalEmail, normalUsername } from "../../users/user-rules.ts";
import { answerPage, menuOf, seeOther } from "./answer-page.ts";
import { checkField, errorSummary, fieldLabels, passwordFields } from "./fields.ts";
import { type Html, html } from "./html.ts";
import { doneMessage, noMatch, timeOf } from "./list.ts";
import { checkboxName } from "./selected-page.ts";
import { accountFields, accountSummary, rightsFields } from "./user-parts.ts";
import { userPath } from "./user-path.ts";
import type { Form, Visit } from "./visit.ts";

const path = `${adminPath}/users/`;
const noErrors: FieldErrors = {};
const emptyFields: UserFields = {
  ...{ username: "", first_name: "", last_name: "", email: "" },
  ...{ is_active: true, is_staff: false, is_superuser: false },
};

/** A page of the users' section; 400 when something typed was not good. */
function answer(visit: Visit, title: string, errors: FieldErrors, body: Html): Response {
  const bad = Object.keys(errors).length > 0;
  return answerPage(visit.context, {
    ...{ status: bad ? 400 : 200, title: bad ? `Error: ${title}` : title },
    ...{ user: visit.admin.user, section: "users", ...menuOf(visit.deps.settings), body },
  });
}

/** Whether users are created and changed here, and not by the API alone. */
export const isOwner = ({ deps }: Pick<Visit, "deps">): boolean => deps.settings.USERS_OWNER === "gateway";

async function targetOf({ deps, id }: Visit): Promise<User> {
  return (await deps.administration.userById(id)) ?? refuse("no_route");
}

/** What was typed, as Django would store it. Rights that the visitor cannot give, or not take from themselves, stay. */
function fieldsOf({ deps, admin: { user: actor } }: Visit, form: Form, target: User | undefined): UserFields {
  const loginName = deps.settings.USERNAME_FIELD === "email" ? normalEmail : normalUsername;
  const now = target ?? emptyFields;
  const own = target?.id === actor.id;
  const grants = mayGrant(actor) && !own;
  return {
    username: loginName(form.text("username").trim()),
    first_name: form.text("first_name").trim(),
    last_name: form.text("last_name").trim(),
    email: normalEmail(form.text("email")),
    is_active: own ? now.is_active : form.isTicked("is_active"),
    is_staff: grants || form.isTicked("is_staff") ? form.isTicked("is_staff") : now.is_staff,
    is_superuser: grants || form.isTicked("is_superuser") ? form.isTicked("is_superuser") : now.is_superuser,
  };
}

export async function showNewUser(visit: Visit): Promise<Response> {
  if (!isOwner(visit)) refuse("users_owned_by_origin");
  return newUserPage(visit, emptyFields, noErrors);
}

export async function saveNewUser(visit: Visit): Promise<Response> {
  const form = await visit.form();
  const fields = fieldsOf(visit, form, undefined);
  const password = { password: form.text("password"), again: form.text("password_again") };
  const outcome = await visit.deps.administration.createUser(visit.context, visit.admin, { fields, password });
  if ("errors" in outcome) return newUserPage(visit, fields, outcome.errors);
  return seeOther(visit.context, `${userPath(outcome.id)}?done=created`);
}

function newUserPage(visit: Visit, fields: UserFields, errors: FieldErrors): Response {
  const body = html`${errorSummary(visit.deps.settings, errors)}
<h1>Add a user</h1>
<form class="card fields" method="post" action="${path}new">
${accountFields(visit.deps.settings, fields, errors, true)}
${passwordFields(errors)}
${rightsFields(fields, { actor: visit.admin.user, own: false })}
<div class="actions"><button>Add the user</button> <a href="${path}">Cancel</a></div>
</form>`;
  return answer(visit, "Add a user", errors, body);
}

export async function showUser(visit: Visit): Promise<Response> {
  const target = await targetOf(visit);
  return userPage(visit, target, target, noErrors);
}

export async function saveUser(visit: Visit): Promise<Response> {
  const target = await targetOf(visit);
  const fields = fieldsOf(visit, await visit.form(), target);
  const outcome = await visit.deps.administration.changeUser(visit.context, visit.admin, target, fields);
  if ("errors" in outcome) return userPage(visit, target, fields, outcome.errors);
  return seeOther(visit.context, `${userPath(target.id)}?done=changed`);
}

function userPage(visit: Visit, target: User, fields: UserFields, errors: FieldErrors): Response {
  const actor = visit.admin.user;
  const own = actor.id === target.id;
  const may = mayChange(actor, target);
  const edits = may && isOwner(visit);
  const here = userPath(target.id);
  const hasTokens = visit.deps.settings.TOKEN_BLACKLIST_ENABLED;
  const body = html`${errorSummary(visit.deps.settings, errors) ?? doneMessage(visit.query)}
<h1>${target.username}</h1>
${!may && html`<p class="lead">Only superusers can change a superuser.</p>`}
${!isOwner(visit) && html`<p class="lead">The API owns its users (USERS_OWNER): change them there. Here they can be made inactive and logged out.</p>`}
<div class="columns">
<form class="card fields" method="post" action="${here}">
<h2>Account</h2>
<fieldset${!edits && html` disabled`}>
${accountFields(visit.deps.settings, fields, errors)}
${rightsFields(fields, { actor, own })}
<div class="actions"><button>Save</button></div>
</fieldset>
</form>
<div>
${accountSummary(target, own)}
${
  hasTokens &&
  html`<section class="card" aria-labelledby="tokens"><h2 id="tokens">Sessions and tokens</h2>
<p><a href="${here}sessions">Show this user’s sessions</a></p>
<p><a href="${adminPath}/tokens/?user=${target.id}">Show this user’s tokens</a></p>
${
  may &&
  html`<form class="fields" method="post" action="${here}end"><p>Ends every token issued so far, and the user’s log-ins to this page. The user can log in again.</p>
<div class="actions"><button class="danger">End all tokens</button></div></form>`
}</section>`
}
${
  may &&
  !isOwner(visit) &&
  target.is_active &&
  !own &&
  html`<section class="card" aria-labelledby="off"><h2 id="off">Access</h2>
<div class="actions"><a class="button danger" href="${path}selected?${deactivation(target)}">Make inactive…</a></div></section>`
}
${
  edits &&
  html`<section class="card" aria-labelledby="more"><h2 id="more">Password and removal</h2>
<p><a href="${here}password">Set a password</a></p>
${!own && html`<div class="actions"><a class="button danger" href="${here}delete">Delete this user…</a></div>`}</section>`
}
</div>
</div>`;
  return answer(visit, target.username, errors, body);
}

/** The question whether to make one user inactive, as the list of users asks it of several. */
const deactivation = ({ id }: User): string =>
  String(
    new URLSearchParams([
      ["action", "deactivate"],
      [checkboxName(id), "on"],
    ]),
  );

export async function showPassword(visit: Visit): Promise<Response> {
  return passwordPage(visit, await changeable(visit), noErrors, true);
}

export async function savePassword(visit: Visit): Promise<Response> {
  const target = await changeable(visit);
  const form = await visit.form();
  const endTokens = form.isTicked("end_tokens");
  const typed = { password: form.text("password"), again: form.text("password_again"), endTokens };
  const outcome = await visit.deps.administration.setPassword(visit.context, visit.admin, target, typed);
  if ("errors" in outcome) return passwordPage(visit, target, outcome.errors, endTokens);
  return seeOther(visit.context, `${userPath(target.id)}?done=password`);
}

function passwordPage(visit: Visit, target: User, errors: FieldErrors, endTokens: boolean): Response {
  const own = visit.admin.user.id === target.id;
  const body = html`${errorSummary(visit.deps.settings, errors)}
<h1>Set a password for ${target.username}</h1>
${own && html`<p class="lead">You will have to log in again with it.</p>`}
<form class="card fields" method="post" action="${userPath(target.id)}password">
<div><label for="whose">${fieldLabels(visit.deps.settings).username}</label><input id="whose" autocomplete="username" readonly value="${target.username}"></div>
${passwordFields(errors, true)}
${checkField({
  name: "end_tokens",
  label: "End all tokens issued so far",
  help: "If unticked, tokens issued so far stay valid until they expire.",
  ticked: endTokens,
})}
<div class="actions"><button>Set the password</button> <a href="${userPath(target.id)}">Cancel</a></div>
</form>`;
  return answer(visit, `Set a password for ${target.username}`, errors, body);
}

export async function showDelete(visit: Visit): Promise<Response> {
  const target = await changeable(visit);
  const body = html`<h1>Delete ${target.username}?</h1>
<form class="card" method="post" action="${userPath(target.id)}delete">
<p>The account is removed, and all its tokens are ended at once. This cannot be undone. Your API may still know the user by the id ${target.id}, which is never assigned to another user.</p>
<p>To prevent log-ins only, <a href="${userPath(target.id)}">make the user inactive</a> instead.</p>
<div class="actions"><button class="danger">Delete permanently</button> <a href="${userPath(target.id)}">Cancel</a></div>
</form>`;
  return answer(visit, `Delete ${target.username}`, noErrors, body);
}

export async function confirmDelete(visit: Visit): Promise<Response> {
  await visit.deps.administration.deleteUser(visit.context, visit.admin, await targetOf(visit));
  return seeOther(visit.context, `${path}?done=deleted`);
}

export async function endTokens(visit: Visit): Promise<Response> {
  await visit.deps.administration.logOutUser(visit.context, visit.admin, await targetOf(visit));
  return seeOther(visit.context, `${userPath(visit.id)}?done=ended`);
}

/** Who is logged in where. A session is a log-in and all tokens issued from it. */
export async function showSessions(visit: Visit): Promise<Response> {
  const target = await targetOf(visit);
  const { deps, context, admin, query } = visit;
  const sessions = await deps.administration.sessionsOf(context, target);
  const may = mayChange(admin.user, target);
  const here = userPath(target.id);
  const title = `Sessions of ${target.username}`;
  const none = { href: here, text: `Back to ${target.username}` };
  const body = html`${doneMessage(query)}
<h1>${title}</h1>
<p class="lead">Log-ins that can still be refreshed. Ending one ends all tokens issued from it, and cannot be undone; the user can log in again.${
    sessions.length >= mostTokens && ` Only the newest ${mostTokens} are shown.`
  }</p>
<p><a href="${here}">${target.username}’s account</a> · <a href="${adminPath}/tokens/?user=${target.id}">Tokens</a></p>
${sessions.length === 0 ? noMatch("No sessions.", none) : sessionsTable(sessions, deps.settings.SESSION_METADATA, may && `${here}sessions`)}
${
  may &&
  sessions.length > 0 &&
  html`<form class="card" method="post" action="${here}end"><p>Ends every token issued so far, and the user’s log-ins to this page.</p>
<div class="actions"><button class="danger">End all sessions</button></div></form>`
}`;
  return answer(visit, title, noErrors, body);
}

/** @param action where a form that ends one of them is sent; false: the visitor may not */
function sessionsTable(sessions: readonly LiveToken[], hasClients: boolean, action: string | false): Html {
  return html`<div class="scroll" role="region" aria-label="Sessions" tabindex="0"><table>
<caption>Times are UTC.${!hasClients && " Client and network are noted while SESSION_METADATA is on."}</caption>
<thead><tr><th scope="col">Began</th>${hasClients && html`<th scope="col">Client</th>`}<th scope="col" class="wide">Last refreshed</th>
<th scope="col" class="wide">Expires</th>${action !== false && html`<th scope="col">Actions</th>`}</tr></thead>
<tbody>${sessions.map((session) => {
    const { name, address } = session.client;
    return html`<tr>
<th scope="row">${timeOf(session.sessionStartedAtSeconds)}</th>
${hasClients && html`<td>${name ?? "unknown"}${address && html` <span class="aside">${address}</span>`}</td>`}
<td class="wide">${timeOf(session.createdAtSeconds)}</td>
<td class="wide">${timeOf(session.expiresAtSeconds)}</td>
${
  action !== false &&
  html`<td><form method="post" action="${action}"><input type="hidden" name="session" value="${session.session}">
<button class="danger small" aria-label="End session ${session.session.slice(0, 8)}">End session</button></form></td>`
}
</tr>
`;
  })}</tbody>
</table></div>`;
}

export async function endOneSession(visit: Visit): Promise<Response> {
  const target = await targetOf(visit);
  const session = (await visit.form()).text("session");
  await visit.deps.administration.endSessionOf(visit.context, visit.admin, target, session);
  return seeOther(visit.context, `${userPath(target.id)}sessions?done=session`);
}

async function changeable(visit: Visit): Promise<User> {
  if (!isOwner(visit)) refuse("users_owned_by_origin");
  const target = await targetOf(visit);
  return mayChange(visit.admin.user, target) ? target : refuse("permission_denied");
}
