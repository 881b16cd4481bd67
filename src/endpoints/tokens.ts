// The token endpoints over HTTP: read the body, call one flow, answer.
// Must never answer a method or a media type that DRF would refuse.
import { refuse } from "../errors.ts";
import type { Deps } from "../flows/deps.ts";
import { logForRequest } from "../flows/log-for-request.ts";
import { answerJson } from "../http/answer.ts";
import { readBody } from "../http/body.ts";
import type { Exchange } from "../http/exchange.ts";
import { readFields } from "../http/fields.ts";
import { negotiateJson, wantsPage } from "../http/negotiation.ts";
import { answerWithCookies, type Instead } from "./cookies.ts";
import { bodyTypes, type Endpoint } from "./definitions.ts";
import { answerPage } from "./page.ts";

/**
 * Answers a request of one endpoint. A browser that visits it gets a page. Else, in DRF's order: 1. `Accept` and
 * `?format`. 2. The method. 3. The media type and the body. 4. The fields. 5. The flow.
 */
export async function answerEndpoint(
  deps: Deps,
  endpoint: Endpoint,
  request: Request,
  exchange: Exchange,
): Promise<Response> {
  exchange.allow = "POST, OPTIONS";
  exchange.operation = endpoint.operation;
  if (wantsPage(request)) return answerPage(endpoint, exchange);
  negotiateJson(request, exchange);
  if (request.method === "OPTIONS") return answerJson(exchange, 200, describe(endpoint));
  if (request.method !== "POST") {
    refuse("method_not_allowed", { names: request.method });
  }
  const run = async (instead?: Instead) => {
    const fields = readFields(await readBody(request, exchange.uploads), endpoint.fields, instead);
    const { nowSeconds, requestId } = exchange;
    const logging = logForRequest(deps, requestId);
    const clientAddress = request.headers.get("cf-connecting-ip");
    const userAgent = request.headers.get("user-agent");
    return endpoint.run(logging, fields, { nowSeconds, requestId, clientAddress, userAgent });
  };
  if (deps.settings.AUTH_COOKIE === false) return answerJson(exchange, 200, await run());
  return answerWithCookies(deps, endpoint, { request, exchange }, run);
}

/** What DRF's SimpleMetadata says of a view. */
function describe({ title, description, fields }: Endpoint): object {
  const field = (name: string) => ({
    type: "string",
    required: true,
    read_only: false,
    label: name.charAt(0).toUpperCase() + name.slice(1),
  });
  return {
    name: title,
    description,
    renders: ["application/json"],
    parses: bodyTypes,
    actions: { POST: Object.fromEntries(fields.map((name) => [name, field(name)])) },
  };
}
