// The token endpoints as a table: what each takes, which use case it calls. internal-routes/table.ts says where it is.

import type { Operation, RequestContext } from "../context.ts";
import { type Reason, refusals } from "../errors.ts";
import type { TokenRouteName } from "../internal-routes/table.ts";
import type { TokenUseCases } from "../sessions/use-cases.ts";
import type { EndpointName } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";
import type { PassedAnswer } from "../users/api-answer.ts";

export type FieldName = "username" | "password" | "refresh" | "token";
/** The names under which tokens are in an answer. */
export type TokenName = "refresh" | "access" | "token";
/** What was sent: of the log-in's fields those that are there, if the API judges it. */
export interface Fields extends Readonly<Partial<Record<FieldName, string | undefined>>> {
  readonly others?: Readonly<Record<string, unknown>>;
}

/** What a use case answered: tokens by their names, or nothing; or the API's own answer, for the client to read. */
export type EndpointAnswer = AnsweredTokens | PassedAnswer;

export interface AnsweredTokens {
  readonly tokens: object;
  /** A body in which the tokens belong in the place of what it has under their names. */
  readonly body?: Readonly<Record<string, unknown>> | undefined;
}

/** The name under which a field is sent and its errors are given: USERNAME_FIELD for the name, else its own. */
export const sentName = ({ USERNAME_FIELD }: Pick<Settings, "USERNAME_FIELD">, field: FieldName): string =>
  field === "username" ? USERNAME_FIELD : field;

/** One token endpoint. */
export interface Endpoint {
  /** The entry of TOKEN_ENDPOINTS that switches it on. */
  readonly name: EndpointName;
  /** Its internal route, which metrics call so, too. */
  readonly operation: Operation & TokenRouteName;
  /** As a heading on the page for browsers and in the answer to OPTIONS. */
  readonly title: string;
  readonly description: string;
  readonly fields: readonly FieldName[];
  /** The tokens in the body of its 200. */
  readonly gives: (settings: Settings) => readonly TokenName[];
  /** What it may be refused with, in addition to what is refused before the use case (`refusedBeforeUseCase`). */
  readonly refuses: readonly Reason[];
  /** Calls the use case. @param path the endpoint's path that was asked */
  readonly run: (
    useCases: TokenUseCases,
    fields: Fields,
    context: RequestContext,
    path: string,
  ) => Promise<EndpointAnswer>;
}

/** The media types of bodies that the token endpoints read. */
export const bodyTypes = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"] as const;

/** What every token endpoint may refuse with before its use case begins, or when something fails in it. */
export const refusedBeforeUseCase: readonly Reason[] = [
  "fields_invalid",
  "json_unreadable",
  "form_unreadable",
  "no_route",
  "not_acceptable",
  "request_malformed",
  "body_too_slow",
  "uploads_full",
  "body_too_large",
  "media_type_unsupported",
  "internal_error",
  "store_unavailable",
  "misconfigured",
];

/** What else is refused with AUTH_COOKIE. */
export const refusedForCookies: readonly Reason[] = ["csrf_refused", "auth_cookie_ambiguous", "auth_cookie_too_large"];

const reasons = Object.keys(refusals) as readonly Reason[];
const login = reasons.filter((reason) => reason.startsWith("login_"));
/** What else a log-in is refused with, where LOGIN asks the API. */
export const refusedForApi = reasons.filter((reason) => reason.startsWith("api_login_"));
const opened = reasons.filter(
  (reason) =>
    reason.startsWith("token_") && !reason.startsWith("token_blacklisted") && reason !== "token_user_id_malformed",
);
const refreshed: readonly Reason[] = [
  ...opened,
  "token_blacklisted",
  "token_user_id_malformed",
  "refresh_user_refused",
  "refresh_password_changed",
  "refresh_session_outdated",
  "keys_unavailable",
];

const credentials = ["username", "password"] as const;

const loginOf = ({ username, password, others }: Fields) => ({
  ...{ username, password },
  ...(others === undefined ? {} : { others }),
});

const answerOf = async (work: Promise<object>): Promise<AnsweredTokens> => ({ tokens: await work });

export const endpoints: readonly Endpoint[] = [
  {
    name: "obtain",
    operation: "obtain",
    title: "Token Obtain Pair",
    description: "Takes the credentials of a user, and returns a refresh token and an access token.",
    fields: credentials,
    gives: () => ["refresh", "access"],
    refuses: login,
    run: (useCases, fields, context, path) => useCases.obtainPair(context, { ...loginOf(fields), path }),
  },
  {
    name: "refresh",
    operation: "refresh",
    title: "Token Refresh",
    description: "Takes a refresh token, and returns a new access token and, with rotation, a new refresh token.",
    fields: ["refresh"],
    gives: ({ ROTATE_REFRESH_TOKENS }) => (ROTATE_REFRESH_TOKENS ? ["access", "refresh"] : ["access"]),
    refuses: refreshed,
    run: (useCases, fields, context) => answerOf(useCases.refresh(context, fields.refresh ?? "")),
  },
  {
    name: "verify",
    operation: "verify",
    title: "Token Verify",
    description: "Takes a token of any type, and returns an empty object if it is valid.",
    fields: ["token"],
    gives: () => [],
    refuses: [...opened, "token_blacklisted_at_verify", "keys_unavailable"],
    run: (useCases, fields, context) => answerOf(useCases.verify(context, fields.token ?? "")),
  },
  {
    name: "blacklist",
    operation: "blacklist",
    title: "Token Blacklist",
    description: "Takes a refresh token and blacklists it.",
    fields: ["refresh"],
    gives: () => [],
    refuses: [...opened, "token_blacklisted", "token_user_id_malformed", "keys_unavailable"],
    run: (useCases, fields, context) => answerOf(useCases.blacklist(context, fields.refresh ?? "")),
  },
  {
    name: "sliding",
    operation: "sliding",
    title: "Token Obtain Sliding",
    description: "Takes the credentials of a user, and returns a sliding token.",
    fields: credentials,
    gives: () => ["token"],
    refuses: login,
    // Where the API is asked, it is asked for a pair.
    run: (useCases, fields, context) => answerOf(useCases.obtainSliding(context, loginOf(fields))),
  },
  {
    name: "sliding",
    operation: "sliding_refresh",
    title: "Token Refresh Sliding",
    description: "Takes a sliding token within its refresh window, and returns the same token, valid for longer.",
    fields: ["token"],
    gives: () => ["token"],
    refuses: refreshed,
    run: (useCases, fields, context) => answerOf(useCases.slidingRefresh(context, fields.token ?? "")),
  },
];
