// The OpenAPI 3.1 document of the gateway's own endpoints, as the settings have them.
// Must never describe what is behind the gateway, nor show a setting that the answers do not show.
import { refusals } from "../../errors.ts";
import { tokenRoutePaths } from "../../internal-routes/table.ts";
import { type EndpointName, servedEndpoints } from "../../settings/derived.ts";
import type { Settings } from "../../settings/settings.ts";
import { endpoints } from "../definitions.ts";
import { introspectPaths, introspectSchemes } from "./openapi-introspect.ts";
import { type Json, jsonResponse, sharedComponents } from "./openapi-responses.ts";
import { sessionsPaths } from "./openapi-sessions.ts";
import { securitySchemes, tokenOperation } from "./openapi-tokens.ts";

/** package.json's version, which a test compares. */
const version = "0.2.0";

const description = `The gateway's own endpoints: tokens as in Simple JWT, sessions, keys and health. All other paths are checked by \
the gateway's routes and proxied to the API, which this document does not describe. Token endpoints work with and without \
the trailing slash. OPTIONS describes an endpoint, GET shows a form in a browser, and other methods are \
${refusals.method_not_allowed.status}.`;

/**
 * @param hasPublicKeys whether `/.well-known/jwks.json` is there
 * @param addsMembers whether a hook adds members to the tokens
 */
export function openApiDocument(settings: Settings, hasPublicKeys: boolean, addsMembers = false): Json {
  const served = servedEndpoints(settings);
  const sessions = served.includes("sessions") ? sessionsPaths(settings) : {};
  const introspects = served.includes("introspect");
  const introspect = introspects ? introspectPaths(settings) : {};
  const introspectSchemesOf = introspects ? introspectSchemes(settings) : {};
  return {
    openapi: "3.1.0",
    info: { title: "simplejwt-edge", version, description, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: "/" }],
    tags: [
      { name: "tokens", description: "Log-in and tokens." },
      ...(served.includes("sessions")
        ? [{ name: "sessions", description: "Open sessions, and how to end them." }]
        : []),
      { name: "gateway", description: "The gateway itself." },
    ],
    paths: { ...tokenPaths(settings, served, addsMembers), ...sessions, ...introspect, ...ownPaths(hasPublicKeys) },
    components: { ...sharedComponents, securitySchemes: { ...securitySchemes(settings), ...introspectSchemesOf } },
  };
}

function tokenPaths(settings: Settings, served: readonly EndpointName[], addsMembers: boolean): Json {
  const rows = endpoints.filter(({ name }) => served.includes(name));
  return Object.fromEntries(
    rows.flatMap((endpoint) =>
      tokenRoutePaths(settings, endpoint.operation).map((path, index) => [
        path,
        { post: tokenOperation(settings, endpoint, { number: index + 1, addsMembers }) },
      ]),
    ),
  );
}

const text: Json = { type: "string" };
const status: Json = { enum: ["ok", "failed"] };
const isKept: Json = {
  "Cache-Control": { description: "How long the response may be cached.", schema: text },
  ETag: { description: "For If-None-Match.", schema: text },
};
const notModified: Json = { description: "Not Modified" };
const liveness = objectOf({ status });
const readiness: Json = {
  type: "object",
  required: ["status", "checks"],
  properties: {
    status,
    checks: { type: "object", additionalProperties: objectOf({ status: text }) },
    warnings: { type: "array", items: text },
  },
  additionalProperties: false,
};
const healthKey: Json = {
  name: "X-Health-Key",
  in: "header",
  description: "The value of HEALTH_KEY, to list all checks and warnings.",
  schema: text,
};
const jwkSet = objectOf({ keys: { type: "array", items: objectOf({ kty: text }, true) } });

function ownPaths(hasPublicKeys: boolean): Json {
  const read = (operationId: string, summary: string, responses: Json) => ({
    get: { tags: ["gateway"], operationId, summary, security: [], responses },
  });
  return {
    "/_gateway/health/live": read("live", "Whether the Worker runs", { 200: jsonResponse("OK", liveness) }),
    "/_gateway/health/ready": {
      get: {
        ...read("ready", "Whether the gateway is ready to serve requests", {
          200: jsonResponse("OK", readiness),
          503: jsonResponse("A store does not respond", readiness),
        }).get,
        parameters: [healthKey],
      },
    },
    "/_gateway/openapi.json": read("openapi", "This document", {
      200: jsonResponse("OK", { type: "object" }, isKept),
      304: notModified,
    }),
    ...(hasPublicKeys
      ? {
          "/.well-known/jwks.json": read("jwks", "The public keys that verify tokens (RFC 7517)", {
            200: jsonResponse("OK", jwkSet, isKept),
            304: notModified,
          }),
        }
      : {}),
  };
}

/** An object that has these properties, all of them. */
function objectOf(properties: Json, more = false): Json {
  return { type: "object", required: Object.keys(properties), properties, additionalProperties: more };
}
