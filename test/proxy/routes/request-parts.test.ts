// `$subdomain`, `$path.N` and `$header.Name` in `require`: which part of a request they are, and what is wrong with them.
import { describe, expect, test } from "vitest";
import { readRequestUrl } from "../../../src/http/request-url.ts";
import { parseJson } from "../../../src/json/parse.ts";
import { readPolicy } from "../../../src/proxy/routes/policy.ts";
import { unmet } from "../../../src/proxy/routes/rule.ts";
import { readSettings } from "../../../src/settings/read.ts";
import type { Claims } from "../../../src/tokens/claims.ts";
import { settingsOf, testSecret } from "../../support/settings.ts";

type Vars = Readonly<Record<string, unknown>>;
interface Asked {
  readonly url?: string;
  readonly headers?: ReadonlyArray<[string, string]>;
  readonly route?: Vars;
  readonly vars?: Vars;
}

const policyOf = (tenant: unknown, { route = {}, vars = {} }: Asked) =>
  readPolicy(settingsOf({ ROUTES: [{ path: "/*", auth: "token", require: { tenant }, ...route }], ...vars }));

/** Why a token with this claim, as JSON text, is refused; "passes" if it is not. */
function fate(tenant: unknown, claim: string, asked: Asked): string {
  const { rules, errors } = policyOf(tenant, asked);
  expect(errors).toEqual([]);
  const requirement = rules[0]?.requirements[0];
  if (!requirement) throw new Error("no requirement");
  const context = {
    url: readRequestUrl(asked.url ?? "https://gateway.example/"),
    headers: new Headers([...(asked.headers ?? [])]),
  };
  return unmet(requirement, parseJson(`{"tenant":${claim}}`) as Claims, context) ?? "passes";
}

describe("$subdomain", () => {
  const at = (authority: string, claim = '"acme"', vars: Vars = { TENANT_DOMAIN: "example.com" }) =>
    fate("$subdomain", claim, { url: `https://${authority}/x`, vars });

  test.each(["acme.example.com", "ACME.Example.COM", "acme.example.com:8443"])("of %s is acme", (authority) => {
    expect(at(authority)).toBe("passes");
  });
  test.each([
    ["another tenant", "beta.example.com"],
    ["the domain itself", "example.com"],
    ["another domain", "acme.example.net"],
    ["a domain that ends alike", "acme.badexample.com"],
    ["a domain that begins alike", "acme.example.com.evil.net"],
    ["two labels", "x.acme.example.com"],
    ["two labels the other way round", "acme.x.example.com"],
    ["a trailing dot", "acme.example.com."],
    ["an empty label", ".example.com"],
    ["a percent-encoded letter", "acm%65.example.com"],
    ["another character for the dot", "acmeXexample.com"],
    ["a user in front", "acme@beta.example.com"],
    ["a user behind", "beta@acme.example.com"],
    ["an address", "127.0.0.1:8787"],
    ["no host", ""],
  ])("is not acme for %s", (_, authority) => {
    expect(at(authority)).toBe("tenant_denied");
  });
  test("is an A-label for other alphabets", () => {
    expect(at("xn--bcher-kva.example.com", '"xn--bcher-kva"')).toBe("passes");
    expect(at("xn--bcher-kva.example.com", '"bücher"')).toBe("tenant_denied");
  });
  test("is in small letters, as a claim has to be", () => {
    expect(at("ACME.example.com", '"ACME"')).toBe("tenant_denied");
  });
  test("works below localhost", () => {
    expect(at("acme.localhost:8787", '"acme"', { TENANT_DOMAIN: "localhost" })).toBe("passes");
  });
});

