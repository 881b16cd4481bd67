// The routes of the admin page: which page, for whom, asked from where; and its refusals, as pages.
// Must never let a request act that did not come from the page itself, nor one without a session.

import { isConfirmed } from "../../administration/sessions.ts";
import type { DecisionRecord, Draft, Outcome, RequestContext } from "../../context.ts";
import { Refusal, refuse } from "../../errors.ts";
import { adminCookie, readAuthCookie, setAdminCookie } from "../../http/cookies.ts";
import { isFormNavigation, provenance } from "../../http/csrf.ts";
import { adminPath } from "../../internal-routes/admin-path.ts";
import { answerPage, seeOther } from "./answer-page.ts";
import { revokeKey, saveNewApiKey, showApiKeys, showNewApiKey } from "./api-keys-page.ts";
import { showAudit } from "./audit-page.ts";
import { askBefore, askWithin, confirm, ownPasswordField, saveConfirm, showConfirm } from "./confirm-page.ts";
import { endEveryone, showEveryone } from "./everyone-page.ts";
import { exportTokens, exportUsers } from "./export-page.ts";
import { html } from "./html.ts";
import { askToLogIn, logIn, logOut, showLogIn } from "./log-in-page.ts";
import { changeSelected, showSelected } from "./selected-page.ts";
import { endItsSession, revoke, showTokens } from "./tokens-page.ts";
import {
  confirmDelete,
  endOneSession,
  endTokens,
  saveNewUser,
  savePassword,
  saveUser,
  showDelete,
  showNewUser,
  showPassword,
  showSessions,
  showUser,
} from "./user-pages.ts";
import { idOfSegment, idSegment } from "./user-path.ts";
import { showUsers } from "./users-page.ts";
import { type AdminPageServices, type Form, type PageResult, type RefusedPage, readForm, type Visit } from "./visit.ts";

type PageHandler = (visit: Visit) => Promise<PageResult>;

/** A page by its path below the admin page's own, in Hono's notation. */
interface AdminPage {
  readonly path: string;
  readonly get?: PageHandler;
  readonly post?: PageHandler;
  /** Only while there is a blacklist. */
  readonly ofTokens?: true;
  /** Only with API_KEYS. */
  readonly ofApiKeys?: true;
  /** Whether its form may need the password again; "first" where that is asked before the form is shown. */
  readonly confirms?: true | "first";
}

const showRoot: PageHandler = async ({ context }) => seeOther(context, `${adminPath}/users/`);

const pages: readonly AdminPage[] = [
  { path: "", get: showRoot },
  { path: "/", get: showRoot },
  { path: "/logout", post: logOut },
  { path: "/users/", get: showUsers },
  { path: "/confirm", get: showConfirm, post: saveConfirm },
  { path: "/everyone", get: showEveryone, post: endEveryone, ofTokens: true, confirms: true },
  { path: "/users/new", get: showNewUser, post: saveNewUser, confirms: "first" },
  { path: "/users/selected", get: showSelected, post: changeSelected, confirms: true },
  { path: "/users/export.csv", get: exportUsers },
  { path: `/users/:id{${idSegment}}/`, get: showUser, post: saveUser, confirms: true },
  { path: `/users/:id{${idSegment}}/password`, get: showPassword, post: savePassword, confirms: "first" },
  { path: `/users/:id{${idSegment}}/delete`, get: showDelete, post: confirmDelete, confirms: true },
  { path: `/users/:id{${idSegment}}/end`, post: endTokens, ofTokens: true },
  { path: `/users/:id{${idSegment}}/sessions`, get: showSessions, post: endOneSession, ofTokens: true },
  { path: "/audit/", get: showAudit },
  { path: "/tokens/", get: showTokens, ofTokens: true },
  { path: "/tokens/export.csv", get: exportTokens, ofTokens: true },
  { path: "/tokens/revoke", post: revoke, ofTokens: true },
  { path: "/tokens/end-session", post: endItsSession, ofTokens: true },
  { path: "/api-keys/", get: showApiKeys, ofApiKeys: true },
  { path: "/api-keys/new", get: showNewApiKey, post: saveNewApiKey, ofApiKeys: true, confirms: "first" },
  { path: "/api-keys/revoke", post: revokeKey, ofApiKeys: true },
];

/** Answers a request to one page; `id` is the user's in the path, or empty. */
export type AdminHandler = (request: Request, context: RequestContext, id: string) => Promise<Outcome>;

/** Every path of the admin page with its handler, to be mounted in this order. */
export function adminRoutes(
  deps: AdminPageServices,
): ReadonlyArray<{ readonly path: string; readonly handle: AdminHandler }> {
  const answering =
    (answer: (visitor: Visitor, id: string) => Promise<PageResult>): AdminHandler =>
    async (request, context, id) => {
      const record: Draft<DecisionRecord> = { operation: "gateway" };
      const visitor = { deps, request, context, record };
      try {
        // A path in any other spelling than its own is none of these.
        if (context.url.path.includes("%")) refuse("no_route");
        const result = await answer(visitor, id);
        if (result instanceof Response) return { record, response: result };
        return { record: { ...record, reason: result.reason }, response: result.response };
      } catch (error) {
        if (!(error instanceof Refusal)) return { record, error };
        return { record: { ...record, reason: error.reason }, response: refusalPage(context, error) };
      }
    };
  const { TOKEN_BLACKLIST_ENABLED, API_KEYS } = deps.settings;
  const served = pages.filter(
    ({ ofTokens, ofApiKeys }) => (!ofTokens || TOKEN_BLACKLIST_ENABLED) && (!ofApiKeys || API_KEYS),
  );
  const redirects = [...served.filter(({ path, get }) => get && path.length > 1), { path: "/login" }].map(
    ({ path }) => ({
      path: path.endsWith("/") ? path.slice(0, -1) : `${path}/`,
      handle: answering(async ({ context }) => otherSlash(context)),
    }),
  );
  const isOfUser = ({ path }: { readonly path: string }) => path.includes(":id");
  return [
    { path: "/login", handle: answering(answerLogIn) },
    // Typed by hand with a slash too many, or without the one at the end. Before the users: `/users/new/` is none.
    ...redirects.filter((one) => !isOfUser(one)),
    ...served.map((page) => ({
      path: page.path,
      handle: answering((visitor, id) => answerVisit(visitor, page, id)),
    })),
    ...redirects.filter(isOfUser),
    { path: "/*", handle: answering(async () => refuse("no_route")) },
  ];
}

