// The parts of a user's pages: fields of the account, rights, what cannot be changed.
// Must never show a password or its hash.

import type { FieldErrors } from "../../administration/users.ts";
import { adminPath } from "../../internal-routes/admin-path.ts";
import type { Settings } from "../../settings/settings.ts";
import type { UserFields } from "../../stores/admin-contract.ts";
import { mayGrant } from "../../users/admin-rights.ts";
import type { User } from "../../users/user.ts";
import { checkField, fieldLabels, textField } from "./fields.ts";
import { type Html, html } from "./html.ts";
import { timeText } from "./list.ts";
import { badges } from "./users-page.ts";

/** @param first whether the page is there to fill in these fields, and begins with them */
export function accountFields(settings: Settings, fields: UserFields, errors: FieldErrors, first = false): Html {
  const labels = fieldLabels(settings);
  const { USERNAME_FIELD } = settings;
  // The browser's own name and address are not what belongs here.
  const shared = { autocomplete: "off" };
  const help = USERNAME_FIELD === "username" ? "At most 150 letters, digits and @ . + - _" : "Users log in with it.";
  const name = { ...shared, first, name: "username", label: labels.username, help, required: true } as const;
  const email = { ...shared, name: "email", label: labels.email, type: "email" } as const;
  return html`${textField(name, errors, fields.username)}
${USERNAME_FIELD !== "email" && textField(email, errors, fields.email)}
${textField({ ...shared, name: "first_name", label: labels.first_name }, errors, fields.first_name)}
${textField({ ...shared, name: "last_name", label: labels.last_name }, errors, fields.last_name)}`;
}

/** @param who looks at it, and whether at their own account: admins cannot lock themselves out */
export function rightsFields(fields: UserFields, who: { readonly actor: User; readonly own: boolean }): Html {
  const grants = mayGrant(who.actor);
  const why = who.own ? " You cannot withdraw it from yourself." : grants ? "" : " Only superusers can change this.";
  return html`${checkField({
    name: "is_active",
    label: "Active",
    help: `If unticked, the user cannot log in, and all tokens are ended.${who.own ? why : ""}`,
    ticked: fields.is_active,
    disabled: who.own,
  })}
${checkField({
  name: "is_staff",
  label: "Staff",
  help: `Can use this page.${why}`,
  ticked: fields.is_staff,
  disabled: who.own || !grants,
})}
${checkField({
  name: "is_superuser",
  label: "Superuser",
  help: `Can grant staff and superuser, and change superusers.${why}`,
  ticked: fields.is_superuser,
  disabled: who.own || !grants,
})}`;
}

export function accountSummary(user: User, own: boolean): Html {
  return html`<section class="card" aria-labelledby="facts"><h2 id="facts">${own ? "You" : "About this user"}</h2>
<dl>
<dt>Status</dt><dd>${badges(user)}</dd>
<dt>Id</dt><dd>${user.id}</dd>
${user.alternate_id !== null && html`<dt>Id in tokens</dt><dd>${user.alternate_id}</dd>`}
<dt>Joined</dt><dd>${timeText(user.date_joined)}</dd>
<dt>Last log-in</dt><dd>${timeText(user.last_login)}</dd>
<dt>Password</dt><dd>${passwordKind(user.password)}</dd>
</dl>
<p><a href="${adminPath}/audit/?${String(new URLSearchParams({ user: user.id }))}">Show what was done to this user</a></p></section>`;
}

/** The name of the format, as Django's admin shows it; nothing of what follows it. */
function passwordKind(encoded: string): string {
  if (encoded.startsWith("!")) return "none that can be used";
  const [name = ""] = encoded.split("$");
  return encoded.includes("$") && /^[a-z0-9_]{1,40}$/.test(name) ? name : "in an unknown format";
}
