// The OpenAPI document over HTTP: valid OpenAPI 3.1 under every kind of settings, and true of the answers that come.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documentJudge, type Judge } from "../../scripts/conformance/documented.ts";
import { declaredBody } from "../security/declared-body.ts";
import { askGateways, type Gateway, startGateway } from "../support/gateway-over-http.ts";

type Document = { readonly info: { readonly version: string }; readonly paths: Readonly<Record<string, object>> };

const documentOf = async (gateway: Pick<Gateway, "get">) =>
  (await (await gateway.get("/_gateway/openapi.json")).json()) as Document;

const password = "correct horse battery staple";
const everything = ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions"];
const settings: ReadonlyArray<readonly [name: string, vars: Readonly<Record<string, unknown>>]> = [
  ["those of wrangler.toml", {}],
  ["every endpoint below another prefix", { TOKEN_PREFIX: "/auth/jwt", TOKEN_ENDPOINTS: everything }],
  [
    "cookies alone, session metadata, a header of its own",
    { AUTH_COOKIE: "only", SESSION_METADATA: true, AUTH_HEADER_NAME: "X-Token" },
  ],
  [
    "no blacklist, another scheme",
    {
      TOKEN_BLACKLIST_ENABLED: false,
      BLACKLIST_AFTER_ROTATION: false,
      AUTH_HEADER_TYPES: ["JWT"],
    },
  ],
];

describe("the document is valid OpenAPI 3.1 with", () => {
  // One for all cases: it compiles the schema of OpenAPI, which takes a second.
  const validator = new Validator();
  let documents: readonly Document[];
  beforeAll(async () => {
    documents = await askGateways(
      settings.map(([, vars]) => vars),
      documentOf,
    );
  });

  it.each(settings.map(([name], index) => [name, index] as const))("%s", async (_, index) => {
    expect(await validator.validate(documents[index] ?? {})).toEqual({ valid: true });
  });

  it("a version that is the project's", () => {
    const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8"));
    expect(documents[0]?.info.version).toBe(version);
  });
});

describe("an answer is as the document describes it:", () => {
  let gateway: Gateway;
  let judge: Judge;
  let login: { readonly access: string; readonly refresh: string };
  let sliding: { readonly token: string };

  beforeAll(async () => {
    gateway = await startGateway({ TOKEN_ENDPOINTS: everything, SESSION_METADATA: true }, { loginsPerMinute: 5 });
    await gateway.addUser({ id: 1, username: "ada", password });
    judge = documentJudge(await documentOf(gateway));
    const credentials = { username: "ada", password };
    login = (await (await gateway.post("/api/token/", credentials)).json()) as typeof login;
    sliding = (await (await gateway.post("/api/token/sliding/", credentials)).json()) as typeof sliding;
  });
  afterAll(() => gateway.close());

  /** Diagnostics one answer; gives its status. */
  async function judged(method: string, path: string, init: RequestInit = {}, described = path): Promise<number> {
    const response = await fetch(new URL(path, gateway.url.href), { method, ...init });
    const text = await response.text();
    const body = text === "" ? undefined : JSON.parse(text);
    expect(judge({ method, path: described, status: response.status, body })).toBeUndefined();
    return response.status;
  }
  const json = (body: object) => ({ body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  it.each(["/", "/refresh/", "/verify/", "/blacklist/", "/sliding/", "/sliding/refresh/"])(
    "%s without fields, with broken JSON, an unknown type, nothing acceptable, ?format=xml, too much",
    async (path) => {
      const at = `/api/token${path}`;
      expect(await judged("POST", at, json({}))).toBe(400);
      expect(await judged("POST", at, { body: "{", headers: { "content-type": "application/json" } })).toBe(400);
      expect(await judged("POST", at, { body: "x", headers: { "content-type": "text/csv" } })).toBe(415);
      expect(await judged("POST", at, { headers: { accept: "text/csv" } })).toBe(406);
      expect(await judged("POST", `${at}?format=xml`, {}, at)).toBe(404);
      const [status, text] = await declaredBody(gateway.url.host, at, 4 * 1024 * 1024 + 1);
      expect([status, judge({ method: "POST", path: at, status, body: JSON.parse(text) })]).toEqual([413, undefined]);
      expect(await judged("PUT", at)).toBe(405);
      expect(await judged("OPTIONS", at)).toBe(200);
    },
  );

  it.each(["/refresh/", "/blacklist/"])("%s with no token at all is refused", async (path) => {
    expect(await judged("POST", `/api/token${path}`, json({ refresh: "no.token.here" }))).toBe(401);
  });

  it("good and refused tokens, in the order of a session", async () => {
    expect(await judged("POST", "/api/token/verify/", json({ token: login.access }))).toBe(200);
    expect(await judged("POST", "/api/token/verify/", json({ token: "no.token.here" }))).toBe(401);
    expect(await judged("POST", "/api/token/sliding/refresh/", json({ token: sliding.token }))).toBe(200);
    expect(await judged("POST", "/api/token/sliding/refresh/", json({ token: login.access }))).toBe(401);
    expect(await judged("POST", "/api/token/refresh/", json({ refresh: login.refresh }))).toBe(200);
    expect(await judged("POST", "/api/token/refresh/", json({ refresh: login.refresh }))).toBe(401);
    expect(await judged("POST", "/api/token/verify/", json({ token: login.refresh }))).toBe(400);
    const { refresh } = (await (
      await gateway.post("/api/token/", { username: "ada", password })
    ).json()) as typeof login;
    expect(await judged("POST", "/api/token/blacklist/", json({ refresh }))).toBe(200);
    expect(await judged("POST", "/api/token/blacklist/", json({ refresh }))).toBe(401);
  });

  it("log-ins that are wrong, then too many", async () => {
    for (const path of ["/api/token/", "/api/token/sliding/"]) {
      expect(await judged("POST", path, json({ username: "eve", password: "x" }))).toBe(401);
    }
    const more = Array.from({ length: 12 }, () =>
      judged("POST", "/api/token/", json({ username: "eve", password: "x" })),
    );
    expect(await Promise.all(more)).toContain(429);
  });

  it("sessions: no token, a bad one, the list, an end, one that is not there, all of them", async () => {
    const list = "/api/token/sessions/";
    expect(await judged("GET", list)).toBe(401);
    expect(await judged("GET", list, bearer("no.token.here"))).toBe(401);
    expect(await judged("GET", list, { headers: { ...bearer(login.access).headers, accept: "text/csv" } })).toBe(406);
    expect(await judged("GET", list, bearer(login.access))).toBe(200);
    const sessions = (await (await gateway.get(list, login.access)).json()) as ReadonlyArray<{ readonly id: string }>;
    expect(sessions.length).toBeGreaterThan(0);
    const one = "/api/token/sessions/{id}/";
    expect(await judged("DELETE", `${list}${sessions[0]?.id}/`, bearer(login.access), one)).toBe(204);
    expect(await judged("DELETE", `${list}not-there/`, bearer(login.access), one)).toBe(404);
    expect(await judged("POST", "/api/token/logout-all/", bearer(login.access))).toBe(200);
    expect(await judged("POST", "/api/token/logout-all/", bearer(login.access))).toBe(401);
  });

  it("health and the document itself", async () => {
    expect(await judged("GET", "/_gateway/health/live")).toBe(200);
    expect(await judged("GET", "/_gateway/health/ready")).toBe(200);
    expect(await judged("GET", "/_gateway/openapi.json")).toBe(200);
  });
});
