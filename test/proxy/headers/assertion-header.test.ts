// setAssertion(): for whom a statement is made out, and the largest that is sent.
import { describe, expect, test } from "vitest";
import { boundOrigin, type Origin, urlOrigin, zoneOrigin } from "../../../src/proxy/forward.ts";
import { setAssertion } from "../../../src/proxy/headers/assertion-header.ts";
import type { Claims } from "../../../src/tokens/claims.ts";
import { tokenTypes } from "../../../src/tokens/token-types.ts";
import { contextFor, reasonOf } from "../../support/context.ts";
import { settingsOf } from "../../support/settings.ts";

const settings = settingsOf({ ASSERTION: true, ASSERTION_KEY: "k".repeat(32) });
const identity = {
  tokenType: tokenTypes.access,
  userId: "7",
  jti: "a1",
  expiresAtSeconds: 1,
  user: undefined,
  revocationKeys: undefined,
  claims: {},
};

/** What was to be signed, and the header afterwards. */
async function asserted(origin: Origin, assertion = "a.b.c") {
  const signed: Claims[] = [];
  const headers = new Headers();
  const sign = async (claims: Claims) => {
    signed.push(claims);
    return assertion;
  };
  await setAssertion(sign, settings, headers, { identity, origin, context: contextFor() });
  return { claims: signed[0], header: headers.get("x-gateway-assertion") };
}

describe("setAssertion()", () => {
  test("says it on this request, at its time", async () => {
    expect(await asserted(urlOrigin("https://api.example.com"))).toEqual({
      claims: {
        ...{ iss: "simplejwt-edge", aud: "https://api.example.com", sub: "7" },
        ...{ request_id: "5f0c8d7e6b5a49382716051423324150", iat: 1_700_000_000, exp: 1_700_000_060 },
      },
      header: "a.b.c",
    });
  });

  test.each([
    ["https://API.example.com:443/base/", "https://api.example.com"],
    ["http://api.example.com:8080", "http://api.example.com:8080"],
    ["http://[::1]:9000/", "http://[::1]:9000"],
  ])("to the origin %s as %s", async (url, audience) => {
    expect((await asserted(urlOrigin(url))).claims?.aud).toBe(audience);
  });

  test("to an origin without a URL as origin", async () => {
    expect((await asserted(zoneOrigin)).claims?.aud).toBe("origin");
    expect((await asserted(boundOrigin({} as unknown as Fetcher))).claims?.aud).toBe("origin");
  });

  test("in at most 4096 bytes", async () => {
    expect((await asserted(zoneOrigin, "x".repeat(4096))).header).toHaveLength(4096);
    expect(await reasonOf(() => asserted(zoneOrigin, "x".repeat(4097)))).toBe("identity_too_large");
  });
});
