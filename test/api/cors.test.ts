// CORS and safety headers through the whole app: every kind of answer, the gateway's own and the API's.
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { appWith, echoOrigin, postJson } from "../support/app.ts";
import { rsaPkcs8 } from "../support/craft.ts";
import { addUser } from "../support/users.ts";

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const page = "https://app.example";
const base = {
  UPGRADE_PASSWORD_HASHES: false,
  ORIGIN: echoOrigin,
  LOGIN_LIMITER: { limit: async () => ({ success: true }) },
  REVOCATION: "off",
  ROUTES: [
    { path: "/open/*", auth: "public" },
    { path: "/staff/*", auth: "token", require: { is_staff: true } },
    { path: "/api/*", auth: "token" },
  ],
};
const cors = { CORS_ORIGINS: [page, "https://admin.example"], CORS_CREDENTIALS: true };
const preflight = { origin: page, "access-control-request-method": "POST" };

let app: App;
let access: string;
beforeAll(async () => {
  await addUser({ id: "1", username: "ada", password: hashOfPw });
  app = await appWith({ ...base, ...cors });
  const login = await app.fetch(postJson("/api/token/", { username: "ada", password: "pw" }));
  ({ access } = (await login.json()) as { access: string });
});

const request = (path: string, init: RequestInit = {}) => new Request(`https://gateway.example${path}`, init);
const bearer = () => ({ authorization: `Bearer ${access}` });

/** What every answer to a page of the list has to say. */
const readableBy = (origin: string) => ({
  "access-control-allow-credentials": "true",
  "access-control-allow-origin": origin,
  "access-control-expose-headers": "WWW-Authenticate, Retry-After, X-Request-Id",
});
const corsOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));

/** Each kind of answer: its status and the request for it. */
const tokenTypes: ReadonlyArray<
  readonly [what: string, status: number, make: (headers: Record<string, string>) => Request]
> = [
  ["a log-in", 200, (more) => postJson("/api/token/", { username: "ada", password: "pw" }, more)],
  ["a wrong password", 401, (more) => postJson("/api/token/", { username: "ada", password: "no" }, more)],
  [
    "a body that is not JSON",
    400,
    (more) =>
      request("/api/token/", { method: "POST", body: "{", headers: { "content-type": "application/json", ...more } }),
  ],
  [
    "a media type that is not read",
    415,
    (more) => request("/api/token/", { method: "POST", body: "x", headers: { "content-type": "text/x-odd", ...more } }),
  ],
  ["a method that is not served", 405, (more) => request("/api/token/", { method: "PUT", headers: more })],
  ["DRF's metadata", 200, (more) => request("/api/token/", { method: "OPTIONS", headers: more })],
  ["health", 200, (more) => request("/_gateway/health/live", { headers: more })],
  ["readiness", 200, (more) => request("/_gateway/health/ready", { headers: more })],
  ["nothing under /_gateway/", 404, (more) => request("/_gateway/nothing", { headers: more })],
  ["no route", 404, (more) => request("/elsewhere", { headers: more })],
  ["a path that can be read two ways", 400, (more) => request("/api/a%2fb", { headers: more })],
  ["no token", 401, (more) => request("/api/notes/", { headers: more })],
  ["a bad token", 401, (more) => request("/api/notes/", { headers: { ...more, authorization: "Bearer x" } })],
  ["a claim that is missing", 403, (more) => request("/staff/x", { headers: { ...more, ...bearer() } })],
  ["the API's answer to a token", 200, (more) => request("/api/notes/", { headers: { ...more, ...bearer() } })],
  ["the API's answer to anyone", 200, (more) => request("/open/notes/", { headers: more })],
  ["the API's answer to HEAD", 200, (more) => request("/open/notes/", { method: "HEAD", headers: more })],
];

describe.each(tokenTypes)("%s (%i)", (_what, status, make) => {
  it("can be read by each page of the list, and by no other", async () => {
    for (const origin of [page, "https://admin.example"]) {
      const response = await app.fetch(make({ origin }));
      expect([response.status, corsOf(response)]).toEqual([status, readableBy(origin)]);
      expect(response.headers.get("vary")?.split(", ")).toContain("Origin");
    }
    for (const headers of [{ origin: "https://app.example.evil" }, { origin: "null" }, {}]) {
      const response = await app.fetch(make({ ...headers }));
      expect([response.status, corsOf(response)]).toEqual([status, {}]);
      expect(response.headers.get("vary")?.split(", ")).toContain("Origin");
    }
  });

  it("says nothing of CORS while it is off", async () => {
    const off = await appWith(base);
    const response = await off.fetch(make({ origin: page }));
    expect([response.status, corsOf(response)]).toEqual([status, {}]);
    expect(response.headers.get("vary") ?? "").not.toContain("Origin");
  });
});

