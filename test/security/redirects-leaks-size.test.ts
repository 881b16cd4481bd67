// Redirects, secrets in places that others read, and bodies that are larger than they say (research 3.12).
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { openSocket, parseAnswer, rawRequest } from "../support/sockets.ts";
import { hmacToken, signingKey } from "./made-tokens.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const assertionKey = "shared-with-the-origin-and-nobody-else";
const person = { username: "ada", password: "correct-horse-battery-staple" };
const longestBody = 1000;

let origin: RecordingOrigin;
let elsewhere: RecordingOrigin;
let gateway: Gateway;
const logged: string[] = [];
beforeAll(async () => {
  elsewhere = await startRecordingOrigin();
  origin = await startRecordingOrigin((request, response) => {
    const status = Number(/^\/(30\d)/.exec(request.url ?? "")?.[1] ?? 200);
    if (status === 200) return void response.writeHead(200, { "content-length": 2 }).end("{}");
    response.writeHead(status, { location: `${elsewhere.url}/stolen`, "content-length": 0 }).end();
  });
  gateway = await startGateway(
    {
      LOG: "all",
      ORIGIN_URL: origin.url,
      MAX_BODY: longestBody,
      AUTH_COOKIE: true,
      ASSERTION: true,
      ASSERTION_KEY: assertionKey,
      CHECK_REVOKE_TOKEN: true,
      ERROR_REASONS: true,
      AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken"],
      TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding"],
      ROUTES: [
        { path: "/open/*", auth: "public" },
        { path: "/strict/*", auth: "token", revocation: "strict" },
        { path: "/member/*", auth: "user" },
        { path: "/staff/*", auth: "token", require: { staff: true } },
        // Nobody listens there.
        { path: "/dead/*", auth: "token", origin: "http://127.0.0.1:9" },
        { path: "/*", auth: "token" },
      ],
    },
    { onLogLine: (line) => logged.push(JSON.stringify(line)), loginsPerMinute: 4 },
  );
  await gateway.addUser({ id: 7, ...person });
});
beforeEach(() => {
  origin.taken();
  elsewhere.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
  elsewhere.close();
});

