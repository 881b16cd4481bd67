// The audit log: who did what to whom, the newest first.
// Must never offer to change an entry.
import { adminPath } from "../../internal-routes/admin-path.ts";
import type { WrittenEntry } from "../../stores/admin-contract.ts";
import { type AuditAction, auditActions } from "../../stores/audit-contract.ts";
import { answerPage, menuOf } from "./answer-page.ts";
import { selectField } from "./fields.ts";
import { type Html, html } from "./html.ts";
import { fromOf, noMatch, pager, timeOf } from "./list.ts";
import { userPath } from "./user-path.ts";
import type { Visit } from "./visit.ts";

const path = `${adminPath}/audit/`;

/** As a person says it. */
const actionText = (action: string): string => {
  const text = action.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};

const actions: readonly (readonly [AuditAction | "", string])[] = [
  ["", "All"],
  ...auditActions.map((action) => [action, actionText(action)] as const),
];

export async function showAudit({ deps, context, admin, query }: Visit): Promise<Response> {
  const user = (query.get("user") ?? "").trim();
  const action = actions.find(([name]) => name === query.get("action"))?.[0] ?? "";
  const page = await deps.administration.pageOfAudit({
    userId: user === "" ? undefined : user,
    action: action === "" ? undefined : action,
    from: fromOf(query),
  });
  const body = html`<h1>Audit log</h1>
<p class="lead">What was done to accounts, sessions and keys: on this page, with a command, or by the API. The newest entries first. Entries are only added; old ones are deleted after AUDIT_RETENTION.</p>
<form class="card filter" method="get" action="${path}" role="search" aria-label="Audit log">
<div><label for="user">User</label><input id="user" name="user" type="search" autocapitalize="none" spellcheck="false" aria-describedby="user-help" value="${user}"></div>
${selectField({ name: "action", label: "Kind", value: action }, actions)}
<div class="actions"><button>Show</button></div>
<p class="help" id="user-help">A user’s whole id. The log keeps no names.</p>
</form>
${
  page.rows.length === 0
    ? noMatch(`No entries${page.lookedAtOnly ? " so far" : ""}.`, { href: path, text: "Show all entries" })
    : auditTable(page.rows)
}
${pager(page, path, { user, action })}`;
  return answerPage(context, {
    title: "Audit log",
    user: admin.user,
    section: "audit",
    ...menuOf(deps.settings),
    body,
  });
}

function auditTable(entries: readonly WrittenEntry[]): Html {
  return html`<div class="scroll" role="region" aria-label="Audit log" tabindex="0"><table>
<caption>Times are UTC.</caption>
<thead><tr>
<th scope="col">When</th><th scope="col">What</th><th scope="col">User</th><th scope="col">By</th>
<th scope="col" class="wide">From</th><th scope="col" class="wide">Details</th>
</tr></thead>
<tbody>${entries.map(auditRow)}</tbody>
</table></div>`;
}

function auditRow({ atSeconds, source, action, userId, actor, place, requestId, detail }: WrittenEntry): Html {
  return html`<tr>
<td>${timeOf(atSeconds)}</td>
<th scope="row">${actionText(action)}</th>
<td>${userId === undefined ? "–" : userId === "erased" ? "erased" : userLink(userId)}</td>
<td>${actorOf(source, actor)}</td>
<td class="wide">${place ?? "–"}</td>
<td class="wide">${detail === "{}" ? "–" : html`<code>${detail}</code>`}${requestId !== undefined && html`<span class="aside">request ${requestId}</span>`}</td>
</tr>
`;
}

/** The user may be gone: the page says so then. */
const userLink = (id: string): Html => html`<a href="${userPath(id)}">${id}</a>`;

function actorOf(source: string, actor: string | undefined): Html {
  if (source === "admin" && actor !== undefined) return html`admin ${userLink(actor)}`;
  if (source === "command") return html`command${actor !== undefined && html` of ${actor}`}`;
  return html`${source === "api" ? "the API" : source}`;
}