describe("$path.N", () => {
  const at = (path: string, value = "$path.2", claim = '"acme"', asked: Asked = {}) =>
    fate(value, claim, { url: `https://gateway.example${path}`, ...asked });

  test.each(["/t/acme", "/t/acme/", "/t/acme/notes/7.json", "/t/%61cme/x", "/t/acme?x=/t/beta", "/t/acme/x;y=1"])(
    "of %s is acme",
    (path) => {
      expect(at(path)).toBe("passes");
    },
  );
  test.each([
    ["another tenant", "/t/beta/"],
    ["another case", "/t/ACME/"],
    ["no such segment", "/t"],
    ["an empty segment", "/t/"],
    ["the query", "/t?/acme"],
    ["a parameter of it", "/t/acme;x=1/"],
    ["a parameter that is a segment for some servers and none for others", "/;x/acme/"],
    ["a parameter of a segment before it", "/t;x/acme/"],
    ["a second encoding of it", "/t/%2561cme/"],
    ["a format suffix", "/t/acme.json"],
    ["a format suffix with a slash", "/t/acme.json/"],
  ])("is not acme for %s", (_, path) => {
    expect(at(path)).toBe("tenant_denied");
  });
  test("that could have a format suffix is none where the API may cut it", () => {
    const has = (path: string, vars: Vars) => at(path, "$path.2", '"acme.com"', { vars });
    expect(has("/t/acme.com/notes/", {})).toBe("passes");
    expect(has("/t/acme.com/notes.json", {})).toBe("passes");
    expect(has("/t/acme.com", {})).toBe("tenant_denied");
    expect(has("/t/acme.com/", {})).toBe("tenant_denied");
    expect(has("/t/acme.com/.json", {})).toBe("tenant_denied");
    expect(has("/t/acme.com", { PATHS: "exact" })).toBe("passes");
  });
  test("that has a parameter or a second encoding is none, even if the claim has the same", () => {
    expect(at("/t/acme;x/", "$path.2", '"acme;x"')).toBe("tenant_denied");
    expect(at("/t/%2561/", "$path.2", '"%61"')).toBe("tenant_denied");
    expect(at("/t/%2561/", "$path.2", '"a"')).toBe("tenant_denied");
  });
  test("is decoded as UTF-8", () => {
    expect(at("/t/Gr%C3%BC%C3%9Fe/", "$path.2", '"Grüße"')).toBe("passes");
    expect(at("/t/a%20b/", "$path.2", '"a b"')).toBe("passes");
  });
  test("counts the segments that the API gets", () => {
    const route = { path: "/api/*", strip_prefix: "/api" };
    expect(at("/api/acme/x", "$path.1", '"acme"', { route })).toBe("passes");
    expect(at("/api/acme/x", "$path.2", '"acme"', { route })).toBe("tenant_denied");
    const escaped = { path: "/ä/*", strip_prefix: "/ä" };
    expect(at("/%C3%A4/acme/x", "$path.1", '"acme"', { route: escaped })).toBe("passes");
  });
});

describe("$header.Name", () => {
  const of = (headers: ReadonlyArray<[string, string]>, claim = '"acme"') =>
    fate("$header.X-Tenant", claim, { headers });

  test("is the header's value, whatever the case of its name", () => {
    expect(of([["x-tenant", "acme"]])).toBe("passes");
    expect(of([["X-TENANT", "acme"]])).toBe("passes");
    expect(of([["X-Tenant", "Acme Inc."]], '"Acme Inc."')).toBe("passes");
  });
  test.each<[string, ReadonlyArray<[string, string]>]>([
    ["another tenant", [["X-Tenant", "beta"]]],
    ["another case", [["X-Tenant", "ACME"]]],
    ["no header", []],
    ["an empty header", [["X-Tenant", ""]]],
    [
      "a repeated header",
      [
        ["X-Tenant", "acme"],
        ["X-Tenant", "beta"],
      ],
    ],
    [
      "the same value twice",
      [
        ["X-Tenant", "acme"],
        ["x-tenant", "acme"],
      ],
    ],
    [
      "an empty one and a full one",
      [
        ["X-Tenant", ""],
        ["X-Tenant", "acme"],
      ],
    ],
    [
      "a header that Connection takes away",
      [
        ["X-Tenant", "acme"],
        ["Connection", "close, X-Tenant"],
      ],
    ],
    ["a header of that name folded", [["X_Tenant", "acme"]]],
    ["another header", [["X-Tenant-Id", "acme"]]],
  ])("is not acme for %s", (_, headers) => {
    expect(of(headers)).toBe("tenant_denied");
  });
  test("with a comma or letters beyond ASCII is none, even if the claim has the same", () => {
    expect(of([["X-Tenant", "acme, beta"]], '"acme, beta"')).toBe("tenant_denied");
    expect(of([["X-Tenant", "acme,beta"]], '"acme,beta"')).toBe("tenant_denied");
    expect(of([["X-Tenant", "acm\u00e9"]], '"acmé"')).toBe("tenant_denied");
  });
});

