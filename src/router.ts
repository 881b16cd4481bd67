// The internal routes on Hono, each with its handler; every other path goes to the proxy.
import type { Context } from "hono";
import { HonoBase } from "hono/hono-base";
import { TrieRouter } from "hono/router/trie-router";
import type { Administration } from "./administration/administration.ts";
import { endpoints } from "./api/definitions.ts";
import { answerLive, type HealthDependencies, readiness } from "./api/health.ts";
import { createIntrospectEndpoint, type IntrospectServices } from "./api/introspect.ts";
import { openApiDocument } from "./api/openapi/openapi.ts";
import { createProvisioningEndpoint, type ProvisioningServices, provisioningEndpoints } from "./api/provisioning.ts";
import { createSessionsEndpoint, type SessionsServices, sessionsEndpoints } from "./api/sessions.ts";
import { createTokenEndpoint } from "./api/token-endpoints.ts";
import type { Handler, Outcome, RequestContext } from "./context.ts";
import { refuse } from "./errors.ts";
import { published } from "./http/answer.ts";
import { adminPath } from "./internal-routes/admin-path.ts";
import { type InternalRouteName, internalRoutes, spellingsOf } from "./internal-routes/table.ts";
import type { Log } from "./log-events.ts";
import { adminRoutes } from "./pages/admin/routes.ts";
import { answerPage } from "./pages/token-form/page.ts";
import type { TokenLimitDependencies } from "./sessions/token-limits.ts";
import type { TokenUseCases } from "./sessions/use-cases.ts";
import type { PublicJwk } from "./tokens/keys.ts";

export interface RouterServices extends SessionsServices, TokenLimitDependencies, Pick<IntrospectServices, "apiKeys"> {
  readonly log: Log;
  readonly useCases: TokenUseCases;
  /** Only whether there is such a hook. */
  readonly hooks: { readonly responseFor?: unknown };
  /** Undefined while ADMIN is off. */
  readonly administration?: Administration | undefined;
  /** Undefined while PROVISIONING_KEY is not set. */
  readonly provisioned?: Omit<ProvisioningServices, "settings"> | undefined;
}

/** What is wired only to be shown. */
export interface Shown {
  /** What the readiness check looks at. */
  readonly health: HealthDependencies;
  /** Of the settings, for whoever has HEALTH_KEY. */
  readonly warnings: readonly string[];
  /** For the JWK Set; empty with a symmetric key. */
  readonly publicJwks: readonly PublicJwk[];
}

/** What the router hands requests and outcomes to. */
export interface RouterTargets {
  /** Answers what no internal route is for. */
  readonly proxy: Handler;
  /** Makes the response of an outcome. @param isReadable whether CORS applies */
  readonly finish: (request: Request, context: RequestContext, outcome: Outcome, isReadable: boolean) => Response;
}

/** What a request brings along. */
interface Bindings {
  readonly context: RequestContext;
  /** Whether it is for the admin page: by its path, byte for byte, and by its host. */
  readonly isAdminPage: boolean;
}

type Router = HonoBase<{ Bindings: Bindings }>;
/** The routes that no page of another origin may read: CORS is not for them. */
const forServers: readonly InternalRouteName[] = [...provisioningEndpoints.map(({ name }) => name), "introspect"];

type RouteHandler = (request: Request, context: RequestContext, id: string) => Outcome | Promise<Outcome>;

export function createRouter(services: RouterServices, shown: Shown, { proxy, finish }: RouterTargets): Router {
  // Not `Hono`, which brings two more routers along: their speed is for requests to the API, which need none.
  const router: Router = new HonoBase({ router: new TrieRouter() });
  const finished =
    (handle: RouteHandler, isForServers = false) =>
    async (c: Context<{ Bindings: Bindings }>) => {
      const { context, isAdminPage } = c.env;
      const outcome = await handle(c.req.raw, context, c.req.param("id") ?? "");
      return finish(c.req.raw, context, outcome, !isAdminPage && !isForServers);
    };
  const handlers = handlersOf(services, shown);
  for (const route of internalRoutes(services.settings, shown.publicJwks.length > 0)) {
    if (route.name === "admin") {
      mountAdmin(router, services, finished);
      continue;
    }
    const handler = finished(handlers[route.name], forServers.includes(route.name));
    for (const path of spellingsOf(route)) {
      if (route.others === "refused") router.all(path, handler);
      else router.on([...route.methods], path, handler);
    }
  }
  router.all("*", finished(proxy));
  // What a handler throws is a bug of its own, and not Hono's to answer.
  router.onError((error) => {
    throw error;
  });
  return router;
}

