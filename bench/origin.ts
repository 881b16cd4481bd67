// The origin that every contestant stands in front of: a process of its own that answers at once.
// Must never differ between contestants.
import { createServer, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** About what a page of an API's list is. */
const page = JSON.stringify({
  count: 2,
  next: null,
  results: [1, 2].map((id) => ({ id, title: `Note ${id}`, text: "x".repeat(400), tags: ["one", "two"] })),
});

/** For the examination before the race: answers that may not go on as they are. */
const answers: Readonly<Record<string, readonly [status: number, headers: OutgoingHttpHeaders]>> = {
  "/api/answers/plain/": [200, { etag: '"v1"' }],
  "/api/answers/dated/": [200, { "last-modified": "Mon, 01 Jan 2024 00:00:00 GMT" }],
  "/api/answers/moved/": [302, { location: "http://elsewhere.example/" }],
  "/api/answers/slow/": [522, {}],
  "/api/answers/unreachable/": [530, {}],
  "/api/answers/hops/": [
    200,
    { connection: "close, X-Internal", "x-internal": "1", "proxy-authenticate": "Basic", "x-gateway-users": "x" },
  ],
};

const server = createServer((request, response) => {
  request.resume();
  const special = answers[request.url ?? ""];
  if (special) return void response.writeHead(...special).end();
  // For the examination before the race: what reached the origin.
  const answer = request.url === "/api/seen/" ? JSON.stringify(request.headers) : page;
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
  response.end(answer);
});
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());
