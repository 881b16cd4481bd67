// ALLOW_HEADERS: what must not be let through, and what a deployer is warned of.
import { describe, expect, test } from "vitest";
import { readConfiguration } from "../../../src/configuration.ts";
import { checkAllowedHeaders } from "../../../src/proxy/headers/allowed-headers.ts";
import { settingsOf, testSecret } from "../../support/settings.ts";

const check = (ALLOW_HEADERS: unknown, vars = {}) => checkAllowedHeaders(settingsOf({ ALLOW_HEADERS, ...vars }));

test("ALLOW_HEADERS is empty by default", () => {
  expect(checkAllowedHeaders(settingsOf())).toEqual({ errors: [], warnings: [] });
});

describe("ALLOW_HEADERS warns of every entry:", () => {
  test.each([
    ["X_Tenant", '"X_Tenant": many servers cannot tell it from x-tenant, which clients can send too.'],
    ["x.trace.id", '"x.trace.id": many servers cannot tell it from x-trace-id, which clients can send too.'],
    ["SCRIPT_NAME", /^"SCRIPT_NAME": clients can tell servers the path with it \(mod_wsgi, /],
    ["X-HTTP-Method-Override", /^"X-HTTP-Method-Override": clients can tell servers the method with it \(Rack, /],
    ["X-Custom", '"X-Custom": it passes anyway.'],
  ])("%s", (name, warning) => {
    const { errors, warnings } = check(name);
    expect(errors).toEqual([]);
    expect(warnings.map((text) => text.replace(/^ALLOW_HEADERS has /, ""))).toEqual([
      typeof warning === "string" ? warning : expect.stringMatching(warning),
    ]);
  });
});

describe("ALLOW_HEADERS must not have", () => {
  test.each(["*", "X-A, X-B", "X A", "X-A:", "X-A\r\nX-B", "Zoë", "_", "-"])("%j, which is no name", (name) => {
    expect(check([name]).errors).toEqual([
      `ALLOW_HEADERS has ${JSON.stringify(name)}, which is not a header name; there are no wildcards.`,
    ]);
  });

  test.each([
    ...["X_User_Id", "x-user-id", "X.User.Id"],
    ...[
      "X_Gateway_Assertion",
      "X_Request_Id",
      "traceparent",
      "X_Forwarded_For",
      "X-Forwarded-Host",
      "x_forwarded_user",
    ],
    ...["Connection", "Transfer_Encoding", "Proxy_Authorization", "TE"],
    ...["Content_Length", "Content_Type", "Cookie", "Host", "Sec_Fetch_Site", "CF_Connecting_IP", "If_Match"],
  ])("%s, which servers read as a header that has a meaning of its own", (name) => {
    const fold = name.toLowerCase().replace(/[^a-z0-9]/g, "-");
    expect(check([name])).toEqual({
      errors: [`ALLOW_HEADERS must not have "${name}": servers read it as ${fold}, which has a meaning of its own.`],
      warnings: [],
    });
  });

  test.each(["X_Access_Token", "x.access.token", "X-Access-Token"])(
    "%s, which is the header with the token",
    (name) => {
      expect(check([name], { AUTH_HEADER_NAME: "HTTP_X_ACCESS_TOKEN" }).errors).toHaveLength(1);
    },
  );

  test("a header of IDENTITY_HEADERS, in another spelling", () => {
    expect(check(["X_Tenant"], { IDENTITY_HEADERS: { "X-Tenant": "tenant" } }).errors).toHaveLength(1);
  });
});

test("readConfiguration() reports both", async () => {
  const { configuration, errors, warnings } = await readConfiguration({
    SIGNING_KEY: testSecret,
    ALLOW_HEADERS: '["X_Tenant","Content_Length"]',
  });
  expect(configuration).toBeUndefined();
  expect(errors).toHaveLength(1);
  expect(warnings).toContain(
    'ALLOW_HEADERS has "X_Tenant": many servers cannot tell it from x-tenant, which clients can send too.',
  );
});
