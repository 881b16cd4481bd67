// src/check-options.ts: names in what createGateway() is given.
import { describe, expect, it, vi } from "vitest";
import { optionErrors } from "../src/check-options.ts";
import { createGateway, type GatewayOptions } from "../src/create-gateway.ts";
import { BLACKLIST, DB } from "./support/bindings.ts";
import { testSecret } from "./support/settings.ts";

const hook = () => ({});

describe("optionErrors()", () => {
  it("has nothing against hooks, settings and their absence", () => {
    const all = { userMayAuthenticate: () => true, claimsFor: hook, onLoginSuccess: hook, onLoginFailed: hook };
    expect(optionErrors({ hooks: { ...all, encodeClaims: () => "{}" }, settings: {} })).toEqual([]);
    expect(optionErrors({})).toEqual([]);
    expect(optionErrors({ hooks: undefined, settings: undefined })).toEqual([]);
    expect(optionErrors({ hooks: { claimsFor: undefined } })).toEqual([]);
  });
  it.each([
    [{ hooks: { claimsForr: hook } }, "hooks.claimsForr is not a hook; did you mean claimsFor?"],
    [{ hooks: { onloginfailed: hook } }, "hooks.onloginfailed is not a hook; did you mean onLoginFailed?"],
    [
      { hooks: { user_may_authenticate: hook } },
      "hooks.user_may_authenticate is not a hook; did you mean userMayAuthenticate?",
    ],
    [
      { hooks: { onLogout: hook } },
      "hooks.onLogout is not a hook; there are userMayAuthenticate, claimsFor, responseFor, onLoginSuccess, onLoginFailed, encodeClaims.",
    ],
    [{ hooks: { claimsFor: { roles: [] } } }, "hooks.claimsFor must be a function."],
    [{ hooks: hook }, "hooks must be an object of functions."],
    [{ hook: {} }, "hook, given to createGateway, is not an option; did you mean hooks?"],
    [{ Settings: {} }, "Settings, given to createGateway, is not an option; did you mean settings?"],
    [
      { claimsFor: hook },
      "claimsFor, given to createGateway, is not an option; it is a hook: { hooks: { claimsFor } }.",
    ],
    [{ plugins: [] }, "plugins, given to createGateway, is not an option; there are hooks, settings."],
  ])("names what is wrong with %j", (options, error) => {
    expect(optionErrors(options)).toEqual([error]);
  });
  it("leaves fields alone that an object with hooks has for itself", () => {
    class Hooks {
      readonly roles = new Map([["ada", "admin"]]);
      readonly claimsFor = () => ({ role: this.roles.get("ada") });
    }
    expect(optionErrors({ hooks: new Hooks() })).toEqual([]);
  });
});

describe("createGateway()", () => {
  it("answers everything 503 with a hook that would never be called, and logs its name", async () => {
    const lines = vi.spyOn(console, "log").mockImplementation(() => {});
    const options = { hooks: { userMayAuthenticat: () => false } } as GatewayOptions;
    const response = await createGateway(options).fetch(new Request("https://gateway.example/_gateway/health/live"), {
      ...{ SIGNING_KEY: testSecret, DB, BLACKLIST },
    });
    expect(response.status).toBe(503);
    expect(lines.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
      {
        event: "settings_faults",
        faults: ["hooks.userMayAuthenticat is not a hook; did you mean userMayAuthenticate?"],
      },
    ]);
  });
});
