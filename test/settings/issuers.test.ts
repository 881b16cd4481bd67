// ISSUERS: every entry that could fail open, or cannot work, stops the start, with the entry and the key.
import { beforeAll, describe, expect, it } from "vitest";
import { readConfiguration } from "../../src/configuration.ts";
import { type Provider, provider } from "../support/provider.ts";
import { testSecret } from "../support/settings.ts";

let idp: Provider;
beforeAll(async () => {
  idp = await provider("https://idp.example/");
});

const entry = (more: object = {}) => ({
  issuer: "https://idp.example/",
  jwks: "https://idp.example/jwks.json",
  audience: "https://api.example",
  ...more,
});
const withoutKeys = (more: object = {}) => entry({ jwks: undefined, ...more });
const route = { path: "/*", auth: "token", issuers: ["self", "https://idp.example/"] };

const read = (ISSUERS: unknown, vars: object = {}) =>
  readConfiguration({ SIGNING_KEY: testSecret, ISSUERS, ROUTES: [route], ...vars });
const errorsOf = async (ISSUERS: unknown, vars: object = {}) => (await read(ISSUERS, vars)).errors;

describe("an entry of ISSUERS", () => {
  it("has defaults for all but issuer, audience and where its keys are", async () => {
    const { configuration, errors, warnings } = await read([entry()]);
    expect(errors).toEqual([]);
    expect(warnings).toEqual([]);
    expect(configuration?.issuers).toEqual([
      {
        place: "ISSUERS[0]",
        issuer: "https://idp.example/",
        keySource: { from: "jwks", url: "https://idp.example/jwks.json" },
        audience: ["https://api.example"],
        algorithms: ["RS256"],
        userClaim: "sub",
        jtiClaim: "jti",
        typeClaim: undefined,
        accessTokensOnly: false,
        leewaySeconds: 5,
        maxAgeSeconds: undefined,
        mapping: undefined,
        provision: false,
        ring: [],
      },
    ]);
  });

  it("can be JSON text, as --var and .dev.vars have it", async () => {
    const { configuration, errors } = await read(JSON.stringify([entry({ max_age: "1d", jti_claim: "" })]));
    expect(errors).toEqual([]);
    expect(configuration?.issuers[0]).toMatchObject({ maxAgeSeconds: 86_400, jtiClaim: null });
  });

  it("has its keys in the settings, the only one without an id", async () => {
    const { kid: _, alg: __, ...bare } = idp.jwk;
    for (const keys of [[idp.jwk], [bare]]) {
      const { configuration, errors } = await read([withoutKeys({ keys })]);
      expect(errors).toEqual([]);
      expect(configuration?.issuers[0]?.ring.map(({ alg }) => alg)).toEqual(["RS256"]);
    }
  });

  it.each<[string, object, string]>([
    ["no issuer", { issuer: undefined }, ".issuer is required: the iss of its tokens, character by character."],
    [
      "an empty issuer",
      { issuer: "" },
      '.issuer must be the iss of its tokens, a non-empty string other than "self"; it is "".',
    ],
    [
      "self",
      { issuer: "self" },
      '.issuer must be the iss of its tokens, a non-empty string other than "self"; it is "self".',
    ],
    [
      "no audience",
      { audience: undefined },
      '.audience is required: the aud of tokens that are meant for this API. "" takes tokens for any other, too.',
    ],
    ["a number for an audience", { audience: 7 }, '.audience must be a string, a list of strings, or ""; it is 7.'],
    [
      "no place of keys",
      { jwks: undefined },
      " needs exactly one of jwks (the URL of a JWK Set), discovery = true, and keys (a list of public JWKs).",
    ],
    [
      "two places of keys",
      { discovery: true },
      " needs exactly one of jwks (the URL of a JWK Set), discovery = true, and keys (a list of public JWKs).",
    ],
    ["discovery as text", { jwks: undefined, discovery: "true" }, '.discovery must be true or false; it is "true".'],
    [
      "discovery of a name",
      { jwks: undefined, discovery: true, issuer: "idp" },
      ".discovery needs an issuer that is an https URL without a user, query or fragment, or http on loopback.",
    ],
    [
      "discovery over http",
      { jwks: undefined, discovery: true, issuer: "http://idp.example" },
      ".discovery needs an issuer that is an https URL without a user, query or fragment, or http on loopback.",
    ],
    [
      "discovery with a query",
      { jwks: undefined, discovery: true, issuer: "https://idp.example?" },
      ".discovery needs an issuer that is an https URL without a user, query or fragment, or http on loopback.",
    ],
    [
      "keys over http",
      { jwks: "http://idp.example/jwks" },
      ".jwks must be an https URL without a user or a fragment, or http on a loopback address.",
    ],
    [
      "keys with a password",
      { jwks: "https://me:hunter2@idp.example/jwks" },
      ".jwks must be an https URL without a user or a fragment, or http on a loopback address.",
    ],
    ["no keys", { jwks: undefined, keys: [] }, ".keys must be a list of public keys, each a JWK (RFC 7517 section 4)."],
    [
      "HS256",
      { algorithms: ["RS256", "HS256"] },
      '.algorithms has "HS256"; a secret that checks tokens also makes them, and only public keys are taken.',
    ],
    [
      "none",
      { algorithms: ["none"] },
      '.algorithms has "none"; it must be a list of RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512, EdDSA.',
    ],
    [
      "a type without a value",
      { type_claim: { name: "typ" } },
      '.type_claim must be a table { name = "<claim>", value = "<text>" }; it is {"name":"typ"}.',
    ],
    ["another typ", { typ: "JWT" }, '.typ must be "at+jwt", or be left out; it is "JWT".'],
    [
      "a misspelled key",
      { audiences: "x" },
      ".audiences is not known; an issuer has issuer, jwks, discovery, keys, audience, algorithms, user_claim, jti_claim, type_claim, typ, leeway, max_age, reissue, provision.",
    ],
    [
      "provision as text",
      { reissue: { user: "alternate_id" }, provision: "true" },
      '.provision must be true or false; it is "true".',
    ],
    ["provision without reissue", { provision: true }, ".provision needs reissue, which says whom a new row is for."],
    [
      "a mapping by name",
      { reissue: { user: "username" } },
      '.reissue must be { user = "alternate_id" }, or { user_id = "<prefix>{sub}" } with a prefix of its own that ends in no letter or digit; it is {"user":"username"}.',
    ],
    [
      "a template without a prefix",
      { reissue: { user_id: "{sub}" } },
      '.reissue must be { user = "alternate_id" }, or { user_id = "<prefix>{sub}" } with a prefix of its own that ends in no letter or digit; it is {"user_id":"{sub}"}.',
    ],
    ...["1", "idp", "a:7", "idp:Z"].map((prefix): [string, object, string] => [
      `the prefix ${prefix}`,
      { reissue: { user_id: `${prefix}{sub}` } },
      `.reissue must be { user = "alternate_id" }, or { user_id = "<prefix>{sub}" } with a prefix of its own that ends in no letter or digit; it is {"user_id":"${prefix}{sub}"}.`,
    ]),
    [
      "a template with two placeholders",
      { reissue: { user_id: "{iss}:{sub}" } },
      '.reissue must be { user = "alternate_id" }, or { user_id = "<prefix>{sub}" } with a prefix of its own that ends in no letter or digit; it is {"user_id":"{iss}:{sub}"}.',
    ],
    [
      "a template of another claim",
      { reissue: { user_id: "idp:{email}" } },
      '.reissue must be { user = "alternate_id" }, or { user_id = "<prefix>{sub}" } with a prefix of its own that ends in no letter or digit; it is {"user_id":"idp:{email}"}.',
    ],
    [
      "a template for integer ids",
      { reissue: { user_id: "idp:{sub}" } },
      '.reissue: user_id needs USER_ID_TYPE = "text", since the prefix is part of the id.',
    ],
  ])("with %s is an error", async (_, change, error) => {
    expect(await errorsOf([entry(change)])).toContain(`ISSUERS[0]${error}`);
  });

  it("that is no table is an error, and so is a setting that is no list", async () => {
    expect(await errorsOf(["https://idp.example/"])).toContain(
      'ISSUERS[0] must be a table such as { issuer = "https://…", discovery = true, audience = "…" }.',
    );
    expect((await errorsOf({ issuer: "x" }))[0]).toBe('ISSUERS must be a list of issuers; it is {"issuer":"x"}.');
  });

  it("with keys that are not public, or not to verify with, is an error that shows none of them", async () => {
    const cases: ReadonlyArray<readonly [object, string]> = [
      [idp.privateJwk, "is a private key: only its public half belongs here, without d, p, q, dp, dq, qi, oth"],
      [
        { kty: "oct", kid: "a", alg: "HS256", k: "c2VjcmV0" },
        "is a secret: whoever can check tokens with it can make them",
      ],
      [{ ...idp.jwk, use: "enc" }, 'must have no use, or the use "sig"'],
      [{ ...idp.jwk, key_ops: ["sign"] }, 'must have no key_ops, or "verify" among them'],
      [{ ...idp.jwk, alg: "RS512" }, "needs an alg, one of RS256"],
      [{ ...idp.jwk, kid: "" }, "needs a kid, a non-empty string, unless it is the only key"],
      [{ ...idp.jwk, n: "AQAB" }, "cannot be read as a public key for RS256"],
    ];
    for (const [key, error] of cases) {
      expect(await errorsOf([withoutKeys({ keys: [key] })])).toEqual([`ISSUERS[0].keys: key 1 ${error}.`]);
    }
    const two = [idp.jwk, idp.jwk, { ...idp.jwk, kid: undefined }];
    expect(await errorsOf([withoutKeys({ keys: two })])).toEqual([
      "ISSUERS[0].keys: key 2 has the kid of an earlier one.",
      "ISSUERS[0].keys: key 3 needs a kid, a non-empty string, unless it is the only key.",
    ]);
  });

  it("without an audience on purpose is a warning", async () => {
    for (const audience of ["", null]) {
      const { configuration, warnings } = await read([entry({ audience })]);
      expect(configuration?.issuers[0]?.audience).toBeNull();
      expect(warnings).toEqual([
        "ISSUERS[0].audience is empty: tokens that the issuer made for other applications are accepted.",
      ]);
    }
  });

  it("that no route names is a warning", async () => {
    const { warnings } = await read([entry()], { ROUTES: [{ path: "/*", auth: "token" }] });
    expect(warnings).toEqual(["ISSUERS[0] (https://idp.example/) opens no route: name it in the key issuers of one."]);
  });
});