describe("other answers that can be read:", () => {
  it("502 where no origin is set", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const without = await appWith({ ...base, ...cors, ORIGIN: undefined });
    const response = await without.fetch(request("/open/x", { headers: { origin: page } }));
    expect([response.status, corsOf(response)]).toEqual([502, readableBy(page)]);
    log.mockRestore();
  });

  it("413 beyond MAX_BODY", async () => {
    const small = await appWith({ ...base, ...cors, MAX_BODY: 3 });
    const headers = { origin: page, "content-length": "4" };
    const response = await small.fetch(request("/open/x", { method: "POST", body: "four", headers }));
    expect([response.status, corsOf(response)]).toEqual([413, readableBy(page)]);
  });

  it("429 after too many log-ins", async () => {
    const limited = await appWith({ ...base, ...cors, LOGIN_LIMITER: { limit: async () => ({ success: false }) } });
    const response = await limited.fetch(
      postJson("/api/token/", { username: "ada", password: "pw" }, { origin: page, "cf-connecting-ip": "192.0.2.7" }),
    );
    expect([response.status, corsOf(response)]).toEqual([429, readableBy(page)]);
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
  });

  it("500 when the gateway itself has a bug", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const broken = await appWith({ ...base, ...cors }, { claimsFor: () => Promise.reject(new Error("a hook's own")) });
    const response = await broken.fetch(postJson("/api/token/", { username: "ada", password: "pw" }, { origin: page }));
    expect([response.status, corsOf(response)]).toEqual([500, readableBy(page)]);
    log.mockRestore();
  });

  it("the JWK Set", async () => {
    const asymmetric = await appWith({ ...base, ...cors, ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 });
    const response = await asymmetric.fetch(request("/.well-known/jwks.json", { headers: { origin: page } }));
    expect([response.status, corsOf(response)]).toEqual([200, readableBy(page)]);
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
  });

  it("the page for browsers", async () => {
    const headers = { origin: page, accept: "text/html" };
    const response = await app.fetch(request("/api/token/", { headers }));
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("vary")).toBe("Accept-Language, Accept, Origin");
  });
});

describe("a preflight", () => {
  const anywhere = [
    "/api/token/",
    "/api/notes/",
    "/open/x",
    "/staff/x",
    "/elsewhere",
    "/_gateway/x",
    "/api/a%2fb",
    "/",
  ];
  it.each(anywhere)("to %s is answered alike, without a token", async (path) => {
    const response = await app.fetch(request(path, { method: "OPTIONS", headers: preflight }));
    const { "x-request-id": id, ...headers } = Object.fromEntries(response.headers);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect([response.status, await response.text(), headers]).toEqual([
      204,
      "",
      {
        "access-control-allow-credentials": "true",
        "access-control-allow-headers": "Authorization, Content-Type",
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
        "access-control-allow-origin": page,
        "cache-control": "no-store",
        vary: "Origin",
      },
    ]);
  });

  it("allows the header of AUTH_HEADER_NAME", async () => {
    const named = await appWith({ ...base, ...cors, AUTH_HEADER_NAME: "HTTP_X_ACCESS_TOKEN" });
    const response = await named.fetch(request("/api/notes/", { method: "OPTIONS", headers: preflight }));
    expect(response.headers.get("access-control-allow-headers")).toBe("Authorization, Content-Type, x-access-token");
  });

  it("is an OPTIONS like any other while CORS is off: DRF's metadata, a token asked for, the API's own answer", async () => {
    const off = await appWith(base);
    const ask = (path: string, more = {}) =>
      off.fetch(request(path, { method: "OPTIONS", headers: { ...preflight, ...more } }));
    const metadata = await ask("/api/token/");
    expect([metadata.status, ((await metadata.json()) as { name: string }).name]).toEqual([200, "Token Obtain Pair"]);
    expect((await ask("/api/notes/")).status).toBe(401);
    expect((await ask("/api/notes/", bearer())).status).toBe(200);
  });
});

describe("safety headers", () => {
  const own = tokenTypes.filter(([what]) => !what.startsWith("the API"));
  it.each(own)("are on %s (%i)", async (_what, status, make) => {
    const response = await app.fetch(make({}));
    const names = ["content-security-policy", "referrer-policy", "x-content-type-options", "x-frame-options"];
    expect([response.status, ...names.map((name) => response.headers.get(name))]).toEqual([
      status,
      "default-src 'none'; frame-ancestors 'none'",
      "no-referrer",
      "nosniff",
      "DENY",
    ]);
    expect(response.headers.get("strict-transport-security")).toBeNull();
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("are not put on the API's answers", async () => {
    const response = await app.fetch(request("/open/x"));
    expect(Object.fromEntries(response.headers)).toEqual({ "content-type": "application/json", vary: "Origin" });
  });
});
