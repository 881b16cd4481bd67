// What a good engineer writes in an afternoon: Hono, jose, and a fetch with the caller's id in a header.
// Must never be tuned beyond that: no memory of tokens, no list of dropped headers, no revocation.

import { Hono } from "hono";
import { jwtVerify } from "jose";

interface Env {
  readonly ORIGIN_URL: string;
  readonly SIGNING_KEY: string;
}

/** Once per isolate, as one should. */
let key: Promise<CryptoKey> | undefined;

function keyOf(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  key ??= crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  return key;
}

const app = new Hono<{ Bindings: Env }>();

app.all("*", async (c) => {
  const [scheme, token] = (c.req.header("authorization") ?? "").split(" ");
  if (scheme !== "Bearer" || token === undefined) return c.json({ detail: "No token." }, 401);
  let userId: string;
  try {
    const { payload } = await jwtVerify(token, await keyOf(c.env.SIGNING_KEY), {
      algorithms: ["HS256"],
      requiredClaims: ["exp", "user_id"],
    });
    if (payload.token_type !== "access") return c.json({ detail: "Not an access token." }, 401);
    userId = String(payload.user_id);
  } catch {
    return c.json({ detail: "Token is invalid." }, 401);
  }
  const { pathname, search } = new URL(c.req.url);
  const forwarded = new Request(c.env.ORIGIN_URL + pathname + search, c.req.raw);
  forwarded.headers.set("x-user-id", userId);
  return fetch(forwarded, { redirect: "manual" });
});

export default app;
