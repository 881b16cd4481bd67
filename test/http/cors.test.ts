// createCors(): which origin may read an answer, and what preflights and answers say.
import { describe, expect, test } from "vitest";
import { createCors } from "../../src/http/cors.ts";
import { settingsOf } from "../support/settings.ts";

type Vars = Readonly<Record<string, unknown>>;
type Sent = Readonly<Record<string, string>>;

const several = {
  CORS_ORIGINS: [
    "https://app.example",
    "https://app.example:8443",
    "http://localhost:5173",
    "https://xn--bcher-kva.example",
    "capacitor://localhost",
  ],
};
const anyone = { CORS_ORIGINS: "*" };

/** Asks a gateway that answers everything with `answered`. */
async function ask(
  vars: Vars,
  method: string,
  sent: Sent,
  answered = new Response("hello"),
  authHeader = "authorization",
) {
  let asked = 0;
  const cors = createCors(settingsOf(vars), authHeader);
  const request = new Request("https://gateway.example/a", { method, headers: { ...sent } });
  const preflight = cors?.preflight(request, "5f0c8d7e6b5a49382716051423324150");
  if (!preflight) asked++;
  const response = preflight ?? cors?.readable(request, answered) ?? answered;
  return { response, asked, headers: Object.fromEntries(response.headers) };
}

const corsHeaders = (headers: Sent) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("access-control-")));
const exposed = "WWW-Authenticate, Retry-After, X-Request-Id";
const preflight = { "access-control-request-method": "PUT", "access-control-request-headers": "x-anything" };

describe("an origin of the list", () => {
  test.each(several.CORS_ORIGINS)("%s may read the answer", async (origin) => {
    const { headers, response } = await ask(several, "GET", { origin });
    expect(headers).toEqual({
      "access-control-allow-origin": origin,
      "access-control-expose-headers": exposed,
      "content-type": "text/plain;charset=UTF-8",
      vary: "Origin",
    });
    expect(await response.text()).toBe("hello");
  });
});

describe("what is not in the list, letter by letter, gets no CORS header and its answer all the same:", () => {
  test.each([
    "null",
    "NULL",
    "*",
    "https://app.example.evil",
    "https://app.example.evil.example",
    "https://evilapp.example",
    "https://evil-app.example",
    "https://evil.app.example",
    "https://app-example",
    "https://appxexample",
    "https://app.exampl",
    "https://app.examplee",
    "https://app.example.",
    "https://app.example/",
    "https://app.example//",
    "https://app.example/login",
    "https://app.example?",
    "https://app.example#",
    "https://app.example:443",
    "https://app.example:8444",
    "https://app.example:84430",
    "https://app.example:",
    "https://APP.example",
    "HTTPS://app.example",
    "http://app.example",
    "https://app.example:8443@evil.example",
    "https://app.example@evil.example",
    "https://app.example%00.evil.example",
    "https://app.example%2eevil.example",
    "https://app.example,https://evil.example",
    "https://app.example, https://app.example",
    "https://app.example https://evil.example",
    "https://evil.example https://app.example",
    "https://app_example",
    "app.example",
    "//app.example",
    "https://",
    "https:app.example",
    "localhost:5173",
    "http://localhost",
    "http://localhost:51730",
    "http://127.0.0.1:5173",
    "https://localhost:5173",
    "https://bcher-kva.example",
    "ionic://localhost",
    "capacitor://localhost.evil",
    "capacitor://Localhost",
    "constructor",
    "__proto__",
  ])("%s", async (origin) => {
    const sent = { origin };
    const { headers, response } = await ask(several, "GET", sent);
    expect(headers).toEqual({ "content-type": "text/plain;charset=UTF-8", vary: "Origin" });
    expect([response.status, await response.text()]).toEqual([200, "hello"]);
    const refused = await ask(several, "OPTIONS", { ...sent, ...preflight });
    expect([refused.response.status, refused.asked, corsHeaders(refused.headers)]).toEqual([204, 0, {}]);
    expect(refused.headers.vary).toBe("Origin");
  });

  test("no Origin at all", async () => {
    const { headers } = await ask(several, "GET", {});
    expect(headers).toEqual({ "content-type": "text/plain;charset=UTF-8", vary: "Origin" });
  });

  test("another origin than the only one of the list", async () => {
    const { headers } = await ask({ CORS_ORIGINS: "https://app.example" }, "GET", { origin: "https://b.example" });
    expect(headers).toEqual({ "content-type": "text/plain;charset=UTF-8", vary: "Origin" });
  });
});

