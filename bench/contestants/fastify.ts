// Fastify with @fastify/jwt and @fastify/http-proxy, on Node, as their documentation puts them together.
// Must never log requests nor remember tokens: the others do neither.
import type { AddressInfo } from "node:net";
import { fastifyHttpProxy } from "@fastify/http-proxy";
import { fastifyJwt } from "@fastify/jwt";
import { fastify } from "fastify";

const app = fastify();

await app.register(fastifyJwt, { secret: process.env.SIGNING_KEY ?? "", verify: { algorithms: ["HS256"] } });
await app.register(fastifyHttpProxy, {
  upstream: process.env.ORIGIN_URL ?? "",
  preHandler: async (request) => {
    await request.jwtVerify();
  },
  replyOptions: {
    rewriteRequestHeaders: (request, headers) => ({
      ...headers,
      "x-user-id": String((request as unknown as { user: { user_id: unknown } }).user.user_id),
    }),
  },
});

await app.listen({ host: "127.0.0.1", port: 0 });
process.send?.({ port: (app.server.address() as AddressInfo).port });
process.on("disconnect", () => process.exit());
