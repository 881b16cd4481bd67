// The sessions endpoints as OpenAPI operations, made of their own table.
// Must never say of an endpoint what its row does not.
import { tokenRoutePaths } from "../../internal-routes/table.ts";
import type { Settings } from "../../settings/settings.ts";
import { refusedForCookies } from "../definitions.ts";
import { refusedSessions, type SessionsEndpoint, sessionsEndpoints } from "../sessions.ts";
import { type Json, jsonResponse, refusalResponses } from "./openapi-responses.ts";

/** Their paths, as the document has them. */
export function sessionsPaths(settings: Settings): Json {
  return Object.fromEntries(
    sessionsEndpoints.flatMap((endpoint) =>
      tokenRoutePaths(settings, endpoint.operation).map((path) => [
        path.replace(":id", "{id}"),
        { [endpoint.method.toLowerCase()]: operation(settings, endpoint) },
      ]),
    ),
  );
}

const idParameter: Json = {
  name: "id",
  in: "path",
  required: true,
  description: "The session's id, as listed.",
  schema: { type: "string" },
};

function operation(settings: Settings, endpoint: SessionsEndpoint): Json {
  const { title, description, method, status } = endpoint;
  const cookies = settings.AUTH_COOKIE !== false;
  const refused = [...refusedSessions, ...(cookies ? ([...refusedForCookies, "auth_cookie_conflict"] as const) : [])];
  const good = status === 204 ? { description: "No Content" } : jsonResponse("OK", schemaOf(settings, method));
  return {
    tags: ["sessions"],
    operationId: title.charAt(0).toLowerCase() + title.slice(1).replaceAll(" ", ""),
    summary: title,
    description,
    security: [{ bearer: [] }, ...(cookies ? [{ cookie: [] }] : [])],
    ...(endpoint.operation === "session_end" ? { parameters: [idParameter] } : {}),
    responses: { [status]: good, ...refusalResponses(refused) },
  };
}

function schemaOf(settings: Settings, method: SessionsEndpoint["method"]): Json {
  if (method !== "GET") return { type: "object", additionalProperties: false };
  const time = { type: "string", format: "date-time" };
  const textOrNull = { type: ["string", "null"] };
  const properties = {
    id: { type: "string" },
    created_at: time,
    last_refreshed_at: time,
    expires_at: time,
    current: { type: ["boolean", "null"], description: "Null if tokens do not name their session." },
    ...(settings.SESSION_METADATA ? { client: textOrNull, address: textOrNull } : {}),
  };
  const session = { type: "object", required: Object.keys(properties), properties, additionalProperties: false };
  return { type: "array", items: session };
}
