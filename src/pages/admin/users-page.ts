// The list of users: searched, filtered, a page at a time.
// Must never show anything of a password.

import { adminPath } from "../../internal-routes/admin-path.ts";
import type { UserQuery } from "../../stores/admin-contract.ts";
import type { User } from "../../users/user.ts";
import { answerPage } from "./answer-page.ts";
import { selectField } from "./fields.ts";
import { type Html, html } from "./html.ts";
import { doneMessage, fromOf, pager, timeText } from "./list.ts";
import type { Visit } from "./visit.ts";

const path = `${adminPath}/users/`;

const searchIn = [
  ["username", "Username begins with"],
  ["email", "E-mail begins with"],
  ["last_name", "Last name begins with"],
  ["any", "Name or e-mail contains"],
] as const;

const yesNo = (yes: string, no: string) =>
  [
    ["", "All"],
    ["1", yes],
    ["0", no],
  ] as const;

/** Longer ones find nothing. */
const longestSearch = 254;

export async function showUsers({ deps, context, admin, query }: Visit): Promise<Response> {
  const asked = {
    in: searchIn.find(([name]) => name === query.get("in"))?.[0] ?? "username",
    q: (query.get("q") ?? "").trim().slice(0, longestSearch),
    active: query.get("active") ?? "",
    staff: query.get("staff") ?? "",
  };
  const page = await deps.administration.pageOfUsers(queryOf(asked, query));
  const body = html`${doneMessage(query)}
<div class="head"><h1>Users</h1><a class="button" href="${path}new">Add a user</a></div>
<form class="card filter" method="get" action="${path}" role="search" aria-label="Users">
${selectField({ name: "in", label: "Search in", value: asked.in }, searchIn)}
<div><label for="q">Text</label><input id="q" name="q" type="search" autocapitalize="none" spellcheck="false" value="${asked.q}"></div>
${selectField({ name: "active", label: "Active", value: asked.active }, yesNo("Active", "Inactive"))}
${selectField({ name: "staff", label: "Staff", value: asked.staff }, yesNo("Staff", "Not staff"))}
<div class="actions"><button>Search</button></div>
</form>
${usersTable(page.rows)}
${pager(page, path, asked)}`;
  const hasTokens = deps.settings.TOKEN_BLACKLIST_ENABLED;
  return answerPage(context, { title: "Users", user: admin.user, section: "users", hasTokens, body });
}

interface Asked {
  readonly in: (typeof searchIn)[number][0];
  readonly q: string;
  readonly active: string;
  readonly staff: string;
}

function queryOf(asked: Asked, query: URLSearchParams): UserQuery {
  const choice = (text: string) => (text === "1" ? true : text === "0" ? false : undefined);
  return {
    search: asked.q === "" ? undefined : { in: asked.in, text: asked.q },
    isActive: choice(asked.active),
    isStaff: choice(asked.staff),
    from: fromOf(query),
  };
}

function usersTable(users: readonly User[]): Html {
  if (users.length === 0) return html`<div class="scroll"><p class="none">No users match.</p></div>`;
  return html`<div class="scroll" role="region" aria-label="Users" tabindex="0"><table>
<caption>Times are UTC. “Last log-in” is kept while UPDATE_LAST_LOGIN is on.</caption>
<thead><tr>
<th scope="col">Username</th><th scope="col">Status</th><th scope="col" class="wide">E-mail</th>
<th scope="col" class="wide">Name</th><th scope="col" class="wide">Last log-in</th>
</tr></thead>
<tbody>${users.map(
    (user) => html`<tr>
<th scope="row"><a href="${path}${user.id}/">${user.username}</a></th>
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
