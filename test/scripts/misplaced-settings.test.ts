// Settings in wrangler.toml where the Worker does not get them.
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { misplacedSettings } from "../../scripts/configuration/misplaced-settings.ts";

const findingsIn = (toml: string, environment?: string) => misplacedSettings(parse(toml), "wrangler.toml", environment);

describe("misplacedSettings()", () => {
  it("has nothing against settings in [vars], and against what is wrangler's or the deployer's own", () => {
    const toml = `
name = "x"
main = "src/index.ts"
routes = [{ pattern = "api.example.com/*", zone_name = "example.com" }, "example.com/*"]
[vars]
LOG = "all"
[[vars.ROUTES]]
path = "/*"
auth = "token"
[vars.IDENTITY_HEADERS]
X-User-Id = "user_id"
[secrets]
required = ["SIGNING_KEY"]
[define]
LOG = "'all'"
[alias]
ISSUER = "./issuer.ts"
[observability]
enabled = true
[observability.logs]
enabled = true
[env.staging.vars]
LOG = "off"`;
    expect(findingsIn(toml, "staging")).toEqual({ errors: [], warnings: [] });
  });

  it.each([
    [
      '[[ROUTES]]\npath = "/*"\nauth = "user"',
      "[[ROUTES]] in wrangler.toml is outside of [vars] and has no effect: write [[vars.ROUTES]].",
    ],
    [
      '[[routes]]\npath = "/*"\nauth = "user"',
      "[[routes]] in wrangler.toml is outside of [vars] and has no effect: write [[vars.ROUTES]].",
    ],
    [
      '[IDENTITY_HEADERS]\nX-Role = "role"',
      "[IDENTITY_HEADERS] in wrangler.toml is outside of [vars] and has no effect: write [vars.IDENTITY_HEADERS].",
    ],
    ['LOG = "all"', "LOG in wrangler.toml is outside of [vars] and has no effect: move it into [vars]."],
    [
      'accessTokenLifetime = "5m"',
      "accessTokenLifetime in wrangler.toml is outside of [vars] and has no effect: move it into [vars].",
    ],
    ['AUDIENCE = ["a", "b"]', "AUDIENCE in wrangler.toml is outside of [vars] and has no effect: move it into [vars]."],
    [
      'SIGNING_KEY = "secret-value"',
      "SIGNING_KEY in wrangler.toml is outside of [vars] and has no effect: it is a secret, for .dev.vars and --secrets-file; [secrets] lists only its name, in required.",
    ],
    [
      'ON_LOGIN_SUCCESS = "a.b"',
      "ON_LOGIN_SUCCESS in wrangler.toml is outside of [vars] and has no effect: it is Python code in Simple JWT; write the hook onLoginSuccess.",
    ],
    [
      '[observability]\nenabled = true\nORIGIN_URL = "https://a.example"',
      "ORIGIN_URL in wrangler.toml is in [observability] and has no effect there: move it into [vars].",
    ],
    ['[Vars]\nLOG = "all"', "[Vars] in wrangler.toml has no effect: the name is [vars]."],
    ['[var]\nLOG = "all"', "[var] in wrangler.toml has no effect: the name is [vars]."],
    [
      '[[vars.ROUTES]]\npath = "/*"\nauth = "token"\nLOG = "all"',
      "LOG is a setting, but here it is a part of ROUTES[0]: move it above [[vars.ROUTES]].",
    ],
  ])("reports %j", (toml, error) => {
    expect(findingsIn(toml)).toEqual({ errors: [error], warnings: [] });
  });

  it("warns of a setting that has become a header", () => {
    expect(findingsIn('[vars.IDENTITY_HEADERS]\nX-Role = "role"\nLOG = "all"')).toEqual({
      errors: [],
      warnings: ["LOG is a setting, but here it is a part of IDENTITY_HEADERS: move it above [vars.IDENTITY_HEADERS]."],
    });
  });

  it("reports those of the environment that is checked as errors, and no others", () => {
    const toml = '[[env.staging.ROUTES]]\npath = "/*"\nauth = "user"\n[env.other]\nLOG = "all"';
    expect(findingsIn(toml, "staging")).toEqual({
      errors: [
        "[[env.staging.ROUTES]] in wrangler.toml is outside of [env.staging.vars] and has no effect: write [[env.staging.vars.ROUTES]].",
      ],
      warnings: [],
    });
  });

  it("warns of those in all environments if none is chosen", () => {
    const toml = `
[env.staging]
ISSUER = "https://a.example"
[env.other.vars]
LOG = "all"
access_token_lifetime = "5m"
TOKEN_OBTAIN_SERIALIZER = "a.b"
[[env.other.vars.ROUTES]]
path = "/*"
auth = "user"
PATHS = "exact"`;
    expect(findingsIn(toml)).toEqual({
      errors: [],
      warnings: [
        "env.staging.ISSUER in wrangler.toml is outside of [env.staging.vars] and has no effect: move it into [env.staging.vars].",
        "PATHS is a setting, but here it is a part of ROUTES[0]: move it above [[env.other.vars.ROUTES]].",
        "[env.other.vars] in wrangler.toml: access_token_lifetime is not a setting; did you mean ACCESS_TOKEN_LIFETIME?",
        "[env.other.vars] in wrangler.toml: TOKEN_OBTAIN_SERIALIZER is Python code in Simple JWT and has no effect here: write the hooks claimsFor and responseFor.",
      ],
    });
  });

  it("speaks JSON of a JSON file", () => {
    expect(misplacedSettings({ ROUTES: [{ path: "/*", auth: "user" }] }, "wrangler.jsonc", undefined).errors).toEqual([
      'ROUTES in wrangler.jsonc is outside of "vars" and has no effect: move it into "vars".',
    ]);
  });
});
