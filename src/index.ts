// The Worker: builds the gateway once per isolate, then hands on requests and the cron trigger.
// Must never hold anything else between requests: this is the only mutable module state.
import { type App, createApp } from "./app.ts";
import { hooks } from "./hooks.ts";
import { answerMisconfigured } from "./http/misconfigured.ts";
import { type Env, wire } from "./wire.ts";

/** The app of this isolate; undefined inside when the settings have faults. */
let built: Promise<App | undefined> | undefined;

function appOf(env: Env): Promise<App | undefined> {
  built ??= build(env).catch((error: unknown) => {
    // Not a fault of the settings but of the moment: the next request tries again.
    built = undefined;
    throw error;
  });
  return built;
}

async function build(env: Env): Promise<App | undefined> {
  const wiring = await wire(env, hooks);
  return "deps" in wiring ? createApp(wiring.deps, wiring.shown) : undefined;
}

export default {
  async fetch(request, env) {
    const app = await appOf(env);
    return app ? app.fetch(request) : answerMisconfigured();
  },
  async scheduled(_controller, env) {
    const app = await appOf(env);
    await app?.flush();
  },
} satisfies ExportedHandler<Env>;
