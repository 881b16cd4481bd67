// Lets Node load the Worker's sources: the one module of the runtime that they import has a stand-in.
import { registerHooks } from "node:module";

const standIn =
  "data:text/javascript,export const waitUntil = (work) => void work.catch(() => {}); export const env = {};";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers" ? { url: standIn, shortCircuit: true } : next(specifier, context),
});
