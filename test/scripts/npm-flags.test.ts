// Flags that npm keeps for itself where there is no `--`.
import { describe, expect, it } from "vitest";
import { Failure } from "../../scripts/shared/failure.ts";
import { refuseKeptFlags, verbosityOfNpm } from "../../scripts/shared/npm-flags.ts";

const flags = {
  json: { type: "boolean" },
  "dry-run": { type: "boolean" },
  "no-input": { type: "boolean" },
  username: { type: "string" },
} as const;

const refusing = (script: string, argv: readonly string[], env: NodeJS.ProcessEnv) => () =>
  refuseKeptFlags(script, argv, flags, { npm_lifecycle_event: script, ...env });

describe("refuseKeptFlags()", () => {
  it.each([
    ["manage", ["users"], { npm_config_json: "true" }, "--json", "npm run --silent manage -- users --json"],
    [
      "manage",
      ["createuser", "ada"],
      { npm_config_username: "true", npm_config_input: "" },
      "--no-input and --username",
      "npm run manage -- createuser --no-input --username …",
    ],
    [
      "manage",
      ["createuser"],
      { npm_config_username: "hidden" },
      "--username",
      "npm run manage -- createuser --username …",
    ],
    ["deploy", ["--env", "x"], { npm_config_dry_run: "true" }, "--dry-run", "npm run deploy -- --dry-run"],
    ["start", [], { npm_config_json: "true" }, "--json", "npm start -- --json"],
  ])("says how to write it: npm run %s, %j", (script, argv, env, kept, instead) => {
    expect(refusing(script, argv, env)).toThrow(
      new Failure(`npm kept ${kept} for itself: without "--", it does not pass flags on. Write: ${instead}`, 2),
    );
  });

  it.each([
    ["what npm has been told by others", ["users", "--json"], { npm_config_json: "true" }],
    ["flags that the command does not have", ["users"], { npm_config_yes: "true", npm_config_cache: "/x" }],
    ["flags that are off", ["users"], { npm_config_json: "", npm_config_dry_run: "false" }],
    ["another script, which runs this one", ["users"], { npm_config_json: "true", npm_lifecycle_event: "other" }],
    ["a command without npm", ["users"], { npm_config_json: "true", npm_lifecycle_event: undefined }],
  ])("has nothing against %s", (_, argv, env) => {
    expect(refusing("manage", argv, env)).not.toThrow();
  });
});

describe("verbosityOfNpm()", () => {
  it.each([
    ["silent", "quiet"],
    ["error", "quiet"],
    ["warn", "quiet"],
    ["notice", undefined],
    ["http", undefined],
    ["info", undefined],
    ["verbose", "verbose"],
    ["silly", "verbose"],
    [undefined, undefined],
  ])("of npm's log level %s is %s", (level, verbosity) => {
    expect(verbosityOfNpm("start", { npm_lifecycle_event: "start", npm_config_loglevel: level })).toBe(verbosity);
  });

  it("is that of the script itself, not of one that runs it, and of nothing without npm", () => {
    expect(verbosityOfNpm("start", { npm_lifecycle_event: "test", npm_config_loglevel: "warn" })).toBeUndefined();
    expect(verbosityOfNpm("start", { npm_config_loglevel: "warn" })).toBeUndefined();
  });
});