describe("redirects:", () => {
  it.each([301, 302, 303, 307, 308])("%i of the API is passed on, and the token goes nowhere else", async (status) => {
    for (const method of ["GET", "POST"]) {
      const headers = { authorization: `Bearer ${hmacToken()}` };
      const answer = await fetch(new URL(`/${status}/x`, gateway.url), { method, headers, redirect: "manual" });
      expect([answer.status, answer.headers.get("location")]).toEqual([status, `${elsewhere.url}/stolen`]);
    }
    expect(origin.taken().map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET /${status}/x`,
      `POST /${status}/x`,
    ]);
    expect(elsewhere.taken()).toEqual([]);
  });
  it.each([
    ...["//evil.example/", "//evil.example/%2e%2e", "/\\evil.example/", "/%5cevil.example", "/%2f%2fevil.example"],
    ...["/api/token", "/api/token?next=//evil.example", "/_gateway", "/_gateway/?redirect_uri=https://evil.example"],
    ...["/.well-known/x?url=https://evil.example", "http://evil.example/open/x"],
  ])("CVE-2021-29651, CVE-2021-29652 (Pomerium: open redirects): %s leads nowhere", async (target) => {
    for (const accept of ["*/*", "text/html"]) {
      const { status, head } = await rawRequest(Number(gateway.url.port), target, { headers: [`Accept: ${accept}`] });
      expect([status < 300 || status >= 400, /^location:/im.test(head)]).toEqual([true, false]);
    }
  });
});

/** Everything that must be nowhere but where it belongs, by what it is. */
const secrets = new Map<string, string>();
/** A token is known by its signature, by what it says and by its id. */
function keepToken(name: string, token: string): string {
  const [, payload = "", signature = ""] = token.split(".");
  secrets.set(`${name}: payload`, payload);
  secrets.set(`${name}: signature`, signature);
  const { jti } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { jti?: string };
  // Ids are cut in the log. Those that tests make by hand may be shorter than what is left of them.
  if (jti !== undefined && jti.length === 32) secrets.set(`${name}: id`, jti);
  return token;
}
const found = (text: string, known: ReadonlyMap<string, string> = secrets) =>
  [...known].filter(([, secret]) => text.includes(secret)).map(([name]) => name);

describe("CVE-2022-29266, CVE-2024-39315 and their like (secrets in errors, pages and logs):", () => {
  const answers: Array<readonly [what: string, text: string]> = [];
  async function note(what: string, sending: Promise<Response>): Promise<string> {
    const answer = await sending;
    const body = await answer.text();
    answers.push([what, `${answer.status} ${JSON.stringify([...answer.headers])} ${body}`]);
    return body;
  }
  const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    gateway.post(`/api/token/${path}`, body, headers);
  const own = () => ({ origin: gateway.url.origin, "content-type": "application/json" });

  beforeAll(async () => {
    secrets.set("the signing key", signingKey);
    secrets.set("the key of assertions", assertionKey);
    secrets.set("the password", person.password);
    secrets.set("the API's address", origin.host);
    secrets.set("a dead API's address", "127.0.0.1:9");
    const row = await gateway.env.DB.prepare("SELECT password FROM users WHERE id = 7").first<{ password: string }>();
    secrets.set("the stored hash", row?.password.slice(-40) ?? "");
    // Tokens are handed out here, and to nobody else: these answers are not searched.
    const pair = (await (await post("", person)).json()) as { access: string; refresh: string };
    const { token: sliding } = (await (await post("sliding/", person)).json()) as { token: string };
    const next = (await (await post("refresh/", { refresh: pair.refresh })).json()) as typeof pair;
    for (const [name, token] of Object.entries({ ...pair, sliding })) keepToken(name, token);
    keepToken("the next access token", next.access);
    keepToken("the next refresh token", next.refresh);
    const fingerprint = createHash("md5")
      .update(row?.password ?? "")
      .digest("hex")
      .toUpperCase();
    secrets.set("the password's fingerprint", fingerprint);

    const access = pair.access;
    await note("a good request", gateway.get("/notes/", access));
    await note(
      "a good request with a token in the query",
      gateway.get(`/notes/?token=${access}&password=${person.password}&note=hidden-in-the-query`, access),
    );
    secrets.set("a query's value", "hidden-in-the-query");
    await note(
      "tokens in headers that the log reads",
      gateway.get("/notes/", access, { "cf-ray": access, "cf-ipcountry": access, traceparent: access }),
    );
    const [seen] = origin.taken().slice(-1);
    for (const assertion of seen ? everySpelling(seen, "x-gateway-assertion") : [])
      keepToken("an assertion", assertion);
    await note("a user's route", gateway.get("/member/x", access));
    await note("a route that is not theirs", gateway.get("/staff/x", access));
    await note("a dead API", gateway.get("/dead/x", access));
    await note("a refresh token at a route", gateway.get("/notes/", pair.refresh));
    await note("a used refresh token", post("refresh/", { refresh: pair.refresh }));
    await note("a used refresh token, to be verified", post("verify/", { token: pair.refresh }));
    await note("an access token to refresh", post("refresh/", { refresh: access }));
    const forged = keepToken("a forged token", hmacToken({ secret: "x".repeat(64), claims: { name: "forged" } }));
    const expired = keepToken("an expired token", hmacToken({ claims: { exp: 1, name: "expired" } }));
    const strange = keepToken("a token with a strange header", hmacToken({ header: { alg: "HS256", crit: ["x"] } }));
    for (const token of [forged, expired, strange, `${access}x`, `x${access}`, access.slice(0, -3)]) {
      await note("a bad token at a route", gateway.get("/notes/", token));
      await note("a bad token at an optional place", gateway.get("/strict/x", token));
      await note("a bad token to verify", post("verify/", { token }));
      await note("a bad token to refresh", post("refresh/", { refresh: token }));
      await note("a bad cookie", gateway.get("/notes/", undefined, { cookie: `__Host-access=${token}` }));
    }
    const cookie = `__Host-access=${access}; __Secure-refresh=${next.refresh}`;
    await note("a header of three parts", gateway.get("/notes/", undefined, { authorization: `Bearer ${access} x` }));
    await note("cookie and header", gateway.get("/notes/", forged, { cookie }));
    await note("a foreign page", post("refresh/", {}, { cookie, origin: "https://evil.example" }));
    await note("a page, by a browser", gateway.get("/api/token/", undefined, { cookie, accept: "text/html" }));
    const echo = `/api/token/?password=${person.password}&token=${access}`;
    await note("a page with a query", gateway.get(echo, undefined, { accept: "text/html" }));
    await note("OPTIONS", fetch(new URL("/api/token/", gateway.url), { method: "OPTIONS", headers: { cookie } }));
    await note("a path in two ways", gateway.get(`/a%2fb?token=${access}`, access));
    await note(
      "broken JSON",
      fetch(new URL("/api/token/", gateway.url), {
        ...{ method: "POST", headers: own(), body: `{"username":"ada","password":"${person.password}"` },
      }),
    );
    await note(
      "a type that nobody reads",
      fetch(new URL("/api/token/", gateway.url), {
        ...{ method: "POST", headers: { "content-type": "text/plain" }, body: person.password },
      }),
    );
    await note("no name", post("", { password: person.password }));
    await note("another's password", post("", { username: "nobody", password: person.password }));
    await note("a wrong password", post("", { username: "ada", password: `${person.password}!` }));
    for (let time = 0; time < 10; time++)
      await note("too often", post("", { username: "ada", password: "x".repeat(5000) }));
    const large = keepToken(
      "a token with large claims",
      hmacToken({ claims: { token_type: "refresh", large: "y".repeat(3900), ...fingerprintClaim(fingerprint) } }),
    );
    await note("500", post("refresh/", { refresh: large }));
    await gateway.env.DB.exec("ALTER TABLE sessions RENAME TO away");
    for (const path of ["refresh/", "blacklist/"])
      await note("a store that is down", post(path, { refresh: next.refresh }));
    await note("a store that is down, at a route", gateway.get("/strict/x", next.access));
    await note("readiness with a store that is down", gateway.get("/_gateway/health/ready"));
    await gateway.env.DB.exec("ALTER TABLE away RENAME TO sessions");
    await note("log-out", post("blacklist/", {}, { cookie, ...own() }));
    await note("log-out again", post("blacklist/", { refresh: next.refresh }));
    await note("readiness", gateway.get("/_gateway/health/ready"));
    await note("nowhere", gateway.get("/_gateway/x", access));
  });
  const fingerprintClaim = (fingerprint: string) => ({ hash_password: fingerprint });

  it("the walk met all that it was to meet", () => {
    const statuses = new Set(answers.map(([, text]) => Number(text.slice(0, 3))));
    expect([...statuses].sort()).toEqual([200, 400, 401, 403, 404, 415, 429, 500, 502, 503]);
    expect(secrets.size).toBeGreaterThan(24);
    expect([...secrets.values()].filter((secret) => secret.length < 10 || secret.includes(" "))).toEqual([]);
    const events = new Set(logged.map((line) => (JSON.parse(line) as { event: string }).event));
    for (const event of ["request", "login", "refresh", "blacklist", "store_failed", "origin_failed"]) {
      expect(events).toContain(event);
    }
    expect(logged.length).toBeGreaterThan(answers.length);
  });
  it("no answer has a secret in its body or its headers", () => {
    expect(answers.map(([what, text]) => [what, found(text)]).filter(([, names]) => names?.length)).toEqual([]);
  });
  it("no line of the log has one", () => {
    expect(logged.map((line) => [line, found(line)]).filter(([, names]) => names?.length)).toEqual([]);
  });
  it("a 500 says nothing but its request's id, which is in the log", () => {
    const [text = ""] = answers.filter(([what]) => what === "500").map(([, one]) => one);
    expect(text).toMatch(/^500 .*\{"detail":"Internal server error\."\}$/);
    const id = /"x-request-id","([0-9a-f]{32})"/.exec(text)?.[1] ?? "none";
    const events = logged
      .filter((line) => line.includes(id))
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(["refresh", "auth_cookie_too_large", "request"]);
  });
  it("no answer tells what the gateway is made of", () => {
    const tells =
      /stack|\bat \w+ \(|\.ts\b|node_modules|D1_ERROR|SQLITE|outstanding_tokens|other_jti|no such table|workerd|x-powered-by/i;
    expect(answers.filter(([, text]) => tells.test(text))).toEqual([]);
  });
  it("settings with problems put no secret into the log", async () => {
    const lines: string[] = [];
    const values = { SIGNING_KEY: "short-but-secret-key", ASSERTION: true, ASSERTION_KEY: "short-shared-secret" };
    const faulty = await startGateway(
      {
        ...values,
        VERIFYING_KEY: "not-a-pem-but-secret",
        ALGORITHM: "HS512",
        ORIGIN_URL: "http://user:pass-word@origin.example",
      },
      { onLogLine: (line) => lines.push(JSON.stringify(line)) },
    );
    const body = await (await faulty.get("/")).text();
    await faulty.close();
    expect([body, lines.length]).toEqual(['{"detail":"Gateway is misconfigured."}', 1]);
    const known = new Map(
      ["short-but-secret-key", "short-shared-secret", "not-a-pem-but-secret"].map((one) => [one, one]),
    );
    expect(found(lines.join(), known)).toEqual([]);
  });
});

describe("CVE-2025-59139 (Hono: a body's limit and Transfer-Encoding):", () => {
  const chunksOf = (size: number, count: number) => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`.repeat(count);
  const tooLarge = [413, '{"detail":"Request body is too large."}'];
  /** Sends lines and a body as they are; what is answered, and the sizes of the bodies that the API took for whole. */
  async function context(lines: readonly string[], body: string, request = "POST /open/x") {
    const socket = openSocket(gateway.url.host);
    // What is refused on its way may end the connection under the rest of it.
    socket.on("error", () => {});
    const head = [`${request} HTTP/1.1`, `Host: ${gateway.url.host}`, "Connection: close", ...lines];
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
    const chunks: Buffer[] = [];
    socket.on("data", (bytes: Buffer) => chunks.push(bytes));
    await new Promise((done) => socket.once("close", done));
    const answer = parseAnswer(Buffer.concat(chunks));
    const whole = origin.taken().filter((one) => one.whole);
    return { answer: [answer.status, answer.body.toString()], whole: whole.map((one) => one.body.length) };
  }

  it("bodies of the size that is allowed pass, declared or in chunks", async () => {
    expect(await context(["Content-Length: 1000"], "x".repeat(1000))).toMatchObject({ whole: [1000] });
    expect(await context(["Transfer-Encoding: chunked"], `${chunksOf(500, 2)}0\r\n\r\n`)).toMatchObject({
      whole: [1000],
    });
  });
  it("one that is declared too large is refused before it comes", async () => {
    expect(await context(["Content-Length: 1001"], "x".repeat(1001))).toEqual({ answer: tooLarge, whole: [] });
  });
  it("one that gets too large in chunks is refused, and the API never takes it for whole", async () => {
    expect(await context(["Transfer-Encoding: chunked"], `${chunksOf(500, 3)}0\r\n\r\n`)).toEqual({
      answer: tooLarge,
      whole: [],
    });
  });
  it.each([
    ["a small Content-Length beside chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"], 413],
    ["chunks beside a small Content-Length", ["Transfer-Encoding: chunked", "Content-Length: 5"], 413],
    ["chunked, twice", ["Transfer-Encoding: chunked, chunked"], 413],
    ["two Content-Lengths", ["Content-Length: 5", "Content-Length: 1500"], 400],
    ["Transfer-Encoding: identity", ["Transfer-Encoding: identity", "Content-Length: 1500"], 400],
  ])("%s: nothing of it passes for whole", async (_what, lines, status) => {
    const { answer, whole } = await context(lines, `${chunksOf(500, 3)}0\r\n\r\n`);
    expect([answer[0], whole]).toEqual([status, []]);
  });
  it("a token endpoint has its own limit of 64 KiB, in chunks too", async () => {
    const { answer } = await context(
      ["Transfer-Encoding: chunked", "Content-Type: application/json"],
      `${chunksOf(16 * 1024, 5)}0\r\n\r\n`,
      "POST /api/token/",
    );
    expect(answer).toEqual(tooLarge);
  });
  it("a GET with a body is refused", async () => {
    const malformed = { answer: [400, '{"detail":"Malformed request."}'], whole: [] };
    expect(await context(["Transfer-Encoding: chunked"], `${chunksOf(5, 1)}0\r\n\r\n`, "GET /open/x")).toEqual(
      malformed,
    );
    expect(await context(["Content-Length: 5"], "xxxxx", "GET /open/x")).toEqual(malformed);
  });
});
