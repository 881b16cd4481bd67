// The question whether to log everybody out, and the log-in to which the answer leads.
// Must never act on a link alone.
import { refuse } from "../../errors.ts";
import { setAdminCookie } from "../../http/cookies.ts";
import { adminPath } from "../../internal-routes/admin-path.ts";
import { mayEndEveryone } from "../../users/admin-rights.ts";
import { answerPage, menuOf, seeOther } from "./answer-page.ts";
import { html } from "./html.ts";
import type { Visit } from "./visit.ts";

export const everyonePath = `${adminPath}/everyone`;

export async function showEveryone({ deps, context, admin }: Visit): Promise<Response> {
  if (!mayEndEveryone(admin.user)) refuse("permission_denied");
  const title = "Log everybody out?";
  const body = html`<h1>${title}</h1>
<form class="card" method="post" action="${everyonePath}">
<p>Every token issued so far ends, of every user, and every log-in to this page, yours among them. Everybody can log in again. This cannot be undone.</p>
<p>Refresh tokens end at once, access tokens on routes that check revocation as soon as these know, within two minutes by default. Routes with revocation = “off” accept them until they expire.</p>
<p>Somebody who has a signing key can go on making tokens: replace the key as well.</p>
<div class="actions"><button class="danger">Log everybody out</button> <a href="${adminPath}/users/">Cancel</a></div>
</form>`;
  return answerPage(context, { title, user: admin.user, section: "users", ...menuOf(deps.settings), body });
}

export async function endEveryone({ deps, context, admin }: Visit): Promise<Response> {
  await deps.administration.logOutEveryone(context, admin);
  return seeOther(context, `${adminPath}/login?done=everyone`, { "set-cookie": setAdminCookie(null) });
}
