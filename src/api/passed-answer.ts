// An answer of the API's log-in view that the client gets as it is.
// Must never pass on a header that is not named here: a cookie of the API's would be set on the gateway's host.
import type { Answered, DecisionRecord, RequestContext } from "../context.ts";
import { ownHeaders } from "../http/answer.ts";
import type { LoginAnswer } from "../stores/login-contract.ts";

/** What says how to read the body, when to come back, and how to show who one is. */
const passes = ["content-type", "content-language", "retry-after", "www-authenticate"];

/** The client cannot see by itself that a success set no cookies. Scripts of other origins may only read what is exposed. */
const incomplete: ReadonlyArray<readonly [name: string, value: string]> = [
  ["x-gateway-login", "incomplete"],
  ["access-control-expose-headers", "X-Gateway-Login"],
];

/** Statuses whose responses have no body (Fetch, "null body status"). */
const withoutBody = [204, 205];

/** Status and body byte for byte. A success has no tokens, else it would not be passed on: it is the first of several steps. */
export function passOn(context: RequestContext, record: DecisionRecord, answer: LoginAnswer): Answered {
  const { status, body } = answer;
  const headers = new Headers(ownHeaders(context));
  // The texts are the API's, in a language that it may not say.
  headers.delete("content-language");
  for (const name of passes) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (status < 300) for (const [name, value] of incomplete) headers.set(name, value);
  const response = new Response(withoutBody.includes(status) ? null : body, { status, headers });
  return { record: status < 400 ? record : { ...record, reason: "login_refused_by_api" }, response };
}
