// The internal routes with what each is, for `routes` and `explain`.
// Must never decide which routes there are: src/internal-routes/table.ts does, for the app as well.
import { endpoints } from "../../src/api/definitions.ts";
import { sessionsEndpoints } from "../../src/api/sessions.ts";
import {
  type InternalRoute,
  type InternalRouteName,
  internalRouteOf,
  internalRoutes,
} from "../../src/internal-routes/table.ts";
import type { Settings } from "../../src/settings/settings.ts";

export interface OwnPath extends InternalRoute {
  readonly what: string;
}

const pages: Readonly<Partial<Record<InternalRouteName, string>>> = {
  jwks: "public keys",
  live: "the Worker runs",
  ready: "its stores answer",
  openapi: "OpenAPI document",
  console: "console",
  admin: "admin page",
  unknown: "404",
};

/** In the order in which the app decides; `/_gateway/*` stands for all that is not listed before it. */
export function ownPaths(settings: Settings, publishesKeys: boolean): readonly OwnPath[] {
  const titles = new Map(
    [...endpoints, ...sessionsEndpoints].map(({ operation, title }) => [String(operation), title]),
  );
  return internalRoutes(settings, publishesKeys).map((route) => ({
    ...route,
    what: (titles.get(route.name) ?? pages[route.name] ?? route.name) + only(settings, route),
  }));
}

/** The internal route that answers a request, if any. */
export function ownPathOf(paths: readonly OwnPath[], method: string, path: string): OwnPath | undefined {
  return internalRouteOf(paths, method, path);
}

/** The admin page may have a host of its own. */
const only = ({ ADMIN_HOST }: Settings, { name }: InternalRoute): string =>
  name === "admin" && ADMIN_HOST !== null ? `, on ${ADMIN_HOST} alone` : "";
