// The list of API keys, the form for a new one, and the page that shows a new key once.
// Must never show a key again, nor put one into an address.
import type { ApiKeyErrors } from "../../administration/api-keys.ts";
import { refuse } from "../../errors.ts";
import { adminPath } from "../../internal-routes/admin-path.ts";
import type { ListedApiKey } from "../../stores/api-keys-contract.ts";
import { mayManageApiKeys } from "../../users/admin-rights.ts";
import { expiryIn, scopesIn } from "../../users/api-key-rules.ts";
import { answerPage, menuOf, seeOther } from "./answer-page.ts";
import { type Html, html } from "./html.ts";
import { doneMessage, fromOf, pager, timeOf } from "./list.ts";
import { userPath } from "./user-path.ts";
import type { Form, Visit } from "./visit.ts";

const path = `${adminPath}/api-keys/`;

export async function showApiKeys({ deps, context, admin, query }: Visit): Promise<Response> {
  const page = await deps.administration.pageOfApiKeys(fromOf(query));
  const may = mayManageApiKeys(admin.user);
  const body = html`${doneMessage(query)}
<div class="head"><h1>API keys</h1>${may && html`<a class="button" href="${path}new">Create an API key</a>`}</div>
<p class="lead">For machines: a request with <code>Authorization: Api-Key …</code> on a route that takes keys. The part of a key before its dot is its name here and for the API. Only superusers create and revoke keys; to revoke one cannot be undone.</p>
${page.rows.length === 0 ? html`<div class="scroll none"><p>There are no API keys.</p></div>` : keysTable(page.rows, context.nowSeconds, may)}
${pager(page, path, {})}`;
  return answerPage(context, {
    title: "API keys",
    user: admin.user,
    section: "api-keys",
    ...menuOf(deps.settings),
    body,
  });
}

function keysTable(keys: readonly ListedApiKey[], nowSeconds: number, may: boolean): Html {
  return html`<div class="scroll" role="region" aria-label="API keys" tabindex="0"><table>
<caption>Times are UTC. “Last used” is exact to ten minutes.</caption>
<thead><tr>
<th scope="col">Prefix</th><th scope="col">Name</th><th scope="col">State</th><th scope="col" class="wide">Scopes</th>
<th scope="col" class="wide">Owner</th><th scope="col" class="wide">Created</th><th scope="col" class="wide">Expires</th>
<th scope="col" class="wide">Last used</th><th scope="col">Actions</th>
</tr></thead>
<tbody>${keys.map((key) => keyRow(key, nowSeconds, may))}</tbody>
</table></div>`;
}

function keyRow(key: ListedApiKey, nowSeconds: number, may: boolean): Html {
  const { prefix, userId } = key;
  const state = stateOf(key, nowSeconds);
  const button = html`<form method="post" action="${path}revoke"><input type="hidden" name="prefix" value="${prefix}"><button class="danger small" aria-label="Revoke ${prefix}">Revoke</button></form>`;
  return html`<tr>
<th scope="row"><code>${prefix}</code></th>
<td>${key.name}</td>
<td><span class="${state === "good" ? "badge good" : "badge bad"}">${state}</span></td>
<td class="wide">${key.scopes.join(" ") || "–"}</td>
<td class="wide">${userId === undefined ? "–" : html`<a href="${userPath(userId)}">${key.username ?? `user ${userId}`}</a>`}</td>
<td class="wide">${timeOf(key.createdAtSeconds)}</td>
<td class="wide">${timeOf(key.expiresAtSeconds)}</td>
<td class="wide">${timeOf(key.lastUsedAtSeconds)}</td>
<td>${may && key.revokedAtSeconds === undefined ? button : "–"}</td>
</tr>
`;
}

function stateOf(key: ListedApiKey, nowSeconds: number): "good" | "revoked" | "expired" | "owner inactive" {
  if (key.revokedAtSeconds !== undefined) return "revoked";
  if (key.expiresAtSeconds !== undefined && nowSeconds >= key.expiresAtSeconds) return "expired";
  return key.ownerIsActive ? "good" : "owner inactive";
}

