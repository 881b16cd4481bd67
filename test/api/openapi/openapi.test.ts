// The OpenAPI document as the Worker serves it: which statuses each operation has, and how settings change it.
import { describe, expect, it } from "vitest";
import { appWith } from "../../support/app.ts";
import { rsaPkcs8 } from "../../support/craft.ts";

type Document = {
  readonly openapi: string;
  readonly servers: unknown;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, unknown>> };
};
type Operation = {
  readonly security: unknown;
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { readonly headers?: object; readonly content?: Content }>>;
};
type Content = {
  readonly "application/json": {
    readonly schema: { readonly required?: readonly string[]; readonly properties?: object };
    readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
  };
};

const at = "https://gateway.example/_gateway/openapi.json";

async function documentOf(vars: Readonly<Record<string, unknown>> = {}): Promise<Document> {
  const app = await appWith(vars);
  const response = await app.fetch(new Request(at));
  expect(response.status).toBe(200);
  return (await response.json()) as Document;
}

/** Each operation with its statuses, in order. */
const statusesOf = ({ paths }: Document) =>
  Object.fromEntries(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { responses }]) => [
        `${method.toUpperCase()} ${path}`,
        Object.keys(responses).join(" "),
      ]),
    ),
  );

describe("/_gateway/openapi.json", () => {
  it("has the paths of TOKEN_PATHS, each with an operation of its own", async () => {
    const { paths } = await documentOf({
      TOKEN_PATHS: { obtain: ["/auth/login/", "/auth/otp"], refresh: "/auth/refresh/", sessions: "/me/sessions/" },
    });
    const ids = Object.entries(paths).flatMap(([path, item]) =>
      Object.values(item).map(
        (operation) => `${path} ${(operation as unknown as { operationId: string }).operationId}`,
      ),
    );
    expect(ids.slice(0, 8)).toEqual([
      "/auth/login/ tokenObtainPair",
      "/auth/otp/ tokenObtainPair2",
      "/auth/refresh/ tokenRefresh",
      "/api/token/verify/ tokenVerify",
      "/api/token/blacklist/ tokenBlacklist",
      "/me/sessions/ sessions",
      "/me/sessions/{id}/ session",
      "/api/token/logout-all/ logOutEverywhere",
    ]);
  });

  it.each([
    ["origin", { OTHER_LOGIN_FIELDS: ["otp"] }, undefined, ["username", "password", "otp"]],
    ["fallback", {}, ["username", "password"], ["username", "password"]],
  ])("says that the API can answer a log-in with LOGIN = %s", async (LOGIN, vars, required, fields) => {
    const ORIGIN = { fetch: async () => new Response() };
    const { paths } = await documentOf({ LOGIN, USERS_OWNER: "origin", ORIGIN, ...vars });
    const { post } = paths["/api/token/"] ?? {};
    expect(Object.keys(post?.responses ?? {}).join(" ")).toBe(
      "200 400 401 404 406 408 413 415 429 500 502 503 default",
    );
    const content = post?.requestBody?.content as Content | undefined;
    const schema = content?.["application/json"].schema;
    expect([schema?.required, Object.keys(schema?.properties ?? {})]).toEqual([required, fields]);
    const answered = post?.responses[200]?.content?.["application/json"].schema;
    expect(answered).toEqual({
      ...{ type: "object", additionalProperties: true },
      properties: { refresh: { type: "string" }, access: { type: "string" } },
    });
    expect(Object.keys(paths["/api/token/refresh/"]?.post?.responses ?? {})).not.toContain("default");
  });

  it("has what is served by default, with every status that can come", async () => {
    const document = await documentOf();
    expect(document.openapi).toBe("3.1.0");
    expect(document.servers).toEqual([{ url: "/" }]);
    expect(statusesOf(document)).toEqual({
      "POST /api/token/": "200 400 401 404 406 408 413 415 429 500 503",
      "POST /api/token/refresh/": "200 400 401 404 406 408 413 415 500 503",
      "POST /api/token/verify/": "200 400 401 404 406 408 413 415 500 503",
      "POST /api/token/blacklist/": "200 400 401 404 406 408 413 415 500 503",
      "GET /api/token/sessions/": "200 401 404 406 500 503",
      "DELETE /api/token/sessions/{id}/": "204 401 404 406 500 503",
      "POST /api/token/logout-all/": "200 401 404 406 500 503",
      "GET /_gateway/health/live": "200",
      "GET /_gateway/health/ready": "200 503",
      "GET /_gateway/openapi.json": "200 304",
    });
  });

  it("has the endpoints of TOKEN_ENDPOINTS below TOKEN_PREFIX and no other", async () => {
    const document = await documentOf({ TOKEN_PREFIX: "/auth", TOKEN_ENDPOINTS: ["sliding", "verify"] });
    expect(Object.keys(document.paths)).toEqual([
      "/auth/verify/",
      "/auth/sliding/",
      "/auth/sliding/refresh/",
      "/_gateway/health/live",
      "/_gateway/health/ready",
      "/_gateway/openapi.json",
    ]);
  });

  it("has the JWK Set where keys are public", async () => {
    const document = await documentOf({ ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 });
    expect(statusesOf(document)["GET /.well-known/jwks.json"]).toBe("200 304");
  });

  it("has a new refresh token in the answer to a refresh only with rotation", async () => {
    const schemaWith = async (vars: object) =>
      (await documentOf({ ...vars })).paths["/api/token/refresh/"]?.post?.responses["200"]?.content?.[
        "application/json"
      ].schema;
    expect((await schemaWith({}))?.required).toEqual(["access"]);
    expect((await schemaWith({ ROTATE_REFRESH_TOKENS: true }))?.required).toEqual(["access", "refresh"]);
  });

  it("has a login's field errors, its one text for every cause, and when to try again", async () => {
    const responses = (await documentOf()).paths["/api/token/"]?.post?.responses ?? {};
    const examples = (status: string) =>
      Object.values(responses[status]?.content?.["application/json"].examples ?? {}).map(({ value }) => value);
    expect(examples("401")).toEqual([{ detail: "No active account found with the given credentials" }]);
    expect(examples("400")[0]).toEqual({
      username: ["This field is required."],
      password: ["This field is required."],
    });
    expect(examples("429")).toEqual([{ detail: "Request was throttled. Expected available in … seconds." }]);
    expect(Object.keys(responses["429"]?.headers ?? {})).toEqual(["X-Request-Id", "Retry-After"]);
    expect(Object.keys(responses["401"]?.headers ?? {})).toEqual(["X-Request-Id", "WWW-Authenticate"]);
  });

  it("says how a token is presented: as a bearer token, or in the header and scheme of the settings", async () => {
    const schemes = async (vars: object) => (await documentOf({ ...vars })).components.securitySchemes;
    expect(await schemes({})).toEqual({
      bearer: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description: "An access token as `authorization: Bearer <token>`.",
      },
    });
    expect(await schemes({ AUTH_HEADER_NAME: "HTTP_X_TOKEN", AUTH_HEADER_TYPES: "JWT" })).toEqual({
      bearer: {
        type: "apiKey",
        in: "header",
        name: "x-token",
        description: "An access token as `x-token: JWT <token>`.",
      },
    });
  });

  it("with AUTH_COOKIE: 403, cookies in place of bodies, a refresh without a field", async () => {
    const document = await documentOf({ AUTH_COOKIE: "only" });
    const refresh = document.paths["/api/token/refresh/"]?.post;
    expect(statusesOf(document)["POST /api/token/refresh/"]).toBe("200 400 401 403 404 406 408 413 415 500 503");
    expect(refresh?.requestBody?.required).toBe(false);
    const good = refresh?.responses["200"];
    expect(good?.content?.["application/json"].schema.properties).toEqual({});
    expect(Object.keys(good?.headers ?? {})).toEqual(["X-Request-Id", "Set-Cookie"]);
    expect(document.paths["/api/token/sessions/"]?.get?.security).toEqual([{ bearer: [] }, { cookie: [] }]);
    expect(document.components.securitySchemes.cookie).toMatchObject({ in: "cookie", name: "__Host-access" });
  });

  it("has client and address of a session only with SESSION_METADATA", async () => {
    const listed = async (vars: object) =>
      JSON.stringify((await documentOf({ ...vars })).paths["/api/token/sessions/"]?.get?.responses["200"]);
    expect(await listed({})).not.toContain('"address"');
    expect(await listed({ SESSION_METADATA: true })).toContain('"address"');
  });

  it("tells nothing of routes, origins, keys or private reasons", async () => {
    const text = JSON.stringify(
      await documentOf({
        ORIGIN_URL: "https://inside.example",
        ROUTES: [{ path: "/secret-area/*", auth: "user" }],
        ISSUER: "https://issuer.example",
      }),
    );
    expect(text).not.toMatch(/inside|secret-area|issuer|login_|token_signature|store_unavailable/);
  });

  it("may be kept for five minutes, and is not sent again to who has it", async () => {
    const app = await appWith({});
    const first = await app.fetch(new Request(at));
    expect(first.headers.get("cache-control")).toBe("public, max-age=300");
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = await app.fetch(new Request(at, { headers: { "if-none-match": etag } }));
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await app.fetch(new Request(at, { method: "POST" }))).status).toBe(404);
  });
});
