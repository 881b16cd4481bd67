// The console of CONSOLE: a page to log in, look into the tokens and call whatever is behind the gateway.
// Must never hold a key, an origin, or anything of a user.
import { authHeaderName } from "../../auth/bearer-token.ts";
import type { RequestContext } from "../../context.ts";
import { servedEndpoints, tokenPath } from "../../settings/derived.ts";
import { readIssuers } from "../../settings/issuers.ts";
import { shown } from "../../settings/readers.ts";
import { type RouteAuth, readRoute } from "../../settings/route-keys.ts";
import type { Settings } from "../../settings/settings.ts";
import { tokenPathNames } from "../../settings/token-paths.ts";
import { fieldLabel } from "../../users/user-rules.ts";
import { answerHtml } from "../answer-html.ts";
import { escapeHtml } from "../escape-html.ts";
import { clientScript, consoleScript, consoleStyle, tokenFormStyle } from "../texts.ts";
import { consoleBody } from "./console-body.ts";
import type { Known, Name, RouteInWords } from "./types.d.ts";

/** Answers 200 with the page. It does nothing that a client could not do, and keeps what it gets in memory alone. */
export async function answerConsole(settings: Settings, context: RequestContext): Promise<Response> {
  const known = escapeHtml(JSON.stringify(knownOf(settings)));
  return answerHtml(context, {
    title: "Gateway console",
    styles: [tokenFormStyle, consoleStyle],
    script: clientScript + consoleScript,
    body: `<main data-known="${known}">\n${consoleBody(escapeHtml(fieldLabel(settings.USERNAME_FIELD)))}</main>`,
    formAction: "'none'",
  });
}

const classes = { access: "AccessToken", refresh: "RefreshToken", token: "SlidingToken" };

/**
 * What the page's script has to know of the settings. Everybody who can open the console sees it: of ROUTES what a request needs, of
 * ISSUERS what a token of theirs has to say, of IDENTITY_HEADERS names and claims; never an origin, a key or what the API sees of a path.
 */
function knownOf(settings: Settings): Known {
  const accepted = settings.AUTH_TOKEN_CLASSES.map((name) => name.split(".").at(-1));
  return {
    accepts: (Object.keys(classes) as Name[]).filter(
      (name) => accepted.includes(classes[name]) || accepted.includes("UntypedToken"),
    ),
    routes: settings.ROUTES.flatMap((raw) => routeInWords(raw, settings)),
    issuers: readIssuers(settings).issuers.map(({ issuer, audience, userClaim, jtiClaim, typeClaim, mapping }) => ({
      ...{ issuer, audience, userClaim, idClaim: jtiClaim, typeClaim: typeClaim ?? null },
      reissues: mapping !== undefined,
    })),
    identity: { ...settings.IDENTITY_HEADERS },
    forwards: settings.FORWARD_AUTHORIZATION,
    assertion: settings.ASSERTION,
    admin: settings.ADMIN && settings.ADMIN_HOST === null,
    issuer: settings.ISSUER,
    idClaim: settings.JTI_CLAIM,
    userClaim: settings.USER_ID_CLAIM,
    usernameField: settings.USERNAME_FIELD,
    paths: Object.fromEntries(endpoints.map((name) => [name, tokenPath(settings, name)])) as Known["paths"],
    served: [...servedEndpoints(settings)],
    header: authHeaderName(settings),
    scheme: settings.AUTH_HEADER_TYPES[0] ?? "",
    cookiesOnly: settings.AUTH_COOKIE === "only",
    typeClaim: settings.TOKEN_TYPE_CLAIM,
    refreshExpClaim: settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM,
    lifetimes: {
      access: settings.ACCESS_TOKEN_LIFETIME,
      refresh: settings.REFRESH_TOKEN_LIFETIME,
      token: settings.SLIDING_TOKEN_LIFETIME,
    },
  };
}

/** All but what is for APIs alone. */
const endpoints = tokenPathNames.filter((name) => name !== "introspect");

const needs: Readonly<Record<RouteAuth, string>> = {
  public: "no token",
  optional: "a valid token or none",
  token: "a token",
  user: "a token of a user in the database",
};

/** The settings were checked before there was a page: nothing is left to diagnose. */
function routeInWords(raw: unknown, settings: Settings): RouteInWords[] {
  const {
    path,
    auth,
    methods,
    require,
    revocation,
    enforce,
    issuers,
    api_keys: keys,
    limit,
  } = readRoute(raw, settings, { error: () => {}, warn: () => {} }) ?? {};
  if (path === undefined || auth === undefined) return [];
  const claims = [...(require ?? [])].map(([name, value]) => `${name} = ${shown(value)}`);
  const words = [
    needs[auth],
    ...(issuers === undefined ? [] : [`of ${[...issuers].join(" or ")}`]),
    ...(claims.length === 0 ? [] : [`with ${claims.join(" and ")}`]),
    ...(keys === undefined ? [] : [`or an API key${keys === true ? "" : ` with ${keys.join(" and ")}`}`]),
    ...(auth === "public" ? [] : [`revocation ${revocation}`]),
    ...(limit === undefined ? [] : [`limited by ${limit.by}`]),
    ...(enforce === false ? ["not enforced (shadow mode)"] : []),
  ];
  return [{ path, methods: [...(methods ?? [])], needs: words.join(", ") }];
}