const noErrors: ApiKeyErrors = {};

export async function showNewApiKey(visit: Visit): Promise<Response> {
  if (!mayManageApiKeys(visit.admin.user)) refuse("permission_denied");
  return newKeyPage(visit, () => "", noErrors);
}

export async function saveNewApiKey(visit: Visit): Promise<Response> {
  const { deps, context, admin } = visit;
  const form = await visit.form();
  const expires = form.text("expires").trim();
  const outcome = await deps.administration.createApiKey(context, admin, {
    name: form.text("name"),
    scopes: scopesIn(form.text("scopes")),
    owner: form.text("owner").trim(),
    expiresAtSeconds: expires === "" ? undefined : (expiryIn(expires) ?? null),
  });
  return "errors" in outcome ? newKeyPage(visit, form.text, outcome.errors) : madePage(visit, outcome.key);
}

/** The one page that ever has the key: it is answered to the form itself, and no cache keeps it. */
function madePage({ deps, context, admin }: Visit, key: string): Response {
  const body = html`<h1>The API key was created</h1>
<div class="card">
<p>Copy it now: it is not shown again.</p>
<p><code>${key}</code></p>
<p>Requests bring it in a header: <code>Authorization: Api-Key ${key}</code></p>
<p><a href="${path}">To the list of API keys</a></p>
</div>`;
  return answerPage(context, {
    ...{ title: "The API key was created", user: admin.user, section: "api-keys", body },
    ...menuOf(deps.settings),
  });
}

const fields = [
  ["name", "Name", "What the key is for, at most 50 characters.", "text"],
  ["scopes", "Scopes", 'Separated by blanks. A route with api_keys = ["reports"] wants the scope reports.', "text"],
  [
    "owner",
    "Owner",
    "A username, or empty. The key is refused while its owner is inactive, and revoked when they are deleted.",
    "text",
  ],
  ["expires", "Last day", "Such as 2027-01-31; empty for a key that does not expire.", "date"],
] as const;

function newKeyPage({ deps, context, admin }: Visit, typed: Form["text"], errors: ApiKeyErrors): Response {
  const bad = fields.flatMap(([name, label]) => {
    const error = errors[name];
    return error === undefined ? [] : [html`<li><a href="#${name}">${label}: ${error}</a></li>`];
  });
  const input = ([name, label, help, type]: (typeof fields)[number]) => {
    const error = errors[name];
    return html`<div>
<label for="${name}">${label}</label>
<p class="help" id="${name}-help">${help}</p>
<input id="${name}" name="${name}" type="${type}" autocomplete="off" autocapitalize="none" spellcheck="false"${
      name === "name" && html` required`
    }${name === "name" && bad.length === 0 && html` autofocus`} aria-describedby="${name}-help${error === undefined ? "" : ` ${name}-error`}"${
      error !== undefined && html` aria-invalid="true"`
    } value="${typed(name)}">
${error && html`<p class="error" id="${name}-error">${error}</p>`}
</div>`;
  };
  const title = "Create an API key";
  const body = html`${
    bad.length > 0 &&
    html`<div class="summary" role="alert" tabindex="-1" autofocus>
<h2>Nothing was saved</h2>
<ul>${bad}</ul>
</div>`
  }
<h1>${title}</h1>
<form class="card fields" method="post" action="${path}new">
${fields.map(input)}
<div class="actions"><button>Create the key</button> <a href="${path}">Cancel</a></div>
</form>`;
  return answerPage(context, {
    ...{ status: bad.length > 0 ? 400 : 200, title: bad.length > 0 ? `Error: ${title}` : title },
    ...{ user: admin.user, section: "api-keys", body },
    ...menuOf(deps.settings),
  });
}

export async function revokeKey({ deps, context, admin, form }: Visit): Promise<Response> {
  await deps.administration.revokeApiKey(context, admin, (await form()).text("prefix"));
  return seeOther(context, `${path}?done=api-key`);
}