describe("the entries of ISSUERS together", () => {
  const text = { USER_ID_TYPE: "text" };
  const other = (more: object = {}) => entry({ issuer: "https://other.example/", ...more });

  it("are each of another issuer, and none is the gateway itself", async () => {
    expect(await errorsOf([entry(), entry()])).toEqual([
      "ISSUERS[1].issuer is that of ISSUERS[0]: each issuer has one entry.",
    ]);
    expect(await errorsOf([entry()], { ISSUER: "https://idp.example/" })).toEqual([
      "ISSUERS[0].issuer is ISSUER: the gateway's own tokens need no entry.",
    ]);
  });

  it("may differ in a slash or in case alone: the iss is compared character by character", async () => {
    const alike = ["https://idp.example", "https://IDP.example/"].map((issuer) => entry({ issuer }));
    expect(await errorsOf([entry(), ...alike])).toEqual([]);
  });

  it("that are mapped without max_age are a warning: log-outs are not remembered for ever", async () => {
    const warning =
      "ISSUERS[0].reissue without max_age: log-outs of users are remembered for 30 days, and a token that lives longer is good again after that.";
    const by = { reissue: { user: "alternate_id" } };
    expect((await read([entry(by)])).warnings).toEqual([warning]);
    expect((await read([entry({ ...by, max_age: "1d" })])).warnings).toEqual([]);
  });

  it("never make a user of one issuer a user of another", async () => {
    const by = { reissue: { user: "alternate_id" } };
    expect(await errorsOf([entry(by), other(by)])).toEqual([
      "ISSUERS[1].reissue and that of ISSUERS[0] look in one column: a user of one issuer would be a user of the other.",
    ]);
    for (const [one, two] of [
      ["a:", "a:b:"],
      ["a:b:", "a:"],
      ["a:", "a:"],
    ]) {
      const [first, second] = [one, two].map((prefix) => ({ reissue: { user_id: `${prefix}{sub}` } }));
      expect(await errorsOf([entry(first), other(second)], text)).toEqual([
        `ISSUERS[1].reissue has the prefix "${two}", and one of it and "${one}" of ISSUERS[0] begins with the other.`,
      ]);
    }
    const apart = [entry({ reissue: { user_id: "a:{sub}" } }), other({ reissue: { user_id: "b:{sub}" } })];
    expect(await errorsOf(apart, text)).toEqual([]);
  });

  it("never look for users of two issuers in one column, by prefix in the one and whole in the other", async () => {
    const prefixed = (issuer: typeof other) => issuer({ reissue: { user_id: "a:{sub}" } });
    const whole = (issuer: typeof other) => issuer({ reissue: { user: "alternate_id" } });
    const error =
      "ISSUERS[1].reissue and that of ISSUERS[0] look in one column: a user of one issuer would be a user of the other.";
    for (const USER_ID_FIELD of ["public_id", "uuid"]) {
      const named = { ...text, USER_ID_FIELD };
      expect(await errorsOf([prefixed(entry), whole(other)], named)).toEqual([error]);
      expect(await errorsOf([whole(entry), prefixed(other)], named)).toEqual([error]);
    }
    for (const USER_ID_FIELD of ["id", "pk"]) {
      expect(await errorsOf([prefixed(entry), whole(other)], { ...text, USER_ID_FIELD })).toEqual([]);
    }
  });

  it("have no prefix that ids of the gateway's own begin with", async () => {
    for (const prefix of ["edge-", "edge-idp:"]) {
      expect(await errorsOf([entry({ reissue: { user_id: `${prefix}{sub}` } })], text)).toEqual([
        'ISSUERS[0].reissue must have another prefix: ids that the gateway makes begin with "edge-".',
      ]);
    }
  });

  it("fit the settings of users and headers", async () => {
    const by = { reissue: { user: "alternate_id" } };
    const prefixed = { reissue: { user_id: "a:{sub}" }, provision: true };
    expect(await errorsOf([entry(prefixed)], { ...text, USERS_OWNER: "origin" })).toEqual([
      'ISSUERS[0].provision makes users here, and USERS_OWNER = "origin" has the API alone make them.',
    ]);
    expect(await errorsOf([entry({ ...by, provision: true })], { USER_ID_FIELD: "username" })).toEqual([
      "ISSUERS[0].provision needs a USER_ID_FIELD that is not the name, which a new row does not have.",
    ]);
    expect(
      await errorsOf([entry({ reissue: { user_id: "a:{sub}" } })], { ...text, USER_ID_FIELD: "username" }),
    ).toEqual(["ISSUERS[0].reissue: user_id needs a USER_ID_FIELD that is not the name, which users may choose."]);
    expect(await errorsOf([entry(by)], { FORWARD_AUTHORIZATION: false })).toEqual([
      "ISSUERS[0].reissue needs FORWARD_AUTHORIZATION: the API would not get the token.",
    ]);
  });
});

