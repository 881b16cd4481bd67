// The origin that every contestant stands in front of: a process of its own that answers at once.
// Must never differ between contestants.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** About what a page of an API's list is. */
const page = JSON.stringify({
  count: 2,
  next: null,
  results: [1, 2].map((id) => ({ id, title: `Note ${id}`, text: "x".repeat(400), tags: ["one", "two"] })),
});

const server = createServer((request, response) => {
  request.resume();
  // For the examination before the race: what reached the origin.
  const answer = request.url === "/api/seen/" ? JSON.stringify(request.headers) : page;
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
  response.end(answer);
});
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());
