// The token endpoints over HTTP: read the body, call one use case, answer.
// Must never accept a method or a media type that DRF would refuse.

import type { DecisionRecord, Handler, RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import { type ParsedBody, readBody } from "../http/body.ts";
import { namesIn, readFields, readLoginFields, readOtherFields } from "../http/fields.ts";
import { negotiateJson, wantsPage } from "../http/negotiation.ts";
import { tokenRoutePaths } from "../internal-routes/table.ts";
import { parseJson } from "../json/parse.ts";
import type { Log } from "../log-events.ts";
import { endpointLimit, type TokenLimitDependencies } from "../sessions/token-limits.ts";
import type { TokenUseCases } from "../sessions/use-cases.ts";
import { isRecord } from "../settings/readers.ts";
import type { Settings } from "../settings/settings.ts";
import type { PassedAnswer } from "../users/api-answer.ts";
import { isPassed } from "../users/api-login.ts";
import { fieldLabel } from "../users/user-rules.ts";
import { type CookieRequest, type Instead, openCookies } from "./cookies.ts";
import { bodyTypes, type Endpoint, type FieldName, type Fields, sentName } from "./definitions.ts";
import { passOn } from "./passed-answer.ts";

export interface TokenEndpointServices extends TokenLimitDependencies {
  readonly log: Log;
  readonly useCases: TokenUseCases;
  /** The page with a form that a browser gets. */
  readonly answerForm: (form: EndpointForm, context: RequestContext, allow: string) => Promise<Response>;
}

/** What the page with a form says of an endpoint. */
export interface EndpointForm extends Pick<Endpoint, "title" | "description"> {
  readonly fields: ReadonlyArray<{ readonly kind: FieldName; readonly name: string; readonly label: string }>;
}

const allow = "POST, OPTIONS";

/**
 * The handler of one endpoint. A browser that visits it gets a page. Else, in DRF's order: 1. `Accept` and `?format`.
 * 2. The method. 3. The media type and the body. 4. The fields. 5. The use case. TOKEN_LIMITS
 * counts before 3 by address, and after 4 by user.
 */
export function createTokenEndpoint(services: TokenEndpointServices, endpoint: Endpoint): Handler {
  const record: DecisionRecord = { operation: endpoint.operation };
  const read = readerOf(services.settings, endpoint);
  const paths = tokenRoutePaths(services.settings, endpoint.operation);
  const form = formOf(services.settings, endpoint);
  const limit = endpointLimit(services, endpoint.operation);
  return async (request, context) => {
    let indent = 0;
    let cookies: CookieRequest | undefined;
    try {
      if (wantsPage(request)) return { record, response: await services.answerForm(form, context, allow) };
      indent = negotiateJson(request);
      const options = { allow, indent };
      if (request.method === "OPTIONS") {
        return { record, response: answerJson(context, 200, describe(services.settings, endpoint), options) };
      }
      if (request.method !== "POST") refuse("method_not_allowed", { names: request.method });
      if (services.settings.AUTH_COOKIE !== false) {
        cookies = openCookies(services, endpoint, request, context.requestId);
      }
      await limit?.byAddress(context);
      const body = await readBody(request, context.uploads);
      const sent = read(body, cookies?.instead);
      await limit?.byUser(sent.refresh ?? sent.token ?? "", context);
      const result = await endpoint.run(services.useCases, sent, context, askedPath(paths, context));
      if (isPassed(result)) {
        const missed = missedFields(services.settings, body, result.passed);
        if (missed.length > 0) services.log("login_fields_missed", { fields: missed }, context.requestId);
        return passOn(context, record, result.passed);
      }
      const members = { ...result.body, ...result.tokens };
      const answer = cookies?.split(result.tokens, members) ?? { body: members, cookies: [] };
      const response = answerJson(context, 200, answer.body, options);
      for (const cookie of answer.cookies) response.headers.append("set-cookie", cookie);
      return { record, response };
    } catch (error) {
      return { record, error, allow, indent, clearsCookies: cookies?.forgets(error) };
    }
  };
}

/** Which of the endpoint's paths was asked, as the settings spell it: with a slash at its end, and decoded. */
function askedPath(paths: readonly string[], { url }: RequestContext): string {
  const asked = url.path.includes("%") ? decodeURI(url.path) : url.path;
  return paths.find((path) => path === asked || path === `${asked}/`) ?? paths[0] ?? asked;
}

/** Fields that the API has errors for, and that did not reach it although the client sent them. */
function missedFields(
  { USERNAME_FIELD, OTHER_LOGIN_FIELDS }: Settings,
  sent: ParsedBody,
  { status, body }: PassedAnswer["passed"],
): readonly string[] {
  if (status !== 400) return [];
  try {
    const errors = parseJson(new TextDecoder().decode(body));
    const passedOn = [USERNAME_FIELD, "password", ...OTHER_LOGIN_FIELDS];
    return isRecord(errors) ? namesIn(sent, Object.keys(errors)).filter((name) => !passedOn.includes(name)) : [];
  } catch {
    return [];
  }
}

/** How the body is read: whole, or for the API's log-in view, which says itself what is missing. */
function readerOf(settings: Settings, { fields }: Endpoint): (body: ParsedBody, instead?: Instead) => Fields {
  const names = (field: FieldName) => sentName(settings, field);
  const { USERNAME_FIELD, OTHER_LOGIN_FIELDS, LOGIN } = settings;
  if (!fields.includes("password")) return (body, instead) => readFields(body, fields, names, instead);
  if (LOGIN === "origin") return (body) => readLoginFields(body, USERNAME_FIELD, OTHER_LOGIN_FIELDS);
  return (body, instead) => ({
    ...readFields(body, fields, names, instead),
    others: readOtherFields(body, OTHER_LOGIN_FIELDS),
  });
}

/** What the page says of an endpoint, with its fields as they are sent. */
export function formOf(settings: Settings, { title, description, fields }: Endpoint): EndpointForm {
  const field = (kind: FieldName) => {
    const name = sentName(settings, kind);
    return { kind, name, label: kind === "refresh" ? "Refresh token" : fieldLabel(name) };
  };
  return { title, description, fields: fields.map(field) };
}

/** What DRF's SimpleMetadata says of a view. */
function describe(settings: Settings, { title, description, fields }: Endpoint): object {
  const field = (name: string) => ({
    type: "string",
    required: true,
    read_only: false,
    label: fieldLabel(name),
  });
  return {
    name: title,
    description,
    renders: ["application/json"],
    parses: bodyTypes,
    actions: {
      POST: Object.fromEntries(fields.map((name) => sentName(settings, name)).map((name) => [name, field(name)])),
    },
  };
}
