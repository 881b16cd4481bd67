// The list of outstanding and blacklisted tokens, and what can be done to one.
// Must never show a token: there is none in the store, only ids.

import type { TokenAdministration } from "../../administration/tokens.ts";
import { adminPath } from "../../internal-routes/admin-path.ts";
import type { AdminToken, TokenStateFilter } from "../../stores/admin-contract.ts";
import { mayChange } from "../../users/admin-rights.ts";
import { type User, userIdFrom } from "../../users/user.ts";
import { answerPage, seeOther } from "./answer-page.ts";
import { selectField } from "./fields.ts";
import { type Html, html } from "./html.ts";
import { doneMessage, fromOf, pager, timeOf } from "./list.ts";
import type { Visit } from "./visit.ts";

const path = `${adminPath}/tokens/`;

const states: readonly (readonly [TokenStateFilter | "", string])[] = [
  ["", "All"],
  ["live", "Live"],
  ["blacklisted", "Blacklisted"],
  ["expired", "Expired"],
];

export async function showTokens({ deps, context, admin, query }: Visit): Promise<Response> {
  const userText = /^\d{1,19}$/.exec(query.get("user") ?? "")?.[0];
  const userId = userText === undefined ? undefined : userIdFrom(userText);
  const state = states.find(([name]) => name === query.get("state"))?.[0] ?? "";
  const { nowSeconds } = context;
  const [page, whose] = await Promise.all([
    deps.administration.pageOfTokens({
      userId,
      state: state === "" ? undefined : state,
      nowSeconds,
      from: fromOf(query),
    }),
    userId === undefined ? undefined : deps.administration.userById(userId),
  ]);
  const title = userId === undefined ? "Tokens" : `Tokens of ${whose?.username ?? `user ${userId}`}`;
  const back = new URL(context.url.text).search;
  const body = html`${doneMessage(query)}
<h1>${title}</h1>
<p class="lead">Refresh and sliding tokens, the last to expire first. A session is a log-in and all tokens issued from it.</p>
${
  userId !== undefined &&
  html`<p>${whose && html`<a href="${adminPath}/users/${userId}/">${whose.username}’s account</a> · `}<a href="${path}">All tokens</a></p>`
}
<form class="card filter few" method="get" action="${path}" role="search" aria-label="Tokens">
${userText !== undefined && html`<input type="hidden" name="user" value="${userText}">`}
${selectField({ name: "state", label: "State", value: state }, states)}
<div class="actions"><button>Show</button></div>
</form>
${tokensTable(page.rows, { actor: admin.user, nowSeconds, back })}
${pager(page, path, { user: userText ?? "", state })}`;
  return answerPage(context, { title, user: admin.user, section: "tokens", body });
}

interface Shown {
  readonly actor: User;
  readonly nowSeconds: number;
  /** The query of this page, to come back to it. */
  readonly back: string;
}

function tokensTable(tokens: readonly AdminToken[], shown: Shown): Html {
  if (tokens.length === 0) return html`<div class="scroll"><p class="none">No tokens match.</p></div>`;
  return html`<div class="scroll" role="region" aria-label="Tokens" tabindex="0"><table>
<caption>Times are UTC.</caption>
<thead><tr>
<th scope="col">User</th><th scope="col">State</th><th scope="col" class="wide">Issued</th>
<th scope="col" class="wide">Expires</th><th scope="col" class="wide">Id (jti)</th><th scope="col">Actions</th>
</tr></thead>
<tbody>${tokens.map((token) => tokenRow(token, shown))}</tbody>
</table></div>`;
}

function tokenRow(token: AdminToken, { actor, nowSeconds, back }: Shown): Html {
  const { jti, user } = token;
  const live = token.blacklistedAtSeconds === undefined && token.expiresAtSeconds > nowSeconds;
  const may = live && (user === undefined || mayChange(actor, user));
  const short = jti.slice(0, 8);
  const button = (what: string, text: string) => html`<form method="post" action="${path}${what}${back}">
<input type="hidden" name="jti" value="${jti}"><button class="danger small" aria-label="${text} ${short}">${text}</button></form>`;
  return html`<tr>
<th scope="row">${user ? html`<a href="${adminPath}/users/${user.id}/">${user.username}</a>` : "no user"}</th>
<td>${stateOf(token, nowSeconds)}${token.type === "sliding" && html` <span class="badge">sliding</span>`}</td>
<td class="wide">${timeOf(token.createdAtSeconds)}${clientOf(token)}</td>
<td class="wide">${timeOf(token.expiresAtSeconds)}</td>
<td class="wide"><code>${jti}</code></td>
<td>${may ? html`<div class="pair">${button("revoke", "Revoke")}${button("end-session", "End session")}</div>` : "–"}</td>
</tr>
`;
}

function clientOf({ client, address }: AdminToken): Html | undefined {
  const text = [client, address].filter((one) => one !== undefined).join(", ");
  return text === "" ? undefined : html`<span class="aside">${text}</span>`;
}

function stateOf({ blacklistedAtSeconds, expiresAtSeconds }: AdminToken, nowSeconds: number): Html {
  if (blacklistedAtSeconds !== undefined) {
    return html`<span class="badge bad">blacklisted</span> ${timeOf(blacklistedAtSeconds)}`;
  }
  if (expiresAtSeconds <= nowSeconds) return html`<span class="badge">expired</span>`;
  return html`<span class="badge good">live</span>`;
}

export const revoke = (visit: Visit) => act(visit, "revokeToken", "revoked");
export const endItsSession = (visit: Visit) => act(visit, "endSession", "session");

async function act(visit: Visit, operation: keyof TokenAdministration, done: string): Promise<Response> {
  const form = await visit.form();
  await visit.deps.administration[operation](visit.context, visit.admin, form.text("jti"));
  const back = new URLSearchParams(visit.query);
  back.set("done", done);
  return seeOther(visit.context, `${path}?${back}`);
}