describe("the key issuers of a route", () => {
  const errorsWith = (issuers: unknown, more: object = {}) =>
    errorsOf([entry()], { ROUTES: [{ path: "/*", auth: "token", issuers, ...more }] });

  it("names issuers of ISSUERS, or self, and nothing else", async () => {
    for (const unknown of ["https://idp.example", "https://IDP.example/", "*", "Self"]) {
      expect(await errorsWith(["self", unknown])).toEqual([
        `ROUTES[0].issuers has "${unknown}", which is not the issuer of an entry of ISSUERS.`,
      ]);
    }
    expect(await errorsWith(["https://idp.example/"])).toEqual([]);
    expect(await errorsWith(["self"])).toEqual([]);
  });

  it("is a list with at least one", async () => {
    for (const wrong of [[], "self", [7], [""]]) {
      expect(await errorsWith(wrong)).toEqual([
        `ROUTES[0].issuers must be a list of issuers, such as ["self", "https://issuer.example.com/"]; it is ${JSON.stringify(wrong)}.`,
      ]);
    }
  });

  it("has no place next to a required claim that says which of our users it is", async () => {
    const error = (name: string) =>
      `ROUTES[0].require.${name} says which of your users is calling, which no other issuer can say: give its tokens a route without it.`;
    const both = ["self", "https://idp.example/"];
    expect(await errorsWith(both, { require: { user_id: "7" } })).toEqual([error("user_id")]);
    expect(await errorsWith(["https://idp.example/"], { require: { username: "ada" } })).toEqual([error("username")]);
    expect(await errorsWith(both, { path: "/users/*", require: { user_id: "$path.2" } })).toEqual([error("user_id")]);
    const named = { USER_ID_CLAIM: "sub", USERNAME_FIELD: "email" };
    const ROUTES = [{ path: "/*", auth: "token", issuers: both, require: { sub: "7", email: "a@b", user_id: 1 } }];
    expect(await errorsOf([entry()], { ...named, ROUTES })).toEqual([error("sub"), error("email")]);
    expect(await errorsWith(["self"], { require: { user_id: "7" } })).toEqual([]);
    expect(await errorsWith(both, { require: { scope: "notes" } })).toEqual([]);
  });

  it("has no place on a public route", async () => {
    expect(await errorsWith(["self", "https://idp.example/"], { auth: "public" })).toEqual([
      "ROUTES[0].issuers applies only to routes with auth = optional, token or user; here it is public.",
    ]);
  });
});
