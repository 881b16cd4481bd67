// Hono with what comes in its box: the jwt middleware and the proxy helper.
// Must never be more than the documentation of both shows, and the caller's id in a header.

import { Hono } from "hono";
import { jwt } from "hono/jwt";
import { proxy } from "hono/proxy";

interface Env {
  readonly ORIGIN_URL: string;
  readonly SIGNING_KEY: string;
}

const app = new Hono<{ Bindings: Env; Variables: { jwtPayload: { readonly user_id: unknown } } }>();

app.use("*", (c, next) => jwt({ secret: c.env.SIGNING_KEY, alg: "HS256" })(c, next));

app.all("*", (c) => {
  const { pathname, search } = new URL(c.req.url);
  const headers = { ...c.req.header(), "x-user-id": String(c.get("jwtPayload").user_id) };
  return proxy(c.env.ORIGIN_URL + pathname + search, { raw: c.req.raw, headers });
});

export default app;
