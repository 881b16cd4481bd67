// A Worker that contains the gateway: adds a claim to every token, sets the routes, and serves a route of its own.
import { createGateway } from "simplejwt-edge";

interface Env {
  readonly DB: D1Database;
  readonly BLACKLIST: KVNamespace;
}

const gateway = createGateway({
  hooks: {
    claimsFor: (user) => ({ roles: user.is_staff ? ["staff", "member"] : ["member"] }),
  },
  settings: {
    IDENTITY_HEADERS: { "X-User-Id": "user_id", "X-User-Roles": "roles" },
    ROUTES: [
      { path: "/api/public/*", auth: "public" },
      { path: "/api/staff/*", auth: "token", require: { roles: "staff" } },
      { path: "/*", auth: "token" },
    ],
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
