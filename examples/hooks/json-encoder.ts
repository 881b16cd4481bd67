// The JSON of a token's claims, with characters outside ASCII escaped as Python's json.dumps does.
import type { Hooks } from "../../src/hooks.ts";

export const asciiClaims: Hooks = {
  encodeClaims(claims) {
    const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
    return JSON.stringify(claims).replace(/[\u0080-\uffff]/g, escaped);
  },
};
