// Checks what a deployer passes to createGateway() by its names: a misspelled hook would never be called.
import type { Hooks } from "./hooks.ts";
import { similarNames } from "./settings/similar-names.ts";

const optionNames = ["hooks", "settings"];

/** The type makes sure that no hook is left out. */
const hookNames: Readonly<Record<keyof Hooks, true>> = {
  userMayAuthenticate: true,
  claimsFor: true,
  responseFor: true,
  onLoginSuccess: true,
  onLoginFailed: true,
  encodeClaims: true,
};

/** @param options as given to createGateway(). @returns errors as sentences, beginning with the name */
export function optionErrors(options: object): string[] {
  const errors = Object.keys(options).flatMap((name) => {
    if (optionNames.includes(name)) return [];
    // A hook that is not inside of `hooks` is a common slip.
    const isHook = Object.hasOwn(hookNames, name);
    const hint = isHook ? `; it is a hook: { hooks: { ${name} } }.` : didYouMean(name, optionNames);
    return [`${name}, given to createGateway, is not an option${hint}`];
  });
  const hooks = "hooks" in options ? options.hooks : undefined;
  return hooks === undefined ? errors : [...errors, ...hookErrors(hooks)];
}

function hookErrors(hooks: unknown): string[] {
  if (typeof hooks !== "object" || hooks === null || Array.isArray(hooks))
    return ["hooks must be an object of functions."];
  return Object.entries(hooks).flatMap(([name, value]) => {
    const names = Object.keys(hookNames);
    const isFunction = typeof value === "function";
    if (names.includes(name)) return value === undefined || isFunction ? [] : [`hooks.${name} must be a function.`];
    // An object of a class may have fields of its own beside its hooks.
    return isFunction ? [`hooks.${name} is not a hook${didYouMean(name, names)}`] : [];
  });
}

function didYouMean(name: string, known: readonly string[]): string {
  const lower = name.toLowerCase().replaceAll(/[-_]/g, "");
  const meant = known.find((one) => one.toLowerCase() === lower) ?? similarNames(name, known);
  return meant === undefined ? `; there are ${known.join(", ")}.` : `; did you mean ${meant}?`;
}