describe('CORS_ORIGINS = "*"', () => {
  test.each(["https://anything.example", "null", "https://x.example/odd"])("lets %s read", async (origin) => {
    const { headers } = await ask(anyone, "GET", { origin });
    expect(headers).toEqual({
      "access-control-allow-origin": "*",
      "access-control-expose-headers": exposed,
      "content-type": "text/plain;charset=UTF-8",
    });
  });

  test("says so without an Origin too: the answer is the same for everyone, so caches need not tell them apart", async () => {
    const { headers } = await ask(anyone, "GET", {});
    expect([headers["access-control-allow-origin"], headers.vary]).toEqual(["*", undefined]);
  });
});

describe("a preflight", () => {
  const origin = "https://app.example";

  test("is answered here: 204, the usual methods and headers, no age, nothing that was asked for", async () => {
    const { response, asked, headers } = await ask(several, "OPTIONS", { origin, ...preflight });
    expect([response.status, response.body, asked]).toEqual([204, null, 0]);
    expect(headers).toEqual({
      "access-control-allow-headers": "Authorization, Content-Type",
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
      "access-control-allow-origin": "https://app.example",
      "cache-control": "no-store",
      vary: "Origin",
      "x-request-id": "5f0c8d7e6b5a49382716051423324150",
    });
  });

  test("says what the settings say", async () => {
    const vars = {
      CORS_ORIGINS: [origin],
      CORS_METHODS: ["GET", "PUT"],
      CORS_HEADERS: ["Authorization", "X-CSRFToken"],
      CORS_CREDENTIALS: true,
      CORS_MAX_AGE: "2h",
    };
    const { headers } = await ask(vars, "OPTIONS", { origin, ...preflight });
    expect(corsHeaders(headers)).toEqual({
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": "Authorization, X-CSRFToken",
      "access-control-allow-methods": "GET, PUT",
      "access-control-allow-origin": "https://app.example",
      "access-control-max-age": "7200",
    });
  });

  test("allows the header of AUTH_HEADER_NAME beside the usual ones", async () => {
    const sent = { origin, ...preflight };
    const { headers } = await ask(several, "OPTIONS", sent, new Response(), "x-access-token");
    expect(headers["access-control-allow-headers"]).toBe("Authorization, Content-Type, x-access-token");
  });

  test("of anyone, where anyone may", async () => {
    const { headers } = await ask(anyone, "OPTIONS", { origin: "null", ...preflight });
    expect([headers["access-control-allow-origin"], headers.vary]).toEqual(["*", undefined]);
  });

  test.each([
    ["an OPTIONS without a method to ask for", "OPTIONS", { origin }],
    ["an OPTIONS without an origin", "OPTIONS", preflight],
    ["another method", "POST", { origin, ...preflight }],
  ])("is not: %s", async (_, method, sent) => {
    const { asked, response } = await ask(several, method, sent);
    expect([asked, response.status]).toEqual([1, 200]);
  });
});

test("credentials are allowed on answers too, to the very origin", async () => {
  const vars = { ...several, CORS_CREDENTIALS: true };
  const { headers } = await ask(vars, "GET", { origin: "https://app.example" });
  expect(corsHeaders(headers)).toEqual({
    "access-control-allow-credentials": "true",
    "access-control-allow-origin": "https://app.example",
    "access-control-expose-headers": exposed,
  });
  expect(corsHeaders((await ask(vars, "GET", { origin: "https://b.example" })).headers)).toEqual({});
});

describe("what the API says of CORS itself", () => {
  const its = {
    "access-control-allow-origin": "*",
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "TRACE",
    "access-control-expose-headers": "X-Its-Own",
    "access-control-max-age": "1",
    "access-control-allow-private-network": "true",
  };

  test("is replaced for who may read, but for what it exposes", async () => {
    const answered = new Response("x", { headers: its });
    const { headers } = await ask(several, "GET", { origin: "https://app.example" }, answered);
    expect(corsHeaders(headers)).toEqual({
      "access-control-allow-origin": "https://app.example",
      "access-control-expose-headers": `${exposed}, X-Its-Own`,
    });
  });

  test("is dropped for who may not", async () => {
    const answered = new Response("x", { headers: its });
    expect(corsHeaders((await ask(several, "GET", { origin: "https://evil.example" }, answered)).headers)).toEqual({});
  });
});

