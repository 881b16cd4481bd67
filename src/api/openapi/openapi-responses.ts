// The refusals of errors.ts as OpenAPI responses: one for each status, with an example for each text.
// Must never name a private reason: those are for the log.
import { type Reason, refusals, validationErrors } from "../../errors.ts";

/** A part of a JSON document. */
export type Json = Readonly<Record<string, unknown>>;

const ref = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });

/** Headers that clients can rely on, by reference. */
export const headerRefs = {
  "X-Request-Id": ref("headers", "RequestId"),
  "WWW-Authenticate": ref("headers", "Challenge"),
  "Retry-After": ref("headers", "RetryAfter"),
} as const;

const codes = Object.values(refusals).flatMap((wire) => ("code" in wire ? [wire.code] : []));
const text: Json = { type: "string" };

/** What the references above lead to. */
export const sharedComponents: { readonly schemas: Json; readonly headers: Json } = {
  schemas: {
    Detail: {
      type: "object",
      description:
        "Why the request was refused, in the language of Accept-Language if Simple JWT or DRF has a translation.",
      required: ["detail"],
      properties: {
        detail: text,
        code: { enum: [...new Set(codes)], description: "Sent with some details; never translated." },
        messages: {
          type: "array",
          description: "For a bearer token: the error of each accepted token class.",
          items: {
            type: "object",
            required: ["token_class", "token_type", "message"],
            properties: { token_class: text, token_type: text, message: text },
            additionalProperties: false,
          },
        },
      },
      additionalProperties: false,
    },
  },
  headers: {
    RequestId: { description: "The request's id, as in the gateway's log.", schema: text },
    Challenge: { description: "The authentication scheme to use (RFC 9110 section 11.6.1).", schema: text },
    RetryAfter: { description: "Seconds to wait before the next attempt.", schema: { type: "integer" } },
  },
};

/** A JSON response. */
export function jsonResponse(description: string, schema: Json, headers: Json = {}, examples?: Json): Json {
  return {
    description,
    headers: { "X-Request-Id": headerRefs["X-Request-Id"], ...headers },
    content: { "application/json": { schema, ...(examples ? { examples } : {}) } },
  };
}

/**
 * The responses for all that an operation may refuse with, by status.
 *
 * @param fields names that field errors can stand under, beside `non_field_errors`
 */
export function refusalResponses(reasons: readonly Reason[], fields: readonly string[] = []): Json {
  const byStatus = Map.groupBy(reasons, (reason) => refusals[reason].status);
  const statuses = [...byStatus].sort(([one], [two]) => one - two);
  return Object.fromEntries(statuses.map(([status, some]) => [status, responseOf(status, some, fields)]));
}

/** RFC 9110 section 15 and RFC 6585: what the statuses are called. */
const phrases: Readonly<Record<number, string>> = {
  ...{ 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 406: "Not Acceptable" },
  ...{ 413: "Content Too Large", 415: "Unsupported Media Type", 429: "Too Many Requests" },
  ...{ 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable" },
};

function responseOf(status: number, reasons: readonly Reason[], fields: readonly string[]): Json {
  const schemas = new Set(reasons.map((reason) => (isAboutFields(reason) ? "fields" : "detail")));
  const shapes = { detail: ref("schemas", "Detail"), fields: fieldErrors(fields) };
  const [schema, other] = [...schemas].sort().map((name) => shapes[name]);
  const headers = {
    ...(status === 401 ? { "WWW-Authenticate": headerRefs["WWW-Authenticate"] } : {}),
    ...(reasons.some((reason) => "retryAfterSeconds" in refusals[reason])
      ? { "Retry-After": headerRefs["Retry-After"] }
      : {}),
  };
  const shape = schema && other ? { oneOf: [schema, other] } : { ...schema };
  return jsonResponse(phrases[status] ?? "Refused", shape, headers, examplesOf(reasons, fields));
}

/** Refusals whose body is in DRF's shape for field errors. */
const isAboutFields = (reason: Reason) => reason === "fields_invalid" || validationErrors.includes(reason);

function fieldErrors(fields: readonly string[]): Json {
  const texts = { type: "array", items: text };
  const names = [...fields, "non_field_errors"];
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, texts])),
    minProperties: 1,
    additionalProperties: false,
  };
}

/** One example a body, under a name made of its text: several reasons share a text. */
function examplesOf(reasons: readonly Reason[], fields: readonly string[]): Json {
  return Object.fromEntries(
    reasons.map((reason) => {
      const value = exampleOf(reason, fields);
      const words = String(Object.values(value)[0]).toLowerCase();
      return [words.replace(/[^a-z]+/g, "_").replace(/^_|_$/g, ""), { value }];
    }),
  );
}

function exampleOf(reason: Reason, fields: readonly string[]): Json {
  const wire = refusals[reason];
  const detail = wire.detail.replace("{}", "…");
  if (reason === "fields_invalid") {
    return Object.fromEntries(fields.map((name) => [name, ["This field is required."]]));
  }
  if (isAboutFields(reason)) return { non_field_errors: [detail] };
  return { detail, ...("code" in wire ? { code: wire.code } : {}) };
}