describe("a claim equals a part of the request", () => {
  const of = (claim: string, value: string) => fate("$header.X-Tenant", claim, { headers: [["X-Tenant", value]] });

  test.each([
    ["12", "12"],
    ['"12"', "12"],
    ["9007199254740993", "9007199254740993"],
    ['["beta","acme"]', "acme"],
    ["[7,12]", "12"],
  ])("%s is %s", (claim, value) => {
    expect(of(claim, value)).toBe("passes");
  });
  test.each([
    ["12", "012"],
    ["12", "12.0"],
    ["12.0", "12"],
    ["9007199254740993", "9007199254740992"],
    ["true", "true"],
    ["null", "null"],
    ['{"acme":1}', "acme"],
    ['[["acme"]]', "acme"],
    ["[]", "acme"],
    ['"acme,beta"', "acme"],
    ['"$header.X-Tenant"', "acme"],
  ])("%s is not %s", (claim, value) => {
    expect(of(claim, value)).toBe("tenant_denied");
  });
});

describe("$$", () => {
  test("is a $ at the beginning of a text", () => {
    expect(fate("$$subdomain", '"$subdomain"', {})).toBe("passes");
    expect(fate("$$", '"$"', {})).toBe("passes");
    expect(fate("$$$", '"$$"', {})).toBe("passes");
    expect(fate("$$subdomain", '"$$subdomain"', {})).toBe("permission_denied");
  });
  test("means nothing elsewhere, nor does a $", () => {
    expect(fate("a$$b$c", '"a$$b$c"', {})).toBe("passes");
  });
});

