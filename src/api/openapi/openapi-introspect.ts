// The introspection endpoint as an OpenAPI operation.
import type { Reason } from "../../errors.ts";
import { tokenRoutePaths } from "../../internal-routes/table.ts";
import type { Settings } from "../../settings/settings.ts";
import { bodyTypes } from "../definitions.ts";
import { introspectEndpoint, refusedApiKeys, refusedIntrospection, refusedSignedRequests } from "../introspect.ts";
import { type Json, jsonResponse, refusalResponses } from "./openapi-responses.ts";

const text: Json = { type: "string" };
const time: Json = { type: "integer", description: "Seconds since 1970." };

/** Its path, as the document has it. */
export function introspectPaths(settings: Settings): Json {
  const operations = { post: operation(settings) };
  return Object.fromEntries(tokenRoutePaths(settings, "introspect").map((path) => [path, operations]));
}

function operation(settings: Settings): Json {
  const { title, description } = introspectEndpoint;
  const isSigned = settings.PROVISIONING_KEY !== "";
  const body = {
    type: "object",
    required: ["token"],
    properties: { token: text, token_type_hint: { type: "string", description: "Not needed, and not looked at." } },
  };
  const isLimited = settings.TOKEN_LIMITS.introspect !== undefined;
  const refused: Reason[] = [
    ...refusedIntrospection,
    ...(isLimited ? (["request_throttled"] as const) : []),
    ...(settings.API_KEYS ? refusedApiKeys : []),
    ...(isSigned ? refusedSignedRequests : []),
  ];
  return {
    tags: ["tokens"],
    operationId: "tokenIntrospection",
    summary: title,
    description,
    security: [...(settings.API_KEYS ? [{ apiKey: [] }] : []), ...(isSigned ? [{ signedRequest: [] }] : [])],
    requestBody: { required: true, content: Object.fromEntries(bodyTypes.map((type) => [type, { schema: body }])) },
    responses: { 200: jsonResponse("OK", schemaOf(settings)), ...refusalResponses(refused, ["token"]) },
  };
}

function schemaOf({ USER_ID_CLAIM }: Settings): Json {
  const properties = {
    active: { type: "boolean" },
    token_type: { enum: ["access", "refresh", "sliding"] },
    ...{ exp: time, iat: time, nbf: time, jti: text, iss: text, aud: {}, sub: {}, scope: {}, username: text },
    [USER_ID_CLAIM]: {},
  };
  return { type: "object", required: ["active"], properties, additionalProperties: false };
}

/** How requests to it show who asks. */
export function introspectSchemes(settings: Settings): Json {
  return {
    ...(settings.API_KEYS
      ? {
          apiKey: {
            ...{ type: "apiKey", in: "header", name: "Authorization" },
            description: "An API key with the scope `introspect`, as `Api-Key <key>`.",
          },
        }
      : {}),
    ...(settings.PROVISIONING_KEY === ""
      ? {}
      : {
          signedRequest: {
            ...{ type: "http", scheme: "bearer", bearerFormat: "JWT" },
            description: "A JWT of this very request, signed with PROVISIONING_KEY.",
          },
        }),
  };
}