/** Leads to the page whose path differs in the slash at its end alone; its session is looked for there. */
function otherSlash(context: RequestContext): Response {
  if (!isRead(context)) refuseMethod(context, "GET, HEAD");
  const { path, query } = context.url;
  const other = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
  return seeOther(context, other + query);
}

/** A request to a page before it is known who sent it. */
interface Visitor extends Pick<Visit, "deps" | "request" | "context"> {
  readonly record: Draft<DecisionRecord>;
}

const isRead = ({ method }: RequestContext): boolean => method === "GET" || method === "HEAD";
const isWrite = ({ method }: RequestContext): boolean => method === "POST";

/** What changes something comes from a page of ours: a request of unknown origin is refused, and so is a script's. */
function refuseForeignForm({ request, context }: Visitor): void {
  // Not CORS_ORIGINS: who may call the API may not act as its admins.
  const isOwn = provenance(request.headers, context.url.text, []) === "own" && isFormNavigation(request.headers);
  if (isWrite(context) && !isOwn) refuse("csrf_refused");
}

const secretOf = (request: Request) => readAuthCookie(request.headers.get("cookie"), adminCookie) ?? undefined;

/** The log-in, which needs no session. */
async function answerLogIn(visitor: Visitor): Promise<PageResult> {
  const { deps, request, context } = visitor;
  if (!isRead(context) && !isWrite(context)) refuseMethod(context, "GET, HEAD, POST");
  refuseForeignForm(visitor);
  return isWrite(context) ? logIn(deps, request, context, secretOf(request)) : showLogIn(deps, context);
}

/**
 * 1. The page knows the method. 2. What changes something was sent by a page of ours. 3. A session, or off to the log-in.
 * 4. The page; where the password has to be typed again, that is asked first, and the form goes on with the answer.
 */
async function answerVisit(visitor: Visitor, page: AdminPage, idText: string): Promise<PageResult> {
  const { deps, request, context, record } = visitor;
  const id = idText === "" ? "" : (idOfSegment(idText) ?? refuse("no_route"));
  const handler = isWrite(context) ? page.post : isRead(context) ? page.get : undefined;
  if (!handler)
    refuseMethod(context, [...(page.get ? ["GET", "HEAD"] : []), ...(page.post ? ["POST"] : [])].join(", "));
  refuseForeignForm(visitor);
  const secret = secretOf(request);
  const admin = secret === undefined ? undefined : await deps.administration.adminBehind(context, secret);
  if (!admin) return forgetting(secret, askToLogIn(context));
  record.identity = { userId: admin.user.id, tokenType: undefined, jti: undefined };
  let read: Promise<Form> | undefined;
  const form = () => {
    read ??= readForm({ request, context });
    return read;
  };
  const query = new URLSearchParams(context.url.query);
  const visit: Visit = { deps, request, context, admin, id, query, form };
  return page.confirms ? confirming(visit, handler, page.confirms) : handler(visit);
}

function refuseMethod({ method }: RequestContext, allow: string): never {
  return refuse("method_not_allowed", { names: method, allow });
}

/** A form that may need the password again, or the page that it is on. */
async function confirming(visit: Visit, handler: PageHandler, when: true | "first"): Promise<PageResult> {
  const { path } = visit.context.url;
  if (!isWrite(visit.context)) {
    const asksNow = when === "first" && !isConfirmed(visit.admin, visit.context.nowSeconds);
    return asksNow ? askBefore(visit, path) : handler(visit);
  }
  const answered = (await visit.form()).text(ownPasswordField) !== "";
  const admin = answered ? await confirm(visit, path) : visit.admin;
  if ("response" in admin) return admin;
  try {
    return await handler({ ...visit, admin });
  } catch (error) {
    if (error instanceof Refusal && error.reason === "admin_confirmation_needed") return askWithin(visit, path);
    throw error;
  }
}

/** A session that is over is not sent again. */
function forgetting(secret: string | undefined, page: RefusedPage): RefusedPage {
  if (secret !== undefined) page.response.headers.append("set-cookie", setAdminCookie(null));
  return page;
}

/** A dull page: the status, the table's text, the request's id. */
function refusalPage(context: RequestContext, { wire, more, retryAfterSeconds }: Refusal): Response {
  const { status, detail } = wire;
  const text = detail.replace("{}", () => more.names ?? "");
  const body = html`<h1>${text}</h1>
<p class="lead">Status ${status}, request ${context.requestId}.</p>
<p><a href="${adminPath}/">Back to the users</a></p>`;
  const headers = {
    ...(more.allow === undefined ? {} : { allow: more.allow }),
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  };
  return answerPage(context, { status, title: `Error ${status}`, user: undefined, body, headers });
}