describe("what is wrong with a part", () => {
  const errorsOf = (tenant: string, asked: Asked = {}) => policyOf(tenant, asked).errors;
  const unknown = (text: string) =>
    `ROUTES[0].require.tenant is ${JSON.stringify(text)}; parts of the request are $subdomain, $path.N or $header.Name, and a text that begins with $ is written with $$.`;

  test.each([
    "$",
    "$host",
    "$subdomain.1",
    "$Subdomain",
    "$path",
    "$path.0",
    "$path.-1",
    "$path.100",
    "$path.x",
    "$path.01",
    "$header",
    "$header.",
    "$header.X Tenant",
  ])("%s is unknown", (text) => {
    expect(errorsOf(text)).toEqual([unknown(text)]);
  });
  test("$subdomain needs TENANT_DOMAIN", () => {
    expect(errorsOf("$subdomain")).toEqual([
      "ROUTES[0].require.tenant has $subdomain, which needs TENANT_DOMAIN: the domain below which tenants are.",
    ]);
  });
  test.each([
    ["Authorization", "which has a meaning of its own"],
    ["Host", "which has a meaning of its own"],
    ["Cookie", "which has a meaning of its own"],
    ["X-Forwarded-Host", "which has a meaning of its own"],
    ["X-Request-Id", "which has a meaning of its own"],
    ["X-User-Id", "which has a meaning of its own"],
    ["X-Name", "which has a meaning of its own"],
    ["X-Original-Host", "which is dropped from every request, because servers steer by it"],
    ["X_Tenant", "but names with other characters than letters, digits and - are dropped"],
    ["X-Team", "and ALLOW_HEADERS has X_Team, which many servers cannot tell from it"],
  ])("a claim cannot be compared with the header %s", (name, why) => {
    const vars = { IDENTITY_HEADERS: { "X-Name": "name" }, ALLOW_HEADERS: ["X_Team"] };
    expect(errorsOf(`$header.${name}`, { vars })).toEqual([`ROUTES[0].require.tenant has $header.${name}, ${why}.`]);
  });
  test("nor with the one that has the token", () => {
    expect(errorsOf("$header.X-Access-Token", { vars: { AUTH_HEADER_NAME: "HTTP_X_ACCESS_TOKEN" } })).toEqual([
      "ROUTES[0].require.tenant has $header.X-Access-Token, which has a meaning of its own.",
    ]);
  });
  test("a segment that the path cannot have", () => {
    expect(errorsOf("$path.3", { route: { path: "/t/acme/" } })).toEqual([
      "ROUTES[0].require.tenant has $path.3, but the path has no such segment.",
    ]);
    expect(errorsOf("$path.2", { route: { path: "/t/acme", strip_prefix: "/t" } })).toEqual([
      "ROUTES[0].require.tenant has $path.2, but the path without /t has no such segment.",
    ]);
  });
  test("a segment that is always the same is warned of", () => {
    const warningsOf = (tenant: string, route: Vars) => policyOf(tenant, { route }).warnings;
    expect(warningsOf("$path.1", { path: "/api/*" })).toEqual([
      'ROUTES[0].require.tenant has $path.1, which is always "api": the path is counted from 1.',
    ]);
    expect(warningsOf("$path.1", { path: "/api/v1/*", strip_prefix: "/api" })).toEqual([
      'ROUTES[0].require.tenant has $path.1, which is always "v1": the path without /api is counted from 1.',
    ]);
    expect(warningsOf("$path.2", { path: "/api/*" })).toEqual([]);
    expect(warningsOf("$path.1", { path: "/*" })).toEqual([]);
  });
  test("API keys, which are of no tenant", () => {
    for (const api_keys of [true, ["all-tenants"]]) {
      expect(errorsOf("$path.2", { route: { path: "/t/*", api_keys }, vars: { API_KEYS: true } })).toEqual([
        "ROUTES[0].require.tenant has $path.2, which no API key could be held against: give API keys a route without it.",
      ]);
    }
  });
  test("a part where a request may be anonymous", () => {
    expect(errorsOf("$path.1", { route: { auth: "optional" } })).toEqual([
      "ROUTES[0].require applies only to routes with auth = token or user; here it is optional.",
    ]);
  });
});

describe("TENANT_DOMAIN", () => {
  const ROUTES = [{ path: "/*", auth: "token", require: { tenant: "$subdomain" } }];
  const read = (TENANT_DOMAIN: string, more: Vars = { ROUTES }) =>
    readSettings({ SIGNING_KEY: testSecret, TENANT_DOMAIN, ...more });

  test.each(["example.com", "localhost", "a-b.example.co.uk", "xn--bcher-kva.example"])("can be %s", (domain) => {
    expect(read(domain).errors).toEqual([]);
    expect(read(domain).settings.TENANT_DOMAIN).toBe(domain);
  });
  test.each([
    "Example.com",
    ".example.com",
    "example.com.",
    "*.example.com",
    "https://example.com",
    "example.com:443",
    "127.0.0.1",
    "bücher.example",
    "a..b",
    "a b",
  ])("cannot be %s", (domain) => {
    expect(read(domain).errors).toEqual([
      `TENANT_DOMAIN must be a domain in lower case, such as example.com, without a port, other alphabets in Punycode; it is ${JSON.stringify(domain)}.`,
    ]);
  });
  test("that no route uses is warned of", () => {
    expect(read("example.com", {}).warnings).toEqual([
      "TENANT_DOMAIN is not used: no route has $subdomain in its require.",
    ]);
  });
});