describe("Access-Control-Expose-Headers", () => {
  const origin = "https://app.example";
  type Lines = Array<[string, string]>;
  const line = (value: string): [string, string] => ["access-control-expose-headers", value];
  const exposedBy = async (lines: Lines, vars: Vars = several, sent: Sent = { origin }) =>
    (await ask(vars, "GET", sent, new Response("x", { headers: lines }))).headers["access-control-expose-headers"];

  test("says what CORS_EXPOSE_HEADERS says besides the gateway's own", async () => {
    const vars = { ...several, CORS_EXPOSE_HEADERS: ["X-Total-Count", "Link"] };
    expect(await exposedBy([], vars)).toBe(`${exposed}, X-Total-Count, Link`);
  });

  test("adds what the API exposes, each name once, however often and in whatever case it is said", async () => {
    const vars = { ...several, CORS_EXPOSE_HEADERS: ["ETag", "x-request-id", "etag"] };
    const lines = [line("etag, Link"), line(" link ,X-Request-Id,, Content-Disposition")];
    expect(await exposedBy(lines, vars)).toBe(`${exposed}, ETag, Link, Content-Disposition`);
  });

  test.each(["", " , ", "not a name, X:Y, (X)", "Zo\u00eb"])("adds nothing of what is no name: %j", async (value) => {
    expect(await exposedBy([line(value)])).toBe(exposed);
  });

  test("keeps the API's * where no credentials are allowed", async () => {
    expect(await exposedBy([line("*")])).toBe(`${exposed}, *`);
    expect(await exposedBy([line("X-A, *")], anyone)).toBe(`${exposed}, X-A, *`);
  });

  test("names the answer's headers for the API's * where credentials are allowed, since browsers take it for a name then", async () => {
    const vars = { ...several, CORS_CREDENTIALS: true };
    const lines: Lines = [
      line("*"),
      ["x-total-count", "7"],
      ["etag", "x"],
      ["set-cookie", "a=1"],
      ["x-request-id", "1"],
    ];
    expect(await exposedBy(lines, vars)).toBe(`${exposed}, content-type, etag, x-total-count`);
  });

  test("is * for everything with CORS_EXPOSE_HEADERS = *", async () => {
    expect(await exposedBy([line("X-A")], { ...several, CORS_EXPOSE_HEADERS: "*" })).toBe(`${exposed}, *, X-A`);
  });

  test("is not on preflights, nor on answers to other origins", async () => {
    const vars = { ...several, CORS_EXPOSE_HEADERS: ["X-Total-Count"] };
    expect(corsHeaders((await ask(vars, "OPTIONS", { origin, ...preflight })).headers)).toEqual({
      "access-control-allow-headers": "Authorization, Content-Type",
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
      "access-control-allow-origin": origin,
    });
    expect(await exposedBy([line("X-A")], vars, { origin: "https://evil.example" })).toBeUndefined();
    expect(await exposedBy([line("X-A")], vars, {})).toBeUndefined();
  });

  test("is the API's alone while CORS is off", async () => {
    expect(await exposedBy([line("X-A")], {})).toBe("X-A");
  });
});

describe("Vary", () => {
  test.each([
    ["Accept-Language", "Accept-Language, Origin"],
    ["Accept, Cookie", "Accept, Cookie, Origin"],
    ["origin", "origin"],
    ["Accept, ORIGIN", "Accept, ORIGIN"],
    ["*", "*"],
    ["X-Origin", "X-Origin, Origin"],
    ["Origin-Agent", "Origin-Agent, Origin"],
  ])("%s becomes %s", async (vary, wanted) => {
    const { headers } = await ask(several, "GET", {}, new Response("x", { headers: { vary } }));
    expect(headers.vary).toBe(wanted);
  });
});

describe("what an answer is else stays:", () => {
  test.each([200, 201, 204, 206, 301, 304, 401, 404, 413, 429, 500, 503])(
    "status %d with its headers",
    async (status) => {
      const etag = '"v1"';
      const answered = new Response(null, { status, statusText: "Its own", headers: { etag, "retry-after": "7" } });
      const { response } = await ask(several, "GET", { origin: "https://app.example" }, answered);
      const { headers, statusText } = response;
      expect([response.status, statusText, headers.get("etag"), headers.get("retry-after")]).toEqual([
        status,
        "Its own",
        etag,
        "7",
      ]);
      expect(headers.get("access-control-allow-origin")).toBe("https://app.example");
    },
  );

  test("every Set-Cookie", async () => {
    const answered = new Response("x", {
      headers: [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2; Path=/"],
      ],
    });
    const { response } = await ask(several, "GET", {}, answered);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2; Path=/"]);
  });

  test("a WebSocket's handshake, untouched", async () => {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    const answered = new Response(null, { status: 101, webSocket: client });
    const { response } = await ask(several, "GET", { origin: "https://app.example" }, answered);
    expect(response).toBe(answered);
    client.accept();
    client.close();
  });
});

test("without CORS_ORIGINS there is no CORS", () => {
  expect(createCors(settingsOf(), "authorization")).toBeUndefined();
});
