// What `import … from "simplejwt-edge"` gives: createGateway() and the types that a Worker of one's own needs.
// Must never export what should be free to change: each name here is kept until a major version.

export { createGateway, type Gateway, type GatewayBindings, type GatewayOptions } from "./create-gateway.ts";
export type { Hooks, IssuedTokens, LoginAttempt } from "./hooks.ts";
export type { Issuer } from "./settings/issuers.ts";
export type { Route } from "./settings/route-keys.ts";
export type { Settings } from "./settings/settings.ts";
export type { Bytes, Duration, SettingsInCode } from "./settings/settings-in-code.ts";
export type { Claims } from "./tokens/claims.ts";
export type { User, UserId } from "./users/user.ts";
