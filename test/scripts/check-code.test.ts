// What `check` says about hooks, the options of createGateway(), and claims that no hook makes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { claimWarnings } from "../../scripts/configuration/check-code.ts";
import { readWorkerCode } from "../../scripts/configuration/worker-code.ts";
import { readPolicy } from "../../src/proxy/routes/policy.ts";
import { settingsOf } from "../support/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-code-"));
mkdirSync(join(folder, "src"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A Worker of a deployer's own, with the package. */
function worker(code: string): { readonly main: string } {
  const main = join(folder, "src/index.ts");
  writeFileSync(main, code);
  return { main };
}
const gateway = (options: string) =>
  worker(`import { createGateway } from "simplejwt-edge";\nexport default createGateway(${options});\n`);
const root = join(import.meta.dirname, "../..");

describe("readWorkerCode()", () => {
  it("finds the project's own hooks in order", async () => {
    const { mayMakeClaim, ...rest } = await readWorkerCode({ main: join(root, "src/index.ts") });
    expect(rest).toEqual({ errors: [], buildErrors: [], notes: [] });
    expect(mayMakeClaim?.("roles")).toBe(false);
  });

  it("reads the same code again", async () => {
    const main = gateway("{ hooks: { claimsFor: () => ({ roles: [] }) } }");
    for (const _ of [1, 2]) expect((await readWorkerCode(main)).mayMakeClaim?.("roles")).toBe(true);
  });

  it("names hooks, options and settings that there are not", async () => {
    const options = "{ hooks: { claimsForr: () => ({}) }, hook: {}, settings: { LOGG: 'all', SIGNING_KEY: 'x' } }";
    const { errors } = await readWorkerCode(gateway(options));
    expect(errors).toEqual([
      "hook, given to createGateway, is not an option; did you mean hooks?",
      "hooks.claimsForr is not a hook; did you mean claimsFor?",
      "LOGG, given to createGateway, is not a setting; did you mean LOG?",
      "SIGNING_KEY must not be in code: set it in the environment, as a secret (wrangler secret put SIGNING_KEY).",
    ]);
  });

  it("runs a Worker that uses the platform and Node", async () => {
    const code = `
      import { connect } from "cloudflare:sockets";
      import { WorkerEntrypoint, env } from "cloudflare:workers";
      import { createHash } from "node:crypto";
      import { createGateway } from "simplejwt-edge";
      export class Api extends WorkerEntrypoint {}
      export default createGateway({ hooks: { claimsFor: async () => ({ team: [env, connect, createHash].length }) } });`;
    const { mayMakeClaim, ...rest } = await readWorkerCode(worker(code));
    expect(rest).toEqual({ errors: [], buildErrors: [], notes: [] });
    expect([mayMakeClaim?.("team"), mayMakeClaim?.("roles")]).toEqual([true, false]);
  });

  it("gives the place of a syntax error", async () => {
    const { buildErrors } = await readWorkerCode(worker("const a = 1;\nexport const b = ;\n"));
    expect(buildErrors).toHaveLength(1);
    expect(buildErrors[0]).toMatch(/src\/index\.ts:2:18: Unexpected ";"\.$/);
  });

  it.each([
    ['import x from "not-there"; x();', 'Could not resolve "not-there".'],
    ["new HTMLRewriter();", "it cannot be run here (HTMLRewriter is not defined)."],
    ["throw new Error('hello');", "it cannot be run here (hello)."],
  ])("notes what was not checked: %s", async (code, why) => {
    const { errors, buildErrors, notes, mayMakeClaim } = await readWorkerCode(worker(code));
    expect({ errors, buildErrors, mayMakeClaim }).toEqual({ errors: [], buildErrors: [], mayMakeClaim: undefined });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^The hooks of .*src\/index\.ts were not checked: /);
    expect(notes[0]?.endsWith(why)).toBe(true);
  });

  it("has nothing to say about a Worker that makes its gateway later, or that there is not", async () => {
    const nothing = { errors: [], buildErrors: [], notes: [], mayMakeClaim: undefined };
    expect(await readWorkerCode(worker("export default { fetch() {} };"))).toEqual(nothing);
    expect(await readWorkerCode({ main: undefined })).toEqual(nothing);
  });
});

describe("claimWarnings()", () => {
  const warningsFor = (vars: Readonly<Record<string, unknown>>, made: readonly string[] = []) => {
    const settings = settingsOf(vars);
    return claimWarnings({ settings, rules: readPolicy(settings).rules }, (name) => made.includes(name));
  };
  const requiring = (require: Readonly<Record<string, unknown>>) => [{ path: "/staff/*", auth: "token", require }];
  const reason = "which tokens of this gateway do not have: no hook makes it. claimsFor adds claims (docs/hooks.md).";

  it("names claims that no hook makes, in routes, headers and assertions", () => {
    const vars = {
      ROUTES: requiring({ is_staff: true, user_id: "1" }),
      IDENTITY_HEADERS: { "X-User-Id": "user_id", "X-Name": "profile.name", "X-Roles": "json:roles" },
      ...{ ASSERTION: true, ASSERTION_KEY: "an-assertion-key-of-at-least-32-bytes" },
      ASSERTION_CLAIMS: ["team"],
    };
    expect(warningsFor(vars)).toEqual([
      `ROUTES[0] (/staff/*) requires the claim "is_staff", ${reason}`,
      `IDENTITY_HEADERS: X-Name needs the claim "profile", ${reason}`,
      `IDENTITY_HEADERS: X-Roles needs the claim "roles", ${reason}`,
      `ASSERTION_CLAIMS has "team", ${reason}`,
    ]);
    expect(warningsFor(vars, ["is_staff", "profile", "roles", "team"])).toEqual([]);
  });

  it("knows the claims of the settings", () => {
    const all = { token_type: "access", jti: "x", sub: "1", iss: "me", aud: "you", sid: "x", exp: 1, iat: 1 };
    const settings = { USER_ID_CLAIM: "sub", ISSUER: "me", AUDIENCE: "you", BLACKLIST_ENDS_SESSION: true };
    expect(warningsFor({ ...settings, ROUTES: requiring(all) })).toEqual([]);
    expect(warningsFor({ ROUTES: requiring({ iss: "me", sid: "x", hash_password: "x" }) })).toHaveLength(3);
    expect(warningsFor({ CHECK_REVOKE_TOKEN: true, ROUTES: requiring({ hash_password: "x" }) })).toEqual([]);
  });

  it("does not know the claims of another issuer, nor of code that could not be read", () => {
    const ROUTES = requiring({ roles: "admin" });
    expect(warningsFor({ ROUTES, ALGORITHM: "RS256", JWK_URL: "https://id.example.com/jwks.json" })).toEqual([]);
    expect(warningsFor({ ROUTES, TOKEN_ENDPOINTS: ["verify"] })).toEqual([]);
    const settings = settingsOf({ ROUTES });
    expect(claimWarnings({ settings, rules: readPolicy(settings).rules }, undefined)).toEqual([]);
  });
});
