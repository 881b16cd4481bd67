// Which requests the router sees: every one that could be for a path of the gateway's own.
import { expect, test } from "vitest";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { mayBeInternalRoute } from "../../src/internal-routes/table.ts";

test.each([
  ["https://a/api/token", true],
  ["https://a/api/token/", true],
  ["https://a/api/token/refresh/?x=1", true],
  ["https://a/api/tokens", true],
  ["https://a/_gateway/health/live", true],
  ["https://a/_gateway", true],
  ["https://a/.well-known/jwks.json", true],
  ["https://a/%5fgateway/health/live", true],
  ["https://a/api/%74oken/", true],
  ["https://a/x%20y", true],
  ["https://a/", false],
  ["https://a", false],
  ["https://a/api/notes/", false],
  ["https://a/x?next=%2Fapi%2Ftoken", false],
  ["https://a/x?next=/_gateway/", false],
  ["https://a/x/_gateway/", false],
  ["https://_gateway/x", false],
])("%s: %s", (url, may) => {
  expect(mayBeInternalRoute(readRequestUrl(url), "/api/token")).toBe(may);
});
