// Errors under `npm start` have a place: of the build (build-errors.ts), of settings (setting-places.ts).
import { describe, expect, it } from "vitest";
import { errorLines } from "../../scripts/start/build-errors.ts";
import { placedError, placedHookError } from "../../scripts/start/setting-places.ts";

describe("errorLines()", () => {
  const messages = [
    { text: 'Unexpected ";"', location: { file: "src/hooks.ts", line: 45, column: 10 } },
    { text: "No matching export", location: null },
  ];

  it("has a line for each message of esbuild, at whatever depth it is", () => {
    const lines = ['src/hooks.ts:45:11: Unexpected ";"', "No matching export"];
    expect(errorLines({ cause: { errors: messages } })).toEqual(lines);
    expect(errorLines({ cause: new Error("x", { cause: { errors: messages } }) })).toEqual(lines);
  });

  it("has the Worker's own error out of workerd's log", () => {
    const log =
      'The Workers runtime failed to start.\nRuntime stderr:\n{"message":"service core:user:x: Uncaught Error: boom\\n  at index.js:1"}';
    expect(errorLines({ cause: new Error(log) })).toEqual(["Uncaught Error: boom"]);
  });

  it("has the first line of any other error", () => {
    expect(errorLines(new Error("no entry\nat x"))).toEqual(["no entry"]);
    expect(errorLines({ cause: new Error("no entry") })).toEqual(["no entry"]);
  });
});

describe("placedError()", () => {
  const toml = {
    name: "wrangler.toml",
    text: [
      'name = "x"',
      "[vars]",
      '  LOG = "loud"',
      "[[vars.ROUTES]]",
      'path = "/a"',
      "",
      " [[ vars.ROUTES ]]",
      'path = "/b"',
    ].join("\n"),
  };
  const vars = { name: ".dev.vars", text: "# SIGNING_KEY\nexport SIGNING_KEY=x\n" };

  it.each([
    ["LOG must be …", "wrangler.toml:3:3: LOG must be …"],
    ["ROUTES[0].path must be …", "wrangler.toml:4:1: ROUTES[0].path must be …"],
    ["ROUTES[1] is …", "wrangler.toml:7:2: ROUTES[1] is …"],
    ["ROUTES must …", "wrangler.toml:4:1: ROUTES must …"],
    ["SIGNING_KEY is too short.", ".dev.vars:2:1: SIGNING_KEY is too short."],
    ["ISSUER must be …", "ISSUER must be …"],
    ["no setting at all", "no setting at all"],
  ])("of %j", (error, placed) => {
    expect(placedError(error, [toml, vars])).toBe(placed);
  });

  it.each([
    ["[[ROUTES]] in wrangler.toml is outside of …", "wrangler.toml:9:1: [[ROUTES]] in wrangler.toml is outside of …"],
    ["LOG in wrangler.toml is outside of …", "wrangler.toml:2:1: LOG in wrangler.toml is outside of …"],
    ["LOG in wrangler.toml is in [limits] and …", "wrangler.toml:12:1: LOG in wrangler.toml is in [limits] and …"],
    [
      "env.dev.LOG in wrangler.toml is outside of …",
      "wrangler.toml:14:2: env.dev.LOG in wrangler.toml is outside of …",
    ],
    [
      "LOG is a setting, but here it is a part of ROUTES[1]: …",
      "wrangler.toml:8:1: LOG is a setting, but here it is a part of ROUTES[1]: …",
    ],
    ["[Vars] in wrangler.toml has no effect: …", "wrangler.toml:15:1: [Vars] in wrangler.toml has no effect: …"],
    ["access_token_lifetime is not a setting; …", "wrangler.toml:4:3: access_token_lifetime is not a setting; …"],
    ["LOG must be …", "wrangler.toml:5:3: LOG must be …"],
  ])("of a setting in the wrong place: %j", (error, placed) => {
    const text = [
      'name = "x"',
      'LOG = "all"',
      "[vars] # a comment",
      '  access_token_lifetime = "5m"',
      '  "LOG" = "loud"',
      "[[vars.ROUTES]]",
      "[[vars.ROUTES]]",
      'LOG = "all"',
      "[[ROUTES]]",
      'path = "/a"',
      "[limits]",
      'LOG = "all"',
      "[env.dev]",
      '\tLOG = "all"',
      "[Vars]",
    ].join("\n");
    expect(placedError(error, [{ name: "wrangler.toml", text }])).toBe(placed);
  });

  it("knows the ways to write a table in one line, and JSON", () => {
    expect(placedError("ROUTES[1] is …", [{ name: "a", text: "[vars]\nROUTES = [{}, {}]" }])).toBe(
      "a:2:1: ROUTES[1] is …",
    );
    expect(placedError("LOG is …", [{ name: "a", text: "vars.LOG = 1" }])).toBe("a:1:1: LOG is …");
    expect(placedError("LOG is …", [{ name: "a", text: '{\n  "LOG": 1' }])).toBe("a:2:3: LOG is …");
  });
});

describe("placedHookError()", () => {
  const files = [
    { name: "src/hooks.ts", text: "// claimsFor\nexport const hooks = {\n  claimsForr: () => ({}),\n};" },
    { name: "src/index.ts", text: "createGateway({ hookz: hooks, hooks });" },
  ];

  it.each([
    [
      "hooks.claimsForr is not a hook; did you mean claimsFor?",
      "src/hooks.ts:3:3: hooks.claimsForr is not a hook; did you mean claimsFor?",
    ],
    [
      "hookz, given to createGateway, is not an option; did you mean hooks?",
      "src/index.ts:1:17: hookz, given to createGateway, is not an option; did you mean hooks?",
    ],
    ["hooks must be an object of functions.", "src/hooks.ts:2:14: hooks must be an object of functions."],
    ["hooks.other must be a function.", "hooks.other must be a function."],
  ])("of %j", (error, placed) => {
    expect(placedHookError(error, files)).toBe(placed);
  });
});
