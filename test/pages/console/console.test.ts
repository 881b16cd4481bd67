// The console as it leaves the Worker: there only when asked for, its policy, its size, what it says of the settings.
// test/browser is about its use.
import { describe, expect, it } from "vitest";
import { clientScript } from "../../../src/pages/texts.ts";
import { appWith, sourceHashIn } from "../../support/app.ts";
import { healthKeyHeader, withHealthKey } from "../../support/settings.ts";

const at = "https://gateway.example/_gateway/console";

async function consoleWith(vars: Readonly<Record<string, unknown>> = {}): Promise<Response> {
  const app = await appWith({ CONSOLE: true, ...vars });
  return app.fetch(new Request(at));
}

describe("/_gateway/console", () => {
  it("is not there by default, with the answer of everything unknown below /_gateway/", async () => {
    const app = await appWith({});
    const response = await app.fetch(new Request(at));
    expect([response.status, await response.text()]).toEqual([404, '{"detail":"Not found."}']);
  });

  it("is an error when CONSOLE is neither true nor false", async () => {
    await expect(appWith({ CONSOLE: "maybe" })).rejects.toThrow('CONSOLE must be true or false; it is "maybe".');
  });

  it("warns while it is on", async () => {
    const app = await appWith({ CONSOLE: true, ...withHealthKey });
    const ready = await app.fetch(
      new Request("https://gateway.example/_gateway/health/ready", { headers: healthKeyHeader }),
    );
    expect((await ready.json()) as object).toMatchObject({
      warnings: expect.arrayContaining([
        "CONSOLE is on: everybody can open /_gateway/console. Leave it off in production, where a script on any page of the API's host could read what is typed there.",
      ]),
    });
  });

  it("is a page that is not kept, not framed, runs nothing but its own, and posts no form", async () => {
    const response = await consoleWith();
    const html = await response.clone().text();
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-frame-options")).toBe("DENY");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("content-security-policy")).toBe(
      `default-src 'none'; style-src ${await sourceHashIn(html, "style")}; script-src ${await sourceHashIn(
        html,
        "script",
      )}; img-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`,
    );
  });

  it("has one style and one script, no handler or style in a tag, and names nothing outside itself", async () => {
    const html = await (await consoleWith()).text();
    expect(html.match(/<style/g)).toHaveLength(1);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/<[^>]+\s(on\w+|style)=/);
    expect(html).not.toMatch(/https?:|"\/\/|url\(|@import|\bsrc=/);
    expect(html.match(/href="[^"]*"/g)).toEqual(['href="data:,"', 'href="/_gateway/openapi.json"']);
  });

  it("writes no HTML by script, and keeps nothing", async () => {
    const html = await (await consoleWith()).text();
    expect(clientScript).toMatch(/^const createClient=/);
    // The client could keep tokens elsewhere; test/browser looks for that.
    expect(html.split(clientScript)).toHaveLength(2);
    expect(html.replace(clientScript, "")).not.toMatch(
      /innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Storage|indexedDB|document\.cookie/,
    );
  });

  it("is at most 36 KB, and 12.5 KB compressed", async () => {
    const bytes = await (await consoleWith()).arrayBuffer();
    expect(bytes.byteLength).toBeLessThan(36_000);
    const gzipped = new Response(bytes).body?.pipeThrough(new CompressionStream("gzip"));
    expect((await new Response(gzipped).arrayBuffer()).byteLength).toBeLessThan(12_500);
  });

  const knownWith = async (vars: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> => {
    const [, known = ""] = /data-known="([^"]*)"/.exec(await (await consoleWith(vars)).text()) ?? [];
    return JSON.parse(known.replaceAll("&quot;", '"').replaceAll("&amp;", "&"));
  };

  it("knows of the settings what docs/console.md says, and nothing else", async () => {
    expect(
      await knownWith({
        TOKEN_PREFIX: "/auth",
        TOKEN_PATHS: { refresh: "/auth/jwt/refresh" },
        AUTH_HEADER_NAME: "X-Token",
      }),
    ).toEqual({
      usernameField: "username",
      paths: {
        obtain: "/auth/",
        refresh: "/auth/jwt/refresh/",
        verify: "/auth/verify/",
        blacklist: "/auth/blacklist/",
        sliding: "/auth/sliding/",
        sliding_refresh: "/auth/sliding/refresh/",
        sessions: "/auth/sessions/",
        logout_all: "/auth/logout-all/",
      },
      served: ["obtain", "refresh", "verify", "blacklist", "sessions"],
      header: "x-token",
      scheme: "Bearer",
      cookiesOnly: false,
      typeClaim: "token_type",
      idClaim: "jti",
      userClaim: "user_id",
      refreshExpClaim: "refresh_exp",
      lifetimes: { access: 300, refresh: 86_400, token: 300 },
      accepts: ["access"],
      routes: [{ path: "/*", methods: [], needs: "a token, revocation cached" }],
      issuer: null,
      issuers: [],
      identity: { "X-User-Id": "user_id" },
      forwards: true,
      assertion: false,
      admin: false,
    });
  });

  it("says what each route needs, without where its requests go", async () => {
    const vars = {
      ORIGIN_URL: "https://inside.example",
      ROUTES: [
        { path: "/public/*", methods: ["GET", "HEAD"], auth: "public" },
        { path: "/feed", auth: "optional", enforce: false },
        {
          path: "/v2/*",
          auth: "user",
          require: { is_staff: true, roles: "admin" },
          revocation: "strict",
          origin: "https://other.example",
          strip_prefix: "/v2",
        },
      ],
    };
    expect((await knownWith(vars)).routes).toEqual([
      { path: "/public/*", methods: ["GET", "HEAD"], needs: "no token" },
      { path: "/feed", methods: [], needs: "a valid token or none, revocation cached, not enforced (shadow mode)" },
      {
        path: "/v2/*",
        methods: [],
        needs: 'a token of a user in the database, with is_staff = true and roles = "admin", revocation strict',
      },
    ]);
    const html = await (await consoleWith(vars)).text();
    expect(html).not.toMatch(/inside\.example|other\.example|strip_prefix/);
  });

  it("says what tokens of other issuers have to say, and which routes they open, without where their keys are", async () => {
    const vars = {
      ISSUERS: [
        {
          ...{ issuer: "https://idp.example/", jwks: "https://keys.example/jwks", audience: "https://api.example" },
          ...{ type_claim: { name: "typ", value: "Bearer" }, reissue: { user: "alternate_id" } },
        },
      ],
      ROUTES: [{ path: "/*", auth: "token", issuers: ["self", "https://idp.example/"] }],
    };
    const { issuers, routes } = await knownWith(vars);
    expect(issuers).toEqual([
      {
        ...{ issuer: "https://idp.example/", audience: ["https://api.example"], userClaim: "sub", idClaim: "jti" },
        ...{ typeClaim: { name: "typ", value: "Bearer" }, reissues: true },
      },
    ]);
    expect(routes).toEqual([
      { path: "/*", methods: [], needs: "a token, of self or https://idp.example/, revocation cached" },
    ]);
    expect(await (await consoleWith(vars)).text()).not.toContain("keys.example");
  });

  it("names the admin page only where it is on this host", async () => {
    expect((await knownWith({ ADMIN: true })).admin).toBe(true);
    expect((await knownWith({ ADMIN: true, ADMIN_HOST: "admin.example.com" })).admin).toBe(false);
  });

  it("knows which tokens open routes", async () => {
    const accepts = async (...AUTH_TOKEN_CLASSES: string[]) => (await knownWith({ AUTH_TOKEN_CLASSES })).accepts;
    expect(await accepts("rest_framework_simplejwt.tokens.AccessToken", "SlidingToken")).toEqual(["access", "token"]);
    expect(await accepts("UntypedToken")).toEqual(["access", "refresh", "token"]);
  });

  it("escapes what the settings say", async () => {
    const html = await (await consoleWith({ TOKEN_TYPE_CLAIM: `"><script>alert(1)</script>` })).text();
    expect(html).not.toContain("<script>alert");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  });
});
