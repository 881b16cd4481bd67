// The provisioning endpoints over HTTP: the signature first, then the method, the body, and one use case. For the API alone.
// Must never read a body before the signature was good, nor answer for a second spelling of the path.
import type { DecisionRecord, Draft, Handler, Outcome, RequestContext } from "../context.ts";
import { type RefusalMore, refuse } from "../errors.ts";
import { answerJson, ownHeaders } from "../http/answer.ts";
import { readBytes } from "../http/read-bytes.ts";
import { isProvisioningPath } from "../internal-routes/provisioning-path.ts";
import { parseJson } from "../json/parse.ts";
import type { Settings } from "../settings/settings.ts";
import type { AuditOrigin } from "../stores/audit-contract.ts";
import type { OpenSignedRequest, SignedRequest } from "../tokens/provisioning-request.ts";
import { keyWords } from "../users/primary-key.ts";
import type { LineResult, Provisioning } from "../users/provisioning.ts";
import { type LineReading, primaryKeyType, readLine, readLineId } from "../users/provisioning-line.ts";
import { networkOf } from "../users/session-client.ts";
import type { UserId } from "../users/user.ts";

export interface ProvisioningServices {
  readonly settings: Settings;
  readonly provisioning: Provisioning;
  readonly openSignedRequest: OpenSignedRequest;
  /** The time, which moves on while a body is on its way. */
  readonly nowSeconds: () => number;
}

/** One endpoint: what each of its methods does. */
export interface ProvisioningEndpoint {
  readonly name: "users" | "user" | "user_logout";
  readonly title: string;
  readonly methods: Readonly<Partial<Record<string, Run>>>;
}

/** A signed request to one of them. */
interface Call {
  /** As of the moment when the body was there: tokens that were issued until then are ended, too. */
  readonly context: RequestContext & { readonly origin: Pick<AuditOrigin, "place"> };
  readonly signed: SignedRequest;
  readonly body: Uint8Array;
}

type Run = (services: ProvisioningServices, call: Call) => Promise<Response>;

const longestBodyBytes = 4 * 1024 * 1024;
const mostLines = 1000;

export const provisioningEndpoints: readonly ProvisioningEndpoint[] = [
  { name: "users", title: "Provisioning: users", methods: { GET: listUsers, POST: applyLines } },
  { name: "user", title: "Provisioning: one user", methods: { PUT: putUser, DELETE: deleteUser } },
  { name: "user_logout", title: "Provisioning: log a user out", methods: { POST: logUserOut } },
];

/**
 * 1. The path, byte for byte. 2. The signature: over method, URL and the digest of the body. 3. The method. 4. The body,
 * and its digest. 5. The use case.
 */
export function createProvisioningEndpoint(services: ProvisioningServices, { methods }: ProvisioningEndpoint): Handler {
  const allow = Object.keys(methods).join(", ");
  return async (request, context): Promise<Outcome> => {
    const record: Draft<DecisionRecord> = { operation: "provisioning" };
    try {
      const { method, url, nowSeconds } = context;
      if (!isProvisioningPath(url.path)) refuse("no_route");
      const asked = { method, url: url.text, nowSeconds };
      const signed = await services.openSignedRequest(request.headers.get("authorization"), asked);
      const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (run === undefined) return refuse("method_not_allowed", { names: method });
      const body = await readBytes(request, context.uploads, longestBodyBytes);
      signed.checkBody(body);
      const origin = { place: networkOf(context.client().address) ?? undefined };
      const arrived = { ...context, nowSeconds: services.nowSeconds(), origin };
      return { record, response: await run(services, { context: arrived, signed, body }) };
    } catch (error) {
      return { record, error, allow };
    }
  };
}

async function listUsers({ provisioning }: ProvisioningServices, { context }: Call): Promise<Response> {
  const after = new URLSearchParams(context.url.query).get("after") ?? "";
  const { users, next } = await provisioning.page(after);
  const listed = users.map(({ id, version, isActive }) => ({ id, version, is_active: isActive }));
  return answerJson(context, 200, { users: listed, next: next ?? null });
}

async function applyLines(
  { settings, provisioning }: ProvisioningServices,
  { context, body }: Call,
): Promise<Response> {
  const lines = textOf(body)
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (lines.length > mostLines) refuse("body_too_large");
  const { results } = await provisioning.apply(
    context,
    lines.map((line) => readLineText(settings, line)),
  );
  const text = results.map((result) => `${asciiJson(result)}\n`).join("");
  return new Response(text, { headers: { ...ownHeaders(context), "content-type": "application/x-ndjson" } });
}

async function putUser({ settings, provisioning }: ProvisioningServices, { context, body }: Call): Promise<Response> {
  const id = pathId(settings, context);
  const reading = readLine(settings, jsonOf(textOf(body)) ?? refuse("request_malformed"), id);
  if ("error" in reading) refuse("fields_invalid", fieldError(reading.error.field, `${reading.error.text}.`));
  return answerOne(context, (await provisioning.apply(context, [reading])).results);
}

async function deleteUser(
  { settings, provisioning }: ProvisioningServices,
  { context, signed }: Call,
): Promise<Response> {
  const id = pathId(settings, context);
  const version =
    signed.version ??
    refuse(
      "fields_invalid",
      fieldError("ver", "The token has no claim ver that is an integer below 2^53 (microseconds)."),
    );
  const change = { id, version, deleted: true, rehash: false, columns: {} };
  return answerOne(context, (await provisioning.apply(context, [{ change }])).results);
}

/** Access tokens say only in which second they were issued: one of the request's own second counts as issued before it. */
async function logUserOut(
  { settings, provisioning }: ProvisioningServices,
  { context, signed }: Call,
): Promise<Response> {
  const id = pathId(settings, context);
  return answerJson(context, 200, await provisioning.logOut(context, id, Math.ceil(signed.issuedAtSeconds)));
}

/** Some readers of lines take U+0085, U+2028 and U+2029 for the end of one, and an id may have them. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

function answerOne(context: RequestContext, [result]: readonly LineResult[]): Response {
  if (result?.error !== undefined) refuse("fields_invalid", fieldError("id", `${result.error}.`));
  return answerJson(context, 200, result);
}

const fieldError = (field: string, text: string): RefusalMore => ({ fields: { [field]: [{ text }] } });

/** The user whom the path names: its third segment. */
function pathId(settings: Settings, { url }: RequestContext): UserId {
  const [, , , segment = ""] = url.path.split("/");
  return (
    readLineId(settings, decoded(segment)) ??
    refuse("fields_invalid", fieldError("id", `id is not ${keyWords[primaryKeyType(settings)]}.`))
  );
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return refuse("request_malformed");
  }
}

function readLineText(settings: Settings, line: string): LineReading {
  const value = jsonOf(line);
  if (value !== undefined) return readLine(settings, value);
  return { error: { field: "line", text: "line is not JSON" }, id: undefined, version: undefined };
}

/** Undefined for what is no JSON, has numbers of thousands of digits, or lists in lists beyond what the stack holds. */
function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
