// A Worker that contains the gateway: adds a claim to every token, and serves a route of its own.
import { createGateway } from "simplejwt-edge";

interface Env {
  readonly DB: D1Database;
  readonly BLACKLIST: KVNamespace;
}

const gateway = createGateway({
  hooks: {
    // The routes in wrangler.toml require this claim, and X-User-Roles passes it to the API.
    claimsFor: (user) => ({ roles: user.is_staff ? ["staff", "member"] : ["member"] }),
  },
});

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    // Answered before the gateway: no token was checked, and all headers are the client's.
    if (pathname === "/version") return Response.json({ version: "1.0.0" });
    return gateway.fetch(request, env, context);
  },
  scheduled: gateway.scheduled,
} satisfies ExportedHandler<Env>;
