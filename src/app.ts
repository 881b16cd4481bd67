// The Hono app: the request context in, an internal route or the proxy, one error handler, the decision record out.
// Must never answer an error in two places.
import { type Answered, createRequestContext, type Outcome, type RequestContext } from "./context.ts";
import { Refusal } from "./errors.ts";
import { createCors } from "./http/cors.ts";
import { answerRefusal } from "./http/refusal.ts";
import { openUploads } from "./http/uploads.ts";
import { hostTest, isAdminPath } from "./internal-routes/admin-path.ts";

import { isProvisioningPath } from "./internal-routes/provisioning-path.ts";
import { internalRouteTest } from "./internal-routes/table.ts";

import { createObservation, type ObservationDependencies } from "./observation.ts";
import { createProxy, type ProxyDependencies } from "./proxy/pipeline.ts";
import { createRouter, type RouterServices, type Shown } from "./router.ts";
import type { Settings } from "./settings/settings.ts";

/** The gateway, wired: answers requests, and does what the cron trigger asks. */
export interface App {
  fetch(request: Request): Promise<Response>;
  flush(): Promise<number>;
}

/** Everything that requests are answered with. */
export interface AppServices extends ProxyDependencies, RouterServices, ObservationDependencies {
  readonly headerPlan: ProxyDependencies["headerPlan"];
  /** A new request id: 32 hexadecimal characters. */
  readonly newId: () => string;
}

export function createApp(services: AppServices, shown: Shown): App {
  const { settings } = services;
  const cors = createCors(settings, services.headerPlan.authHeader);
  const observe = createObservation(services);
  const uploads = openUploads();
  const proxy = createProxy(services);
  const mayBeInternalRoute = internalRouteTest(settings);
  const adminScope = services.administration && createAdminScope(settings.ADMIN_HOST);

  /** What every answer goes through. No page of another origin reads the admin page, whatever CORS_ORIGINS says. */
  const finish = (request: Request, context: RequestContext, outcome: Outcome, isReadable = true): Response => {
    const { record, response } = answered(services, context, outcome);
    const finished = cors && isReadable ? cors.readable(request, response) : response;
    return observe ? observe({ request, context, record, response: finished }) : finished;
  };
  const router = createRouter(services, shown, { proxy, finish });

  return {
    async fetch(request) {
      const context = createRequestContext(request, services.newId(), Date.now(), uploads);
      const scope = adminScope?.(context);
      if (scope === "nothing") return finish(request, context, nothingHere(), false);
      if (scope === "admin page") return router.fetch(request, { context, isAdminPage: true });
      const isOpen = cors !== undefined && !isProvisioningPath(context.url.path);
      const preflight = isOpen ? cors.preflight(request, context.requestId) : undefined;
      if (preflight) return finish(request, context, { record: { operation: "gateway" }, response: preflight }, false);
      // Most requests are the API's: they need no router.
      return mayBeInternalRoute(context.url)
        ? router.fetch(request, { context, isAdminPage: false })
        : finish(request, context, await proxy(request, context));
    },
    flush: () => services.useCases.flush(Math.floor(Date.now() / 1000)),
  };
}

/** The one error handler. The log gets a bug's stack, the client the request's id. */
function answered(
  services: Pick<AppServices, "settings" | "log">,
  context: RequestContext,
  outcome: Outcome,
): Answered {
  if ("response" in outcome) return outcome;
  const { record, error } = outcome;
  const response = answerRefusal(services.settings, context, outcome);
  if (error instanceof Refusal) return { record: { ...record, reason: error.more.because ?? error.reason }, response };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  services.log("internal_error", { request_id: context.requestId, error: message, stack });
  return { record: { ...record, reason: "internal_error" }, response };
}

/**
 * Which requests are the admin page's, and on ADMIN_HOST get nothing (404) where the admin page is not; undefined for all
 * others.
 */
function createAdminScope(
  host: Settings["ADMIN_HOST"],
): (context: RequestContext) => "admin page" | "nothing" | undefined {
  if (host === null) return ({ url }) => (isAdminPath(url.path) ? "admin page" : undefined);
  const isOnAdminHost = hostTest(host);
  return ({ url }) => {
    if (!isOnAdminHost(url)) return undefined;
    return isAdminPath(url.path) ? "admin page" : "nothing";
  };
}

function nothingHere(): Outcome {
  return { record: { operation: "gateway" }, error: new Refusal("no_route") };
}
