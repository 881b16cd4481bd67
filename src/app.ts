// The Hono app: the gateway's own paths first, the proxy for the rest, and the one door for errors.
// Must never answer an error in two places.
import { type Context, Hono } from "hono";
import { answerAdmin } from "./admin/door.ts";
import { endpoints } from "./endpoints/definitions.ts";
import { answerLive, type HealthDeps, readiness } from "./endpoints/health.ts";
import { openApiDocument } from "./endpoints/openapi.ts";
import { published } from "./endpoints/published.ts";
import { answerSessions, sessionsEndpoints } from "./endpoints/sessions.ts";
import { answerEndpoint } from "./endpoints/tokens.ts";
import { Refusal, refuse } from "./errors.ts";
import type { AdminDeps } from "./flows/admin-deps.ts";
import { flush } from "./flows/flush.ts";
import { type GatewayDeps, pipeline } from "./gateway/pipeline.ts";
import { hostTest, isAdminUrl } from "./http/admin-path.ts";
import { type Answering, withCors } from "./http/cors.ts";
import type { Exchange } from "./http/exchange.ts";
import { internalRoutes, spellingsOf } from "./http/internal-routes.ts";
import { openExchange } from "./http/open-exchange.ts";
import { mayBeOwnPath } from "./http/own-path.ts";
import { answerRefusal } from "./http/refusal.ts";
import { observation } from "./observation.ts";
import type { PublicJwk } from "./tokens/keys.ts";

/** The gateway, wired: answers requests, and does what the cron trigger asks. */
export interface App {
  fetch(request: Request): Promise<Response>;
  flush(): Promise<number>;
}

/** What is wired only to be shown: warnings on the ready page, public keys in the JWK Set. */
export interface AppShown {
  /** What the ready page looks at. */
  readonly health: HealthDeps;
  readonly warnings: readonly string[];
  readonly publicJwks: readonly PublicJwk[];
}

export function createApp(deps: GatewayDeps, shown: AppShown): App {
  const routes = routesOf(deps, shown);
  const { admin, settings, headerPlan } = deps;
  const answer = withCors(
    settings,
    headerPlan.authHeader,
    meetingErrors(deps, async (request, exchange) => {
      // Most requests are the API's: they need no router.
      const isOwn = mayBeOwnPath(exchange.url, settings.TOKEN_PREFIX);
      return isOwn ? routes.fetch(request, { exchange }) : pipeline(deps, request, exchange);
    }),
  );
  const answerAdminHost = admin && adminAnswering({ ...deps, admin });
  const observe = observation(deps);
  return {
    async fetch(request) {
      const exchange = openExchange(request, deps.newId(), Date.now());
      const answering = answerAdminHost?.(exchange.url) ?? answer;
      const response = await answering(request, exchange);
      return observe ? observe(request, exchange, response) : response;
    },
    flush: () => flush(deps, nowInSeconds()),
  };
}

/**
 * What answers a URL in the place of everything else: the admin page, and on ADMIN_HOST nothing (404) where the admin page
 * is not. Not within CORS: no page of another origin reads it, whatever CORS_ORIGINS says.
 */
function adminAnswering(deps: AdminDeps & GatewayDeps): (url: string) => Answering | undefined {
  const answerPage = meetingErrors(deps, (request, exchange) => answerAdmin(deps, request, exchange));
  const { ADMIN_HOST } = deps.settings;
  if (ADMIN_HOST === null) return (url) => (isAdminUrl(url) ? answerPage : undefined);
  const isOnAdminHost = hostTest(ADMIN_HOST);
  const answerNothing = meetingErrors(deps, async () => refuse("no_route"));
  return (url) => {
    if (!isOnAdminHost(url)) return undefined;
    return isAdminUrl(url) ? answerPage : answerNothing;
  };
}

/** The one door for errors. */
function meetingErrors(deps: GatewayDeps, answer: Answering): Answering {
  return async (request, exchange) => {
    try {
      return await answer(request, exchange);
    } catch (error) {
      if (error instanceof Refusal) exchange.reason = error.more.because ?? error.reason;
      else reportBug(deps, exchange, error);
      return answerRefusal(deps.settings, exchange, error);
    }
  };
}

type Handler = (c: Context<{ Bindings: { exchange: Exchange } }>) => Response | Promise<Response>;

/** The internal routes by name, and the pipeline for every other path. */
function routesOf(deps: GatewayDeps, { health, warnings, publicJwks }: AppShown) {
  const routes = new Hono<{ Bindings: { exchange: Exchange } }>();
  const handlers = new Map<string, Handler>();
  for (const endpoint of endpoints) {
    handlers.set(endpoint.operation, (c) => answerEndpoint(deps, endpoint, c.req.raw, c.env.exchange));
  }
  for (const endpoint of sessionsEndpoints) {
    handlers.set(endpoint.operation, (c) => {
      const at = { request: c.req.raw, exchange: c.env.exchange, id: c.req.param("id") ?? "" };
      return answerSessions(deps, endpoint, at);
    });
  }
  const answerJwks = published({ keys: publicJwks });
  handlers.set("jwks", (c) => answerJwks(c.req.raw, c.env.exchange));
  handlers.set("live", (c) => answerLive(c.env.exchange));
  const answerReady = readiness(health, warnings);
  handlers.set("ready", (c) => answerReady(c.env.exchange));
  let answerOpenApi: ReturnType<typeof published> | undefined;
  handlers.set("openapi", (c) => {
    answerOpenApi ??= published(openApiDocument(deps.settings, publicJwks.length > 0));
    return answerOpenApi(c.req.raw, c.env.exchange);
  });
  handlers.set("console", async (c) => {
    // Not at the top: nearly no isolate needs it.
    const { answerConsole } = await import("./endpoints/console.ts");
    return answerConsole(deps.settings, c.env.exchange);
  });
  // The admin page is answered before the router, where it is answered at all.
  handlers.set("admin", () => refuse("no_route"));
  handlers.set("unknown", () => refuse("no_route"));
  for (const route of internalRoutes(deps.settings, publicJwks.length > 0)) {
    const handler = handlers.get(route.name);
    if (!handler) throw new TypeError(`no handler for the internal route ${route.name}`);
    for (const path of spellingsOf(route)) {
      if (route.others === "refused") routes.all(path, handler);
      else routes.on([...route.methods], path, handler);
    }
  }
  routes.all("*", (c) => pipeline(deps, c.req.raw, c.env.exchange));
  // To the one door for errors.
  routes.onError((error) => {
    throw error;
  });
  return routes;
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** The log gets the stack, the client the request's id. */
function reportBug(deps: GatewayDeps, exchange: Exchange, error: unknown): void {
  exchange.reason = "internal_error";
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  deps.log("internal_error", { request_id: exchange.requestId, error: message, stack });
}
