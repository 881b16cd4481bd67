// What holds for every spelling of a header that a client could come up with.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Identity } from "../../src/auth/authenticate.ts";
import { originHeaders, planHeaders } from "../../src/proxy/headers/headers.ts";
import { tokenTypes } from "../../src/tokens/token-types.ts";
import { settingsOf } from "../support/settings.ts";

const connection = { requestId: "r-1", method: "GET", protocol: "https", host: "api.example.com" };
const plan = planHeaders(settingsOf({ IDENTITY_HEADERS: { "X-User-Id": "user_id", "X-Roles": "roles" } }));
const identity: Identity = {
  claims: { user_id: "7", roles: ["a", "b"] },
  ...{
    tokenType: tokenTypes.access,
    userId: "7",
    jti: "a1",
    expiresAtSeconds: 1,
    user: undefined,
    revocationKeys: undefined,
  },
};

/** As WSGI, CGI and PHP would call it: all that is no letter or digit is the same. */
const variableName = (name: string) => name.toUpperCase().replace(/[^A-Z0-9]/g, "_");

const separators = "-_.!#$%&'*+^`|~";
const reserved = [
  ...["x-user-id", "x-roles", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-user"],
  ...["forwarded", "via", "x-real-ip", "x-request-id", "x-gateway-assertion", "x-original-url", "x-rewrite-url"],
  ...["x-http-method-override", "x-method-override", "x-http-method"],
];

/** A reserved name in any case, with any separators. */
const spelling = fc
  .tuple(
    fc.constantFrom(...reserved),
    fc.array(fc.constantFrom(...separators), { minLength: 3, maxLength: 3 }),
    fc.nat(),
  )
  .map(([name, revocationKeys, cases]) => {
    let mark = 0;
    const spelled = name.replace(/-/g, () => revocationKeys[mark++] ?? "-");
    return [...spelled].map((one, at) => ((cases >> (at % 30)) & 1 ? one.toUpperCase() : one)).join("");
  });
const spellings = fc.array(fc.tuple(spelling, fc.constantFrom("", "1", "admin", "a,b")), {
  minLength: 1,
  maxLength: 6,
});

describe("originHeaders(), whatever spellings a client sends,", () => {
  const ours = {
    X_FORWARDED_HOST: ["api.example.com"],
    X_FORWARDED_PROTO: ["https"],
    X_REQUEST_ID: ["r-1"],
  };
  const reservedNames = new Set(reserved.map(variableName));
  const seenByOrigin = (headers: Headers) => {
    const seen: Record<string, string[]> = {};
    for (const [name, value] of headers) {
      const variable = variableName(name);
      if (reservedNames.has(variable)) seen[variable] = [...(seen[variable] ?? []), value];
    }
    return seen;
  };

  test("lets no reserved name through on a route without identity", () => {
    fc.assert(
      fc.property(spellings, fc.boolean(), (all, named) => {
        const headers = new Headers(all);
        if (named) headers.set("connection", all.map(([name]) => name).join(", "));
        expect(seenByOrigin(originHeaders(plan, headers, connection))).toEqual(ours);
      }),
      { numRuns: 1000 },
    );
  });

  test("sets each identity header once, to what the token says", () => {
    fc.assert(
      fc.property(spellings, (all) => {
        const headers = originHeaders(plan, new Headers(all), connection, identity);
        expect(seenByOrigin(headers)).toEqual({ ...ours, X_USER_ID: ["7"], X_ROLES: ["a,b"] });
      }),
      { numRuns: 1000 },
    );
  });

  test("writes any claim as a value that is one line of printable ASCII and decodes to the claim", () => {
    const onlyUser = planHeaders(settingsOf());
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (user_id) => {
        const value = originHeaders(onlyUser, new Headers(), connection, { ...identity, claims: { user_id } }).get(
          "x-user-id",
        );
        expect(value).toMatch(/^[ -~]*$/);
        expect(decodeURIComponent(value ?? "")).toBe(user_id.toWellFormed());
      }),
      { numRuns: 1000 },
    );
  });

  test("writes a list so that its items can be told apart again", () => {
    const onlyRoles = planHeaders(settingsOf({ IDENTITY_HEADERS: { "X-Roles": "roles" } }));
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom(..."ab, %é\n") }), { minLength: 1 }), (roles) => {
        const value = originHeaders(onlyRoles, new Headers(), connection, { ...identity, claims: { roles } }).get(
          "x-roles",
        );
        expect((value ?? "").split(",").map(decodeURIComponent)).toEqual(roles);
      }),
      { numRuns: 1000 },
    );
  });
});
