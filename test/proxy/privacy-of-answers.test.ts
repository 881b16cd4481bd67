// Which answers get `Cache-Control: private, no-store`, through the whole app: by where the token came from.
import { expect, it } from "vitest";
import { appWith } from "../support/app.ts";
import { craft } from "../support/craft.ts";

const token = craft({
  claims: { token_type: "access", exp: 4_000_000_000, iat: 1, jti: "0".repeat(32), user_id: "1" },
});
const ORIGIN = { fetch: async () => new Response("hello") } as unknown as Fetcher;
const base = { ORIGIN, REVOCATION: "off", ROUTES: [{ path: "/*", auth: "token" }] };

it.each([
  ["in Authorization", {}, { authorization: `Bearer ${token}` }, null],
  ["in a cookie", { AUTH_COOKIE: true }, { cookie: `__Host-access=${token}` }, "private, no-store"],
  [
    "in Authorization and in a cookie",
    { AUTH_COOKIE: true },
    { authorization: `Bearer ${token}`, cookie: `__Host-access=${token}` },
    null,
  ],
  [
    "in a header of another name",
    { AUTH_HEADER_NAME: "X-Access-Token" },
    { "x-access-token": `Bearer ${token}` },
    "private, no-store",
  ],
  [
    "in a header of another name, beside an Authorization that the gateway does not read",
    { AUTH_HEADER_NAME: "X-Access-Token" },
    { "x-access-token": `Bearer ${token}`, authorization: "Basic YTpi" },
    "private, no-store",
  ],
  [
    "nowhere, on a route in shadow mode",
    { ROUTES: [{ path: "/*", auth: "token", enforce: false }] },
    {},
    "private, no-store",
  ],
  [
    "in Authorization, but refused, on a route in shadow mode",
    { ROUTES: [{ path: "/*", auth: "token", enforce: false }] },
    { authorization: "Bearer x.y.z" },
    "private, no-store",
  ],
])("the answer to a token %s", async (_, vars, headers, wanted) => {
  const app = await appWith({ ...base, ...vars });
  const response = await app.fetch(new Request("https://gateway.example/notes/", { headers }));
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, wanted]);
});
