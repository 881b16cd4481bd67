// A Worker of your own with the gateway in it: a claim in every token, the routes, and a route that is code here.
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
    // In front of the gateway: no token was looked at, and every header is the client's own.
    if (pathname === "/version") return Response.json({ version: "1.0.0" });
    return gateway.fetch(request, env, context);
  },
  scheduled: gateway.scheduled,
} satisfies ExportedHandler<Env>;
