// The Hono app: the gateway's own paths first, the proxy for the rest, and the one door for errors.
// Must never answer an error in two places.
import { type Context, Hono } from "hono";
import { createAdministration } from "./administration/administration.ts";
import { endpoints } from "./api/definitions.ts";
import { answerLive, type HealthDeps, readiness } from "./api/health.ts";
import { openApiDocument } from "./api/openapi/openapi.ts";
import { published } from "./api/published.ts";
import { answerSessions, sessionsEndpoints } from "./api/sessions.ts";
import { answerEndpoint } from "./api/token-endpoints.ts";
import type { RequestContext } from "./context.ts";
import { Refusal, refuse } from "./errors.ts";
import { type RequestHandler, withCors } from "./http/cors.ts";
import { answerRefusal } from "./http/refusal.ts";
import { openUploads } from "./http/uploads.ts";
import { hostTest, isAdminUrl } from "./internal-routes/admin-path.ts";
import { mayBeOwnPath } from "./internal-routes/prefilter.ts";
import { internalRoutes, spellingsOf } from "./internal-routes/table.ts";
import { observation } from "./observation.ts";
import { openContext } from "./open-context.ts";
import { answerAdmin } from "./pages/admin/door.ts";
import { answerPage } from "./pages/token-form/page.ts";
import { type ProxyServices, pipeline } from "./proxy/pipeline.ts";
import { createTokenUseCases, type TokenUseCases } from "./sessions/use-cases.ts";
import type { PublicJwk } from "./tokens/keys.ts";

/** The gateway, wired: answers requests, and does what the cron trigger asks. */
export interface App {
  fetch(request: Request): Promise<Response>;
  flush(): Promise<number>;
}

/** What is wired only to be shown: warnings for whoever has HEALTH_KEY, public keys in the JWK Set. */
export interface AppShown {
  /** What the ready page looks at. */
  readonly health: HealthDeps;
  readonly warnings: readonly string[];
  readonly publicJwks: readonly PublicJwk[];
}

export function createApp(deps: ProxyServices, shown: AppShown): App {
  const useCases = createTokenUseCases(deps);
  const routes = routesOf(deps, useCases, shown);
  const { admin, settings, headerPlan } = deps;
  const answer = withCors(
    settings,
    headerPlan.authHeader,
    withErrorHandler(deps, async (request, context) => {
      // Most requests are the API's: they need no router.
      const isOwn = mayBeOwnPath(context.url, settings.TOKEN_PREFIX);
      return isOwn ? routes.fetch(request, { context }) : pipeline(deps, request, context);
    }),
  );
  const answerAdminHost = admin && adminAnswering({ ...deps, admin });
  const observe = observation(deps);
  const uploads = openUploads();
  return {
    async fetch(request) {
      const context = openContext(request, deps.newId(), Date.now(), uploads);
      const answering = answerAdminHost?.(context.url) ?? answer;
      const response = await answering(request, context);
      return observe ? observe(request, context, response) : response;
    },
    flush: () => useCases.flush(nowInSeconds()),
  };
}

/**
 * What answers a URL in the place of everything else: the admin page, and on ADMIN_HOST nothing (404) where the admin page
 * is not. Not within CORS: no page of another origin reads it, whatever CORS_ORIGINS says.
 */
function adminAnswering(
  deps: ProxyServices & { readonly admin: NonNullable<ProxyServices["admin"]> },
): (url: string) => RequestHandler | undefined {
  const page = { settings: deps.settings, administration: createAdministration(deps) };
  const answerPage = withErrorHandler(deps, (request, context) => answerAdmin(page, request, context));
  const { ADMIN_HOST } = deps.settings;
  if (ADMIN_HOST === null) return (url) => (isAdminUrl(url) ? answerPage : undefined);
  const isOnAdminHost = hostTest(ADMIN_HOST);
  const answerNothing = withErrorHandler(deps, async () => refuse("no_route"));
  return (url) => {
    if (!isOnAdminHost(url)) return undefined;
    return isAdminUrl(url) ? answerPage : answerNothing;
  };
}

/** The one door for errors. */
function withErrorHandler(deps: ProxyServices, answer: RequestHandler): RequestHandler {
  return async (request, context) => {
    try {
      return await answer(request, context);
    } catch (error) {
      if (error instanceof Refusal) context.reason = error.more.because ?? error.reason;
      else reportBug(deps, context, error);
      return answerRefusal(deps.settings, context, error);
    }
  };
}

type Handler = (c: Context<{ Bindings: { context: RequestContext } }>) => Response | Promise<Response>;

/** The internal routes by name, and the pipeline for every other path. */
function routesOf(deps: ProxyServices, useCases: TokenUseCases, { health, warnings, publicJwks }: AppShown) {
  const routes = new Hono<{ Bindings: { context: RequestContext } }>();
  const handlers = new Map<string, Handler>();
  for (const endpoint of endpoints) {
    handlers.set(endpoint.operation, (c) =>
      answerEndpoint({ ...deps, useCases, answerForm: answerPage }, endpoint, c.req.raw, c.env.context),
    );
  }
  for (const endpoint of sessionsEndpoints) {
    handlers.set(endpoint.operation, (c) => {
      const at = { request: c.req.raw, context: c.env.context, id: c.req.param("id") ?? "" };
      return answerSessions({ ...deps, useCases }, endpoint, at);
    });
  }
  const answerJwks = published({ keys: publicJwks });
  handlers.set("jwks", (c) => answerJwks(c.req.raw, c.env.context));
  handlers.set("live", (c) => answerLive(c.env.context));
  const answerReady = readiness(health, warnings);
  handlers.set("ready", (c) => answerReady(c.env.context, c.req.raw.headers.get("x-health-key")));
  let answerOpenApi: ReturnType<typeof published> | undefined;
  handlers.set("openapi", (c) => {
    answerOpenApi ??= published(openApiDocument(deps.settings, publicJwks.length > 0));
    return answerOpenApi(c.req.raw, c.env.context);
  });
  handlers.set("console", async (c) => {
    // Not at the top: nearly no isolate needs it.
    const { answerConsole } = await import("./pages/console/console.ts");
    return answerConsole(deps.settings, c.env.context);
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
  routes.all("*", (c) => pipeline(deps, c.req.raw, c.env.context));
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
function reportBug(deps: ProxyServices, context: RequestContext, error: unknown): void {
  context.reason = "internal_error";
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  deps.log("internal_error", { request_id: context.requestId, error: message, stack });
}
