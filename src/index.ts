// The Worker of the template: the gateway with the hooks of hooks.ts, and nothing else.
// Must never hold anything between requests: createGateway() keeps what is built once per isolate.
import { createGateway } from "./create-gateway.ts";
import { hooks } from "./hooks.ts";
import type { Env } from "./wire.ts";

export default createGateway({ hooks }) satisfies ExportedHandler<Env>;
