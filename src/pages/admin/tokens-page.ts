// The list of sessions by their last token, and what can be done to one.
// Must never show a token: there is none in the store, only ids.

import { adminPath } from "../../internal-routes/admin-path.ts";
import type { AdminToken, TokenQuery, TokenStateFilter } from "../../stores/admin-contract.ts";
import { mayChange } from "../../users/admin-rights.ts";
import type { User } from "../../users/user.ts";
import { answerPage, menuOf, seeOther } from "./answer-page.ts";
import { selectField } from "./fields.ts";
import { type Html, html } from "./html.ts";
import { doneMessage, exportLink, fromOf, listQueryOf, noMatch, pager, timeOf } from "./list.ts";
import { userPath } from "./user-path.ts";
import type { Visit } from "./visit.ts";

const path = `${adminPath}/tokens/`;

const states: readonly (readonly [TokenStateFilter | "", string])[] = [
  ["", "All"],
  ["live", "Live"],
  ["outdated", "Outdated"],
  ["blacklisted", "Blacklisted"],
  ["expired", "Expired"],
];

interface Asked {
  /** An id; undefined for everybody's tokens. */
  readonly user: string | undefined;
  readonly state: TokenStateFilter | "";
}

function askedBy(query: URLSearchParams): Asked {
  return {
    user: query.get("user") || undefined,
    state: states.find(([name]) => name === query.get("state"))?.[0] ?? "",
  };
}

/** Which tokens an address asks for. */
export function tokenQueryOf({ query, context }: Pick<Visit, "query" | "context">): Omit<TokenQuery, "from"> {
  const { user, state } = askedBy(query);
  return {
    userId: user,
    state: state === "" ? undefined : state,
    nowSeconds: context.nowSeconds,
  };
}

export async function showTokens({ deps, context, admin, query }: Visit): Promise<Response> {
  const { user: userText, state } = askedBy(query);
  const { userId, nowSeconds, ...which } = tokenQueryOf({ query, context });
  const [page, whose, hasEarlier] = await Promise.all([
    deps.administration.pageOfTokens({ ...which, userId, nowSeconds, from: fromOf(query) }),
    userId === undefined ? undefined : deps.administration.userById(userId),
    deps.administration.hasEarlierTokens(nowSeconds),
  ]);
  const asked = { user: userText ?? "", state };
  const title = userId === undefined ? "Tokens" : `Tokens of ${whose?.username ?? `user ${userId}`}`;
  const kept = listQueryOf(query);
  const back = kept.size === 0 ? "" : `?${kept}`;
  const body = html`${doneMessage(query)}
<h1>${title}</h1>
<p class="lead">The last refresh or sliding token of each session, the last to expire first. “Revoke” ends this token. “End session” ends a log-in with all tokens issued from it. Neither can be undone; the user can log in again.</p>
${hasEarlier && html`<p class="done">Sessions that an earlier version began are listed after their next refresh, or after <code>npm run manage -- sessions adopt</code>.</p>`}
${
  userId !== undefined &&
  html`<p>${
    whose &&
    html`<a href="${userPath(userId)}">${whose.username}’s account</a> · <a href="${userPath(userId)}sessions">Sessions</a> · `
  }<a href="${path}">All tokens</a></p>`
}
<form class="card filter few" method="get" action="${path}" role="search" aria-label="Tokens">
${userText !== undefined && html`<input type="hidden" name="user" value="${userText}">`}
${selectField({ name: "state", label: "State", value: state }, states)}
<div class="actions"><button>Show</button></div>
</form>
${
  page.rows.length === 0
    ? noMatch(`No tokens match${page.lookedAtOnly ? " so far" : ""}.`, { href: path, text: "Show all tokens" })
    : tokensTable(page.rows, { actor: admin.user, nowSeconds, back })
}
${pager(page, path, asked)}
${page.rows.length > 0 && exportLink(path, asked)}`;
  return answerPage(context, { title, user: admin.user, section: "tokens", ...menuOf(deps.settings), body });
}

interface Shown {
  readonly actor: User;
  readonly nowSeconds: number;
  /** The query of this page, to come back to it. */
  readonly back: string;
}

function tokensTable(tokens: readonly AdminToken[], shown: Shown): Html {
  return html`<div class="scroll" role="region" aria-label="Tokens" tabindex="0"><table>
<caption>Times are UTC. “Outdated”: the user was changed since the log-in, so the token is not refreshed any more.</caption>
<thead><tr>
<th scope="col">User</th><th scope="col">State</th><th scope="col" class="wide">Issued</th>
<th scope="col" class="wide">Expires</th><th scope="col" class="wide">Id (jti)</th><th scope="col">Actions</th>
</tr></thead>
<tbody>${tokens.map((token) => tokenRow(token, shown))}</tbody>
</table></div>`;
}

function tokenRow(token: AdminToken, { actor, nowSeconds, back }: Shown): Html {
  const { jti, user } = token;
  const state = stateOf(token, nowSeconds);
  // Access tokens of an outdated session may still be valid.
  const may = (state === "live" || state === "outdated") && (user === undefined || mayChange(actor, user));
  const short = jti.slice(0, 8);
  const button = (what: string, text: string) => html`<form method="post" action="${path}${what}${back}">
<input type="hidden" name="jti" value="${jti}"><button class="danger small" aria-label="${text} ${short}">${text}</button></form>`;
  return html`<tr>
<th scope="row">${user ? html`<a href="${userPath(user.id)}">${user.username}</a>` : "no user"}</th>
<td>${stateBadge(token, state)}${token.type === "sliding" && html` <span class="badge">sliding</span>`}</td>
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

export function stateOf(token: AdminToken, nowSeconds: number): TokenStateFilter {
  if (token.blacklistedAtSeconds !== undefined) return "blacklisted";
  if (token.expiresAtSeconds <= nowSeconds) return "expired";
  return token.outdated ? "outdated" : "live";
}

const badgeClasses: Readonly<Record<TokenStateFilter, string>> = {
  live: "badge good",
  outdated: "badge",
  blacklisted: "badge bad",
  expired: "badge",
};

function stateBadge({ blacklistedAtSeconds }: AdminToken, state: TokenStateFilter): Html {
  const badge = html`<span class="${badgeClasses[state]}">${state}</span>`;
  return state === "blacklisted" ? html`${badge} ${timeOf(blacklistedAtSeconds)}` : badge;
}

export const revoke = (visit: Visit) => act(visit, "revokeToken", "revoked");
export const endItsSession = (visit: Visit) => act(visit, "endSession", "session");

async function act(visit: Visit, operation: "revokeToken" | "endSession", done: string): Promise<Response> {
  const form = await visit.form();
  await visit.deps.administration[operation](visit.context, visit.admin, form.text("jti"));
  const back = new URLSearchParams(visit.query);
  back.set("done", done);
  return seeOther(visit.context, `${path}?${back}`);
}
