// The token endpoints over HTTP: read the body, call one flow, answer.
// Must never answer a method or a media type that DRF would refuse.

import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { answerJson } from "../http/answer.ts";
import { readBody } from "../http/body.ts";
import { readFields } from "../http/fields.ts";
import { negotiateJson, wantsPage } from "../http/negotiation.ts";
import type { Services } from "../services.ts";
import type { TokenUseCases } from "../sessions/use-cases.ts";
import { answerWithCookies, type Instead } from "./cookies.ts";
import { bodyTypes, type Endpoint } from "./definitions.ts";

export interface TokenEndpointServices extends Services {
  readonly useCases: TokenUseCases;
  /** The page with a form that a browser gets. */
  readonly answerForm: (endpoint: Endpoint, context: RequestContext) => Promise<Response>;
}

/**
 * Answers a request of one endpoint. A browser that visits it gets a page. Else, in DRF's order: 1. `Accept` and
 * `?format`. 2. The method. 3. The media type and the body. 4. The fields. 5. The flow.
 */
export async function answerEndpoint(
  deps: TokenEndpointServices,
  endpoint: Endpoint,
  request: Request,
  context: RequestContext,
): Promise<Response> {
  context.allow = "POST, OPTIONS";
  context.operation = endpoint.operation;
  if (wantsPage(request)) return deps.answerForm(endpoint, context);
  negotiateJson(request, context);
  if (request.method === "OPTIONS") return answerJson(context, 200, describe(endpoint));
  if (request.method !== "POST") {
    refuse("method_not_allowed", { names: request.method });
  }
  const run = async (instead?: Instead) => {
    const fields = readFields(await readBody(request, context.uploads), endpoint.fields, instead);
    return endpoint.run(deps.useCases, fields, context);
  };
  if (deps.settings.AUTH_COOKIE === false) return answerJson(context, 200, await run());
  return answerWithCookies(deps, endpoint, { request, context }, run);
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
