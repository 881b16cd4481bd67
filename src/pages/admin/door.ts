// The door of the admin page: who is asking, from where, for what; and its refusals, as pages.
// Must never let a request act that did not come from the page itself, nor one without a session.

import { isConfirmed } from "../../administration/sessions.ts";
import type { RequestContext } from "../../context.ts";
import { Refusal, refuse } from "../../errors.ts";
import { adminCookie, readAuthCookie, setAdminCookie } from "../../http/cookies.ts";
import { isFormNavigation, provenance } from "../../http/csrf.ts";
import { adminPath, belowAdminPath } from "../../internal-routes/admin-path.ts";
import { userIdFrom } from "../../users/user.ts";
import { answerPage, seeOther } from "./answer-page.ts";
import { askBefore, askWithin, confirm, ownPasswordField, saveConfirm, showConfirm } from "./confirm-page.ts";
import { html } from "./html.ts";
import { askToLogIn, logIn, logOut, showLogIn } from "./log-in-page.ts";
import { endItsSession, revoke, showTokens } from "./tokens-page.ts";
import {
  confirmDelete,
  endTokens,
  saveNewUser,
  savePassword,
  saveUser,
  showDelete,
  showNewUser,
  showPassword,
  showUser,
} from "./user-pages.ts";
import { showUsers } from "./users-page.ts";
import { type AdminPageServices, type Form, readForm, type Visit } from "./visit.ts";

type Handler = (visit: Visit) => Promise<Response>;

/** A page by its path below the admin page's own. */
interface Entry {
  readonly path: RegExp;
  readonly get?: Handler;
  readonly post?: Handler;
  /** Only while there is a blacklist. */
  readonly ofTokens?: true;
  /** Whether its form may need the password again; "first" where that is asked before the form is shown. */
  readonly confirms?: true | "first";
}

const entries: readonly Entry[] = [
  { path: /^\/?$/, get: async ({ context }) => seeOther(context, `${adminPath}/users/`) },
  { path: /^\/logout$/, post: logOut },
  { path: /^\/users\/$/, get: showUsers },
  { path: /^\/confirm$/, get: showConfirm, post: saveConfirm },
  { path: /^\/users\/new$/, get: showNewUser, post: saveNewUser, confirms: "first" },
  { path: /^\/users\/(\d{1,19})\/$/, get: showUser, post: saveUser, confirms: true },
  { path: /^\/users\/(\d{1,19})\/password$/, get: showPassword, post: savePassword, confirms: "first" },
  { path: /^\/users\/(\d{1,19})\/delete$/, get: showDelete, post: confirmDelete, confirms: true },
  { path: /^\/users\/(\d{1,19})\/end$/, post: endTokens, ofTokens: true },
  { path: /^\/tokens\/$/, get: showTokens, ofTokens: true },
  { path: /^\/tokens\/revoke$/, post: revoke, ofTokens: true },
  { path: /^\/tokens\/end-session$/, post: endItsSession, ofTokens: true },
];

/**
 * 1. There is such a page, and it knows the method. 2. What changes something was sent by a page of ours: an unknown
 * sender is none, and so is a script. 3. The log-in, which needs no session. 4. A session, or off to the log-in. 5. The
 * page; where the password has to be typed again, that is asked first, and the form goes on with the answer.
 */
export async function answerAdmin(
  deps: AdminPageServices,
  request: Request,
  context: RequestContext,
): Promise<Response> {
  try {
    return await pageOf(deps, request, context);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    context.reason = error.reason;
    return refusalPage(context, error);
  }
}

async function pageOf(deps: AdminPageServices, request: Request, context: RequestContext): Promise<Response> {
  const below = belowAdminPath(context.url) ?? refuse("no_route");
  const isLogIn = below === "/login";
  const entry = entries.find(({ path, ofTokens }) => path.test(below) && (!ofTokens || hasTokens(deps)));
  if (!entry && !isLogIn) refuse("no_route");
  const changes = request.method === "POST";
  const reads = request.method === "GET" || request.method === "HEAD";
  const handler = changes ? entry?.post : reads ? entry?.get : undefined;
  if (!handler && !(isLogIn && (changes || reads))) {
    context.allow = [
      ...((entry?.get ?? isLogIn) ? ["GET", "HEAD"] : []),
      ...((entry?.post ?? isLogIn) ? ["POST"] : []),
    ].join(", ");
    refuse("method_not_allowed", { names: request.method });
  }
  // Not CORS_ORIGINS: who may call the API may not act as its admins.
  const isOwnForm = provenance(request.headers, context.url, []) === "own" && isFormNavigation(request.headers);
  if (changes && !isOwnForm) refuse("csrf_refused");
  const secret = readAuthCookie(request.headers.get("cookie"), adminCookie) ?? undefined;
  if (isLogIn) return changes ? logIn(deps, request, context, secret) : showLogIn(context);
  const admin = secret === undefined ? undefined : await deps.administration.adminBehind(context, secret);
  if (!admin || !handler) return forgetting(secret, askToLogIn(context));
  context.userId = admin.user.id;
  const id = userIdFrom(entry?.path.exec(below)?.[1] ?? "0");
  const { searchParams: query } = new URL(context.url);
  let read: Promise<Form> | undefined;
  const form = () => {
    read ??= readForm({ request, context });
    return read;
  };
  const visit: Visit = { deps, request, context, admin, id, query, form };
  return entry?.confirms ? confirming(visit, handler, entry.confirms, adminPath + below) : handler(visit);
}

/** A form that may need the password again, or the page that it is on. */
async function confirming(visit: Visit, handler: Handler, when: true | "first", path: string): Promise<Response> {
  if (visit.context.method !== "POST") {
    const asksNow = when === "first" && !isConfirmed(visit.admin, visit.context.nowSeconds);
    return asksNow ? askBefore(visit, path) : handler(visit);
  }
  const answered = (await visit.form()).text(ownPasswordField) !== "";
  const admin = answered ? await confirm(visit, path) : visit.admin;
  if (admin instanceof Response) return admin;
  try {
    return await handler({ ...visit, admin });
  } catch (error) {
    if (error instanceof Refusal && error.reason === "admin_confirmation_needed") return askWithin(visit, path);
    throw error;
  }
}

const hasTokens = ({ settings }: AdminPageServices): boolean => settings.TOKEN_BLACKLIST_ENABLED;

/** A session that is over is not sent again. */
function forgetting(secret: string | undefined, response: Response): Response {
  if (secret !== undefined) response.headers.append("set-cookie", setAdminCookie(null));
  return response;
}

/** A dull page: the status, the table's text, the request's id. */
function refusalPage(context: RequestContext, { wire, more }: Refusal): Response {
  const { status, detail, retryAfterSeconds } = wire;
  const text = detail.replace("{}", () => more.names ?? "");
  const body = html`<h1>${text}</h1>
<p class="lead">Status ${status}, request ${context.requestId}.</p>
<p><a href="${adminPath}/">To the users</a></p>`;
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return answerPage(context, { status, title: `Error ${status}`, user: undefined, body, headers });
}
