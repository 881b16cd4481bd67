// A gateway-to-origin assertion that comes back from a client opens nothing, whatever else it says and whoever signed it.
import { sign as signWith } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Codec, createCodec } from "../../src/tokens/codec.ts";
import { readKeys } from "../../src/tokens/keys.ts";
import { appWith, postJson } from "../support/app.ts";
import { reasonOf } from "../support/context.ts";
import { base64url, craft, p256Pkcs8, rsaPkcs8 } from "../support/craft.ts";
import { settingsOf, testSecret } from "../support/settings.ts";
import { addUser } from "../support/users.ts";

const nowSeconds = Math.floor(Date.now() / 1000);
const ASSERTION_KEY = "shared-with-the-origin-and-nobody-else";
type Claims = Readonly<Record<string, unknown>>;

/** Everything that any kind of token asks for; only the header's typ tells that it is none. */
const claimsFor = (type: string, userId: string): Claims => ({
  ...{ iss: "simplejwt-edge", aud: "https://api.example.com", sub: String(userId), request_id: "r-1" },
  ...{ iat: nowSeconds, exp: nowSeconds + 60, refresh_exp: nowSeconds + 60 },
  ...{ jti: `${type}-${userId}`, token_type: type, user_id: String(userId) },
});

const pem = (alg: string, key: string) => (typ: string, claims: Claims) => {
  const signed = `${base64url(JSON.stringify({ alg, typ }))}.${base64url(JSON.stringify(claims))}`;
  const signature = signWith("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
};

const kindsOfKey = [
  {
    name: "HS256",
    vars: { ASSERTION: true, ASSERTION_KEY },
    make: (typ: string, claims: Claims) => craft({ header: { alg: "HS256", typ }, claims, secret: testSecret }),
  },
  { name: "RS256", vars: { ASSERTION: true, ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 }, make: pem("RS256", rsaPkcs8) },
  {
    name: "ES256",
    vars: { ASSERTION: true, ALGORITHM: "ES256", SIGNING_KEY: p256Pkcs8 },
    make: pem("ES256", p256Pkcs8),
  },
];

const configurations = [
  { name: "as it is by default", vars: {} },
  { name: "without a type claim", vars: { TOKEN_TYPE_CLAIM: "" } },
  { name: "that takes UntypedToken", vars: { AUTH_TOKEN_CLASSES: ["UntypedToken", "AccessToken", "SlidingToken"] } },
  { name: "with ASSERTION off", vars: { ASSERTION: false, ASSERTION_KEY: "" } },
];

describe.each(kindsOfKey)("signed with the tokens' own $name key,", ({ vars: keyVars, make }) => {
  describe.each(configurations)("a gateway $name", ({ vars }) => {
    const bearer = (token: string) =>
      new Request("https://gateway.example/x", { headers: { authorization: `Bearer ${token}` } });

    test("refuses it on a route, where the same claims as a JWT would pass", async () => {
      const app = await appWith({ ...keyVars, ...vars });
      const { id } = await addUser();
      const refused = await app.fetch(bearer(make("gateway-assertion+jwt", claimsFor("access", id))));
      expect([refused.status, await refused.json()]).toMatchObject([
        401,
        { detail: "Given token not valid for any token type", code: "token_not_valid" },
      ]);
      // No origin is configured: 502 is what comes after every check was passed.
      expect((await app.fetch(bearer(make("JWT", claimsFor("access", id))))).status).toBe(502);
    });

    test.each([
      ["/api/token/verify/", "token"],
      ["/api/token/refresh/", "refresh"],
      ["/api/token/blacklist/", "refresh"],
      ["/api/token/sliding/refresh/", "token"],
    ])("refuses it at %s", async (path, field) => {
      const app = await appWith({
        ...{ ...keyVars, ...vars },
        TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding"],
      });
      const { id } = await addUser();
      const claims = claimsFor(path.includes("sliding") ? "sliding" : "refresh", id);
      const refused = await app.fetch(postJson(path, { [field]: make("gateway-assertion+jwt", claims) }));
      expect([refused.status, await refused.json()]).toEqual([
        401,
        { detail: "Token is invalid", code: "token_not_valid" },
      ]);
      expect((await app.fetch(postJson(path, { [field]: make("JWT", claims) }))).status).toBe(200);
    });
  });

  test("it is refused for a reason of its own, which only the log learns", async () => {
    const settings = settingsOf(keyVars);
    const { keys } = await readKeys(settings);
    if (!keys) throw new Error("no keys");
    const codec: Codec = createCodec(settings, keys, JSON.stringify);
    const assertion = make("gateway-assertion+jwt", claimsFor("access", "7"));
    expect(await reasonOf(() => codec.open(assertion, nowSeconds))).toBe("token_is_assertion");
  });
});

test("signed with ASSERTION_KEY, an access token is forged and refused", async () => {
  const app = await appWith({ ASSERTION: true, ASSERTION_KEY });
  const token = craft({ claims: claimsFor("access", "7"), secret: ASSERTION_KEY });
  const refused = await app.fetch(
    new Request("https://gateway.example/x", { headers: { authorization: `Bearer ${token}` } }),
  );
  expect(refused.status).toBe(401);
});
