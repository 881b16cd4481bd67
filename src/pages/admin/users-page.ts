// The list of users: searched, filtered, a page at a time, some of them selected.
// Must never show anything of a password.

import { adminPath } from "../../internal-routes/admin-path.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Page, UserQuery } from "../../stores/admin-contract.ts";
import { mayEndEveryone } from "../../users/admin-rights.ts";
import type { User } from "../../users/user.ts";
import { answerPage, menuOf } from "./answer-page.ts";
import { everyonePath } from "./everyone-page.ts";
import { fieldLabels, selectField } from "./fields.ts";
import { type Html, html } from "./html.ts";
import { doneMessage, exportLink, fromOf, listQueryOf, noMatch, pager, timeText } from "./list.ts";
import { checkboxName, selectedActions } from "./selected-page.ts";
import { userPath } from "./user-path.ts";
import type { Visit } from "./visit.ts";

const path = `${adminPath}/users/`;

const yesNo = (yes: string, no: string) =>
  [
    ["", "All"],
    ["1", yes],
    ["0", no],
  ] as const;

/** Longer ones find nothing. */
const longestSearch = 254;

export async function showUsers({ deps, context, admin, query }: Visit): Promise<Response> {
  const asked = askedBy(query);
  const page = await deps.administration.pageOfUsers({ ...userQueryOf(query), from: fromOf(query) });
  const hasTokens = deps.settings.TOKEN_BLACKLIST_ENABLED;
  const body = html`${doneMessage(query)}
<div class="head"><h1>Users</h1>${deps.settings.USERS_OWNER === "gateway" && html`<a class="button" href="${path}new">Add a user</a>`}</div>
<form class="card filter" method="get" action="${path}" role="search" aria-label="Users">
<div><label for="q">Search</label><input id="q" name="q" type="search" autocapitalize="none" spellcheck="false" aria-describedby="q-help" value="${asked.q}"></div>
${selectField({ name: "active", label: "Active", value: asked.active }, yesNo("Active", "Inactive"))}
${selectField({ name: "staff", label: "Staff", value: asked.staff }, yesNo("Staff", "Not staff"))}
<div class="actions"><button>Search</button></div>
<p class="help" id="q-help">${searchHelp(asked)}</p>
</form>
${page.rows.length === 0 ? noUsers(page, asked) : usersForm(deps.settings, page.rows, query)}
${pager(page, path, asked)}
${page.rows.length > 0 && exportLink(path, asked)}
${hasTokens && mayEndEveryone(admin.user) && html`<p><a class="button danger small" href="${everyonePath}">Log everybody out…</a></p>`}`;
  return answerPage(context, { title: "Users", user: admin.user, section: "users", ...menuOf(deps.settings), body });
}

/** What stands in the address; a type and not an interface, so that it can be read by name. */
type Asked = Readonly<Record<"q" | "match" | "active" | "staff", string>>;

function askedBy(query: URLSearchParams): Asked {
  const q = (query.get("q") ?? "").trim().slice(0, longestSearch);
  return {
    q,
    match: q !== "" && query.get("match") === "part" ? "part" : "",
    active: query.get("active") ?? "",
    staff: query.get("staff") ?? "",
  };
}

/** Which users an address asks for. */
export function userQueryOf(query: URLSearchParams): Omit<UserQuery, "from"> {
  const { q, match, active, staff } = askedBy(query);
  const choice = (text: string) => (text === "1" ? true : text === "0" ? false : undefined);
  return {
    search: q === "" ? undefined : { by: match === "part" ? "part" : "beginning", text: q },
    isActive: choice(active),
    isStaff: choice(staff),
  };
}

/** What is searched, and the way to the other kind of search. */
function searchHelp(asked: Asked): Html {
  const other = (match: string) => {
    const kept = Object.entries({ ...asked, match }).filter(([, value]) => value !== "");
    return `${path}?${new URLSearchParams(kept)}`;
  };
  if (asked.match === "part") {
    return html`Searched anywhere in usernames, e-mail addresses and names, 10,000 users at a time. <a href="${other("")}">Search their beginnings only</a>`;
  }
  const beginnings = "The beginning of a username, an e-mail address or a name, or a whole id.";
  return asked.q === ""
    ? html`${beginnings}`
    : html`${beginnings} <a href="${other("part")}">Search anywhere in them</a>`;
}

function noUsers({ lookedAtOnly }: Page<User>, { q, active, staff }: Asked): Html {
  const isFiltered = active !== "" || staff !== "";
  const more = `${isFiltered ? " with these filters" : ""}${lookedAtOnly ? " so far" : ""}`;
  return noMatch(q === "" ? `No users${more}.` : `No match for “${q}”${more}.`, { href: path, text: "Show all users" });
}

/** The table in a form that leads to the question what is to be done to the users ticked. */
function usersForm(settings: Settings, users: readonly User[], query: URLSearchParams): Html {
  const list = listQueryOf(query);
  const all = query.get("select") === "all";
  const other = new URLSearchParams([...list, ...(all ? [] : [["select", "all"]])]);
  const actions = (["deactivate", "end"] as const).filter(
    (action) => action !== "end" || settings.TOKEN_BLACKLIST_ENABLED,
  );
  return html`<form method="get" action="${path}selected">
<input type="hidden" name="list" value="${String(list)}">
${usersTable(settings, users, all)}
<div class="selected" role="group" aria-label="With the selected users">
<a href="${path}${other.size > 0 && `?${other}`}">${all ? "Select none" : "Select all on this page"}</a>
<span>With the selected:</span>
${actions.map((action) => html`<button class="danger small" name="action" value="${action}">${selectedActions[action].button}</button>`)}
</div>
</form>`;
}

function usersTable(settings: Settings, users: readonly User[], all: boolean): Html {
  const labels = fieldLabels(settings);
  return html`<div class="scroll" role="region" aria-label="Users" tabindex="0"><table>
<caption>Times are UTC. “Last log-in” is kept while UPDATE_LAST_LOGIN is on.</caption>
<thead><tr>
<td class="tick"></td><th scope="col">${labels.username}</th><th scope="col">Status</th><th scope="col" class="wide">${labels.email}</th>
<th scope="col" class="wide">Name</th><th scope="col" class="wide">Last log-in</th>
</tr></thead>
<tbody>${users.map(
    (user) => html`<tr>
<td class="tick"><input type="checkbox" name="${checkboxName(user.id)}" value="on" aria-label="Select ${user.username}"${all && html` checked`}></td>
<th scope="row"><a href="${userPath(user.id)}">${user.username}</a></th>
<td>${badges(user)}</td>
<td class="wide">${user.email}</td>
<td class="wide">${[user.first_name, user.last_name].join(" ").trim()}</td>
<td class="wide">${timeText(user.last_login)}</td>
</tr>
`,
  )}</tbody>
</table></div>`;
}

/** What somebody is, in few words. */
export function badges(user: Pick<User, "is_active" | "is_staff" | "is_superuser">): Html {
  return html`${
    user.is_active ? html`<span class="badge good">active</span>` : html`<span class="badge bad">inactive</span>`
  }${user.is_staff && html` <span class="badge">staff</span>`}${
    user.is_superuser && html` <span class="badge">superuser</span>`
  }`;
}
