// The gateway as something to build on: hooks and settings in, the two handlers of a Worker out.
// Must never do anything before the first request or cron trigger: a Worker's global scope has no environment to read.
import { type App, createApp } from "./app.ts";
import { optionErrors } from "./check-options.ts";
import type { Hooks } from "./hooks.ts";
import { answerMisconfigured } from "./http/refusal.ts";
import type { SettingsInCode } from "./settings/settings-in-code.ts";
import { type Env, wire } from "./wire.ts";

/** What the deployer decides in code. */
export interface GatewayOptions {
  /** Custom claims, user rule, login events: docs/hooks.md. Default: none. */
  readonly hooks?: Hooks | undefined;
  /** Settings by their public names. The environment goes before them; keys come from there alone. Default: none. */
  readonly settings?: SettingsInCode | undefined;
}

/** The bindings that every gateway needs; vars, secrets and the other bindings are read from the same object by name. */
export type GatewayBindings = Pick<Env, "DB" | "BLACKLIST">;

/** Handlers for a Worker's default export, or to be called from its own. They need no `this`. */
export interface Gateway {
  /**
   * Answers any request: token endpoints and `/_gateway/` itself, the rest from the origin or with a refusal. With
   * errors in the settings it answers everything 503 and logs them.
   *
   * @param env the Worker's environment as it was handed to the Worker: an object of its own for each request would
   * have the gateway built anew for each request
   */
  fetch(request: Request, env: GatewayBindings, context?: ExecutionContext): Promise<Response>;
  /** Deletes rows that expired; to be called by a cron trigger. */
  scheduled(controller: ScheduledController, env: GatewayBindings, context?: ExecutionContext): Promise<void>;
}

/** Makes a gateway, which is built at its first use and kept for as long as the isolate and its environment live. */
export function createGateway(options: GatewayOptions = {}): Gateway {
  const { hooks, settings } = options;
  /**
   * What was built for each environment, of which an isolate has one; no app when the settings have errors. Kept once it
   * is finished: the promise of it would be bound to the request that began it, and never settle if that is cancelled.
   */
  const built = new WeakMap<object, { readonly app: App | undefined }>();
  const build = async (env: GatewayBindings): Promise<App | undefined> => {
    const wiring = await wire(env as Env, hooks, settings, optionErrors(options));
    // Another request may have been quicker: its app stays, with what it remembers.
    const first = built.get(env) ?? { app: "deps" in wiring ? createApp(wiring.deps, wiring.shown) : undefined };
    built.set(env, first);
    return first.app;
  };
  return {
    async fetch(request, env) {
      const known = built.get(env);
      const app = known ? known.app : await build(env);
      return app ? app.fetch(request) : answerMisconfigured();
    },
    async scheduled(_controller, env) {
      const known = built.get(env);
      const app = known ? known.app : await build(env);
      await app?.flush();
    },
  };
}