/** The pages answer only where the request is for the admin page; elsewhere there is nothing (404). */
function mountAdmin(
  router: Router,
  { settings, administration }: RouterServices,
  finished: (handle: RouteHandler) => (c: Context<{ Bindings: Bindings }>) => Promise<Response>,
): void {
  if (!administration) return;
  const notFound = finished(answering(() => refuse("no_route")));
  for (const { path, handle } of adminRoutes({ settings, administration })) {
    const page = finished(handle);
    router.all(adminPath + path, (c) => (c.env.isAdminPage ? page(c) : notFound(c)));
  }
}

/** A handler of few words: what it throws is its failure, and what it answers is recorded as the gateway's own. */
function answering(
  respond: (request: Request, context: RequestContext) => Response | Promise<Response>,
): (request: Request, context: RequestContext) => Promise<Outcome> {
  const record = { operation: "gateway" } as const;
  return async (request, context) => {
    try {
      return { record, response: await respond(request, context) };
    } catch (error) {
      return { record, error };
    }
  };
}

type HandlerName = Exclude<InternalRouteName, "admin">;

function handlersOf(
  services: RouterServices,
  { health, warnings, publicJwks }: Shown,
): Readonly<Record<HandlerName, RouteHandler>> {
  const answerJwks = published({ keys: publicJwks });
  const answerReady = readiness(health, warnings);
  let answerOpenApi: ReturnType<typeof published> | undefined;
  return {
    ...tokenHandlers(services),
    ...provisioningHandlers(services),
    jwks: answering(answerJwks),
    live: answering((_, context) => answerLive(context)),
    ready: answering((request, context) => answerReady(context, request.headers.get("x-health-key"))),
    openapi: answering((request, context) => {
      const addsMembers = services.hooks.responseFor !== undefined;
      answerOpenApi ??= published(openApiDocument(services.settings, publicJwks.length > 0, addsMembers));
      return answerOpenApi(request, context);
    }),
    console: answering(async (_, context) => {
      // Not at the top: hardly any isolate needs it.
      const { answerConsole } = await import("./pages/console/console.ts");
      return answerConsole(services.settings, context);
    }),
    unknown: answering(() => refuse("no_route")),
  };
}

type ProvisioningName = "users" | "user" | "user_logout";

/** While provisioning is off there are no routes for them. */
function provisioningHandlers({
  settings,
  provisioned,
}: RouterServices): Readonly<Record<ProvisioningName, RouteHandler>> {
  const handlers = provisioningEndpoints.map((endpoint): readonly [ProvisioningName, RouteHandler] => [
    endpoint.name,
    provisioned
      ? createProvisioningEndpoint({ settings, ...provisioned }, endpoint)
      : answering(() => refuse("no_route")),
  ]);
  return Object.fromEntries(handlers) as Record<ProvisioningName, RouteHandler>;
}

function tokenHandlers(services: RouterServices) {
  const withForm = { ...services, answerForm: answerPage };
  const openSignedRequest = services.provisioned?.openSignedRequest;
  const handlers = [
    ...endpoints.map((endpoint) => [endpoint.operation, createTokenEndpoint(withForm, endpoint)]),
    ...sessionsEndpoints.map((endpoint) => [endpoint.operation, createSessionsEndpoint(services, endpoint)]),
    [
      "introspect",
      createIntrospectEndpoint({ ...services, introspect: services.useCases.introspect, openSignedRequest }),
    ],
  ];
  return Object.fromEntries(handlers) as Record<
    Exclude<HandlerName, ProvisioningName | "jwks" | "live" | "ready" | "openapi" | "console" | "unknown">,
    RouteHandler
  >;
}
