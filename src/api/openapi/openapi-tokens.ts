// The token endpoints as OpenAPI operations, made of their own table.
// Must never say of an endpoint what its row does not.
import { authHeaderName } from "../../auth/bearer-token.ts";
import type { Reason } from "../../errors.ts";
import { accessCookie } from "../../http/cookies.ts";
import type { Settings } from "../../settings/settings.ts";
import {
  bodyTypes,
  type Endpoint,
  type FieldName,
  refusedBeforeUseCase,
  refusedForApi,
  refusedForCookies,
  sentName,
} from "../definitions.ts";
import { type Json, jsonResponse, refusalResponses } from "./openapi-responses.ts";

const text: Json = { type: "string" };

const fieldSchemas: Readonly<Record<FieldName, Json>> = {
  username: text,
  password: { type: "string", format: "password" },
  refresh: { type: "string", description: "A refresh token." },
  token: { type: "string", description: "A token." },
};

/** What the endpoint's own row does not say. */
interface Surroundings {
  /** From 1, of the paths that the endpoint has: ids of operations are unique (OpenAPI 3.1 section 4.8.10.1). */
  readonly number: number;
  /** Whether a hook adds members to the tokens. */
  readonly addsMembers: boolean;
}

/** The operation of POST at one token endpoint. */
export function tokenOperation(settings: Settings, endpoint: Endpoint, { number, addsMembers }: Surroundings): Json {
  const { title, description, fields } = endpoint;
  const cookies = settings.AUTH_COOKIE !== false;
  const isLimited = Object.hasOwn(settings.TOKEN_LIMITS, endpoint.operation);
  const refused: Reason[] = [
    ...(isLimited ? (["request_throttled"] as const) : []),
    ...[...refusedBeforeUseCase, ...endpoint.refuses, ...(cookies ? refusedForCookies : [])],
    ...(asksApi(settings, endpoint) ? refusedForApi : []),
  ];
  const body = bodySchema(settings, fields);
  return {
    tags: ["tokens"],
    operationId: title.charAt(0).toLowerCase() + title.slice(1).replaceAll(" ", "") + (number > 1 ? number : ""),
    summary: title,
    description,
    security: [],
    requestBody: {
      required: body.required !== undefined,
      content: Object.fromEntries(bodyTypes.map((type) => [type, { schema: body }])),
    },
    responses: {
      200: answered(settings, endpoint, addsMembers),
      ...refusalResponses(
        refused,
        fields.map((name) => sentName(settings, name)),
      ),
      ...(asksApi(settings, endpoint) ? { default: { description: "As the API's log-in view responded." } } : {}),
    },
  };
}

/** Whether the API can answer in the gateway's place. */
const asksApi = ({ LOGIN }: Settings, { fields }: Endpoint): boolean =>
  LOGIN !== "gateway" && fields.includes("password");

/** With AUTH_COOKIE a token that is left out is taken from its cookie. */
function bodySchema(settings: Settings, fields: readonly FieldName[]): Json {
  const cookies = settings.AUTH_COOKIE !== false;
  const sent = (name: FieldName) => sentName(settings, name);
  const isLogin = fields.includes("password");
  // The API says itself what it needs.
  const isJudgedThere = isLogin && settings.LOGIN === "origin";
  const required = !isJudgedThere && (isLogin || !cookies) ? fields.map(sent) : [];
  const others = isLogin ? settings.OTHER_LOGIN_FIELDS.map((name) => [name, {}]) : [];
  return {
    type: "object",
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries([...fields.map((name) => [sent(name), fieldSchemas[name]]), ...others]),
  };
}

function answered(settings: Settings, endpoint: Endpoint, addsMembers: boolean): Json {
  const { name, gives } = endpoint;
  const tokens = settings.AUTH_COOKIE === "only" ? [] : gives(settings);
  // The API adds members, or asks for a second step.
  const isOpen = asksApi(settings, endpoint);
  const schema = {
    type: "object",
    ...(tokens.length > 0 && !isOpen ? { required: tokens } : {}),
    properties: Object.fromEntries(tokens.map((token) => [token, text])),
    additionalProperties: isOpen || (addsMembers && gives(settings).length > 0),
  };
  const setsCookies = settings.AUTH_COOKIE !== false && (gives(settings).length > 0 || name === "blacklist");
  const headers = { "Set-Cookie": { description: "The tokens' cookies, set or cleared.", schema: text } };
  return jsonResponse("OK", schema, setsCookies ? headers : {});
}

/** How a request shows its token: what the gateway's routes take too. */
export function securitySchemes(settings: Settings): Json {
  const header = authHeaderName(settings);
  const scheme = settings.AUTH_HEADER_TYPES[0] ?? "Bearer";
  const description = `An access token as \`${header}: ${scheme} <token>\`.`;
  const bearer =
    header === "authorization" && scheme === "Bearer"
      ? { type: "http", scheme: "bearer", bearerFormat: "JWT", description }
      : { type: "apiKey", in: "header", name: header, description };
  const cookie = { type: "apiKey", in: "cookie", name: accessCookie, description: "The access token in its cookie." };
  return { bearer, ...(settings.AUTH_COOKIE === false ? {} : { cookie }) };
}
