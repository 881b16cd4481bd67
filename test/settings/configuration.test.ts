// src/configuration.ts: how `npm run deploy` and the Worker both check a configuration.
import { describe, expect, test } from "vitest";
import { readConfiguration } from "../../src/configuration.ts";
import { acceptedTokenTypes } from "../../src/tokens/token-types.ts";
import { edPkcs8, edSpki, p256Pkcs8, rsaPkcs8 } from "../support/craft.ts";
import { testSecret } from "../support/settings.ts";

describe("readConfiguration()", () => {
  test("joins the errors of settings, routes and keys", async () => {
    const { configuration, errors } = await readConfiguration({
      SIGNING_KEY: "too short",
      LEEWAY: -1,
      ROUTES: [{ path: "/*", auth: "tokn" }],
    });
    expect(configuration).toBeUndefined();
    expect(errors).toEqual([
      'LEEWAY must be a duration of at least 0 s: whole seconds (300) or a number with a unit ("5m", "12h", "7d"); it is -1.',
      'ROUTES[0].auth must be one of public, optional, token, user; it is "tokn".',
      "SIGNING_KEY has 9 bytes; HS256 needs at least 32. Make one with: openssl rand -base64 32",
    ]);
  });

  test("says once that there is no key, and goes on with the rest", async () => {
    const { configuration, errors } = await readConfiguration({ ROUTES: [], TOKEN_PREFIX: "/_gateway" });
    expect(configuration).toBeUndefined();
    expect(errors).toEqual([
      "SIGNING_KEY is required: a secret of at least 32 bytes, or a PEM.",
      "TOKEN_PREFIX must not be under /_gateway.",
    ]);
  });

  test("never shows a secret, whatever is wrong with it", async () => {
    const readings = await Promise.all([
      readConfiguration({ SIGNING_KEY: "hunter2" }),
      readConfiguration({ SIGNING_KEY: "hunter2", ALLOW_SHORT_SIGNING_KEY: true }),
      readConfiguration({ SIGNING_KEY: ["hunter2"] }),
      readConfiguration({ SIGNING_KEY: "-----BEGIN hunter2", ALGORITHM: "RS256" }),
      readConfiguration({ SIGNING_KEY: rsaPkcs8, VERIFYING_KEY: "hunter2", ALGORITHM: "RS256" }),
    ]);
    for (const { errors, warnings } of readings) {
      expect(errors.length + warnings.length).toBe(1);
      expect(JSON.stringify([errors, warnings])).not.toMatch(/hunter2|MIIE/);
    }
  });

  test("joins the warnings of settings and keys", async () => {
    const { warnings, errors } = await readConfiguration({
      SIGNING_KEY: "hunter2-hunter2-hunter2",
      ALLOW_SHORT_SIGNING_KEY: "true",
      ROTATE_REFRESH_TOKENS: "true",
    });
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      "ROTATE_REFRESH_TOKENS without BLACKLIST_AFTER_ROTATION: old refresh tokens stay valid until they expire.",
      "SIGNING_KEY has 23 bytes; HS256 needs at least 32; ALLOW_SHORT_SIGNING_KEY allows it.",
    ]);
  });

  test("gives settings, keys, rules, header plan and the kinds of AUTH_TOKEN_CLASSES in their order", async () => {
    const { configuration, errors } = await readConfiguration({
      SIGNING_KEY: edPkcs8,
      VERIFYING_KEY: edSpki,
      ALGORITHM: "EdDSA",
      AUTH_TOKEN_CLASSES: ["rest_framework_simplejwt.tokens.SlidingToken", "AccessToken"],
      ROUTES: [
        { path: "/open/*", auth: "public" },
        { path: "/*", auth: "user" },
      ],
    });
    expect(errors).toEqual([]);
    expect(configuration?.settings.ALGORITHM).toBe("EdDSA");
    expect(configuration?.rules.map(({ path, auth }) => `${path} ${auth}`)).toEqual(["/open/* public", "/* user"]);
    expect(configuration && acceptedTokenTypes(configuration.settings).map(({ className }) => className)).toEqual([
      "SlidingToken",
      "AccessToken",
    ]);
    expect(configuration?.headerPlan.authHeader).toBe("authorization");
    expect(configuration?.keys.publicJwk).toEqual({
      kty: "OKP",
      crv: "Ed25519",
      x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
      alg: "EdDSA",
      use: "sig",
    });
  });

  test("has no public key to show for a secret one", async () => {
    const { configuration } = await readConfiguration({ SIGNING_KEY: testSecret });
    expect(configuration?.keys.publicJwk).toBeUndefined();
  });

  test("refuses a key of another type than the algorithm's", async () => {
    const { errors } = await readConfiguration({ SIGNING_KEY: p256Pkcs8, ALGORITHM: "RS256" });
    expect(errors).toEqual([
      "SIGNING_KEY must be an RSA key for RS256.",
      "VERIFYING_KEY must be an RSA key for RS256.",
    ]);
  });
});
