// Before a race: does a contestant that claims the gateway's promises keep them? Asked over bare HTTP, as attackers do.
// Must never ask one contestant less than another.
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import type { Contestant, Runner } from "./contestants.ts";
import type { Ground } from "./ground.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Asked {
  readonly path: string;
  readonly method?: string | undefined;
  readonly headers?: OutgoingHttpHeaders | undefined;
  readonly body?: string | undefined;
}

/** What clients may not tell the API, in names that servers cannot tell from others, and by `Connection`. */
const forbidden: OutgoingHttpHeaders = {
  x_user_id: "1",
  "x.user.id": "1",
  "x-user-id": "1",
  "x-original-url": "/admin",
  "x-http-method-override": "DELETE",
  "remote-user": "admin",
  script_name: "/admin",
  "x-forwarded-prefix": "/admin",
  forwarded: "for=1.2.3.4",
  "x-middleware-subrequest": "middleware",
  "proxy-authorization": "Basic YTpi",
  te: "trailers",
  "x-gateway-assertion": "x.y.z",
  "x-gateway-users": "x",
  connection: "close, X-Named",
  "x-named": "1",
};
const overwritten: OutgoingHttpHeaders = {
  "cf-connecting-ip": "203.0.113.7",
  "x-forwarded-for": "1.2.3.4",
  "x-real-ip": "1.2.3.4",
  "x-forwarded-proto": "gopher",
  "x-forwarded-host": "evil.example",
  "x-request-id": "mine",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03",
};

/** Paths that servers read in two ways. */
const ambiguous = ["/api//notes/", "/api/%2e%2e/x", "/api/a%2fb", "/api/a\\b", "/api/%zz", "/api/%252e%252e/x"];

/** Throws with a sentence for the first promise that is not kept. */
export async function examinePromises({ name }: Contestant, { port }: Runner, ground: Ground): Promise<void> {
  const maker = ground.maker("HS256");
  const token = maker.make("access");
  const bearer = (one: string) => ({ authorization: `Bearer ${one}` });
  const ask = ({ path, method = "GET", headers = bearer(token), body }: Asked) =>
    exchange(port, { path, method, headers: { host: "api.example.com", ...lengthOf(body), ...headers }, body });
  const expect = (what: string, seen: unknown, wanted: unknown) => {
    if (seen !== wanted) throw new Error(`${name}: ${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
  };
  // Twice: the second time the token is known.
  for (const time of ["a new token", "a known token"]) {
    const { text } = await ask({ path: "/api/seen/", headers: { ...bearer(token), ...forbidden, ...overwritten } });
    const seen = JSON.parse(text) as Readonly<Record<string, string>>;
    const names = Object.keys(forbidden).filter((one) => one !== "x-user-id" && one !== "connection");
    for (const one of names) expect(`${time}: ${one} reaches the API`, seen[one], undefined);
    expect(`${time}: X-User-Id`, seen["x-user-id"], "7");
    expect(`${time}: X-Forwarded-For`, seen["x-forwarded-for"], "203.0.113.7");
    expect(`${time}: X-Real-IP`, seen["x-real-ip"], "203.0.113.7");
    expect(`${time}: X-Forwarded-Proto`, seen["x-forwarded-proto"], "http");
    expect(`${time}: X-Forwarded-Host`, seen["x-forwarded-host"], "api.example.com");
    const id = seen["x-request-id"] ?? "";
    expect(`${time}: X-Request-Id is 32 digits`, /^[0-9a-f]{32}$/.test(id), true);
    expect(`${time}: traceparent`, seen.traceparent, `00-0af7651916cd43dd8448eb211c80319c-${id.slice(0, 16)}-01`);
    expect(`${time}: Cache-Control to the API`, seen["cache-control"], "no-store");
  }
  const statusOf = async (what: string, wanted: number, asked: Asked) =>
    expect(what, (await ask(asked)).status, wanted);
  for (const path of ambiguous) await statusOf(`the path ${path}`, 400, { path });
  await statusOf("TRACE", 405, { path: "/api/notes/", method: "TRACE" });
  await statusOf("a GET with a body", 400, { path: "/api/notes/", body: "x" });
  await statusOf("a refresh token", 401, { path: "/api/notes/", headers: bearer(maker.make("refresh")) });
  await statusOf("no algorithm", 401, { path: "/api/notes/", headers: bearer(unsigned(token)) });
  await statusOf("a signature cut off", 401, { path: "/api/notes/", headers: bearer(token.slice(0, -3)) });
  const ended = maker.make("access");
  const { kv } = await ground.stores("empty");
  await kv.put(`jti:${claimsOf(ended).jti}`, "1");
  await statusOf("a token that was ended", 401, { path: "/api/notes/", headers: bearer(ended) });
  const refused = await ask({ path: "/api/notes/", headers: {} });
  expect("WWW-Authenticate", refused.headers["www-authenticate"], 'Bearer realm="api"');
  expect("Cache-Control of a 401", refused.headers["cache-control"], "no-store");
  const answerOf = (path: string) => ask({ path: `/api/answers/${path}/` });
  expect("Cache-Control of what a browser would keep", (await answerOf("dated")).headers["cache-control"], keptPrivate);
  expect("Cache-Control of what no cache may keep", (await answerOf("plain")).headers["cache-control"], undefined);
  expect("a redirect", (await answerOf("moved")).headers.location, "http://elsewhere.example/");
  expect("522 of Cloudflare's", (await answerOf("slow")).status, 504);
  expect("530 of Cloudflare's", (await answerOf("unreachable")).status, 502);
  const { headers } = await answerOf("hops");
  for (const one of ["x-internal", "proxy-authenticate", "x-gateway-users"])
    expect(`${one} of the API`, headers[one], undefined);
}

const lengthOf = (body: string | undefined) => (body === undefined ? {} : { "content-length": body.length });
const keptPrivate = "private, no-store";

function claimsOf(token: string): { readonly jti: string } {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { readonly jti: string };
}

function unsigned(token: string): string {
  const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
  return `${header}.${token.split(".")[1]}.`;
}

function exchange(port: number, { path, method, headers, body }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", agent: false, port, path, method, headers };
    const asked = httpRequest(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.once("error", reject);
    asked.end(body);
  });
}
