// X-Gateway-Users: applied before the client has the answer, and seen by nobody but the gateway. With real D1.
import { deflateRawSync } from "node:zlib";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { appWith, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { oldHash, password } from "../support/passwords.ts";
import { otherProvisioningKey, provisioningKey, type Sealing, sealedUsers } from "../support/provisioning.ts";
import { freshId } from "../support/rows.ts";

const vars = {
  PROVISIONING_KEY: provisioningKey,
  USER_ID_TYPE: "text",
  USERS_OWNER: "origin",
  UPGRADE_PASSWORD_HASHES: false,
  ROUTES: [{ path: "/*", auth: "public" }],
};

/** What would be "other_request" if it were read. */
const compressed = deflateRawSync(JSON.stringify({ rid: "x", iat: 1, users: [] }));

interface Answer {
  readonly users?: readonly unknown[];
  readonly sealing?: Sealing;
  /** In the place of one sealed header. */
  readonly headers?: (sealed: string) => ReadonlyArray<readonly [string, string]>;
  readonly status?: number;
  readonly body?: string | null;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly request?: RequestInit;
}

/** An API that answers with users, and what a client gets of it. */
async function asked({ users = [], sealing, headers, status = 200, body = "body", settings, request }: Answer) {
  const origin = {
    fetch: async (_: string, init: RequestInit) => {
      const sealed = sealedUsers(new Headers(init.headers).get("x-request-id") ?? "", users, sealing);
      const all = headers?.(sealed) ?? [["X-Gateway-Users", sealed]];
      const answer = new Response([101, 204, 304].includes(status) ? null : body, { status, headers: { etag: '"a"' } });
      for (const [name, value] of all) answer.headers.append(name, value);
      return answer;
    },
  };
  const app = await appWith({ ...vars, ...settings, ORIGIN: origin });
  return app.fetch(new Request("https://gateway.example/sign-up/", request));
}

const row = (id: string) => DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first<Record<string, unknown>>();
let logged: Record<string, unknown>[] = [];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => void logged.push(JSON.parse(text)));
});
const events = () =>
  logged.flatMap(({ event, request_id, ...rest }) => (event === "settings_warnings" ? [] : [{ event, ...rest }]));

describe("sessions that a change ends", () => {
  const issuedBefore = (id: string) =>
    DB.prepare("SELECT issued_before FROM user_cutoffs WHERE user_id = ?").bind(id).first<number>("issued_before");
  const changed = (id: string, version: number) => ({ id, version, username: id, password: `md5$a$${version}` });

  it("are those until the answer, not until the request: the API may have worked for seconds", async () => {
    const id = freshId();
    await asked({ users: [changed(id, 1)] });
    const began = Math.floor(Date.now() / 1000);
    const clock = vi.spyOn(Date, "now");
    const headers = (sealed: string) => {
      clock.mockImplementation(() => (began + 20) * 1000 + 999);
      return [["x-gateway-users", sealed] as const];
    };
    await asked({ users: [changed(id, 2)], headers });
    clock.mockRestore();
    expect(await issuedBefore(id)).toBe(began + 21);
  });

  it("leave the next log-in alone: the client has the answer when the second of the ending is over", async () => {
    const id = freshId();
    await asked({ users: [changed(id, 1)] });
    await asked({ users: [changed(id, 2)] });
    expect(Math.floor(Date.now() / 1000)).toBeGreaterThanOrEqual((await issuedBefore(id)) ?? Number.NaN);
  });
});

describe("X-Gateway-Users of an answer", () => {
  it("makes a user before the client has the answer, and does not reach the client", async () => {
    const id = freshId();
    const response = await asked({ users: [{ id, version: 1, username: id, password: oldHash }] });
    expect(await row(id)).toMatchObject({ username: id, password: oldHash, version: 1 });
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: "body" });
    expect([...response.headers.keys()]).not.toContain("x-gateway-users");
    expect(response.headers.get("etag")).toBe('"a"');
    const app = await appWith({ ...vars, ORIGIN: echoOrigin });
    expect((await app.fetch(postJson("/api/token/", { username: id, password }))).status).toBe(200);
  });

  it.each([
    ["201", { status: 201 }],
    ["204", { status: 204 }],
    ["302", { status: 302 }],
    ["304", { status: 304 }],
    ["400", { status: 400 }],
    ["500", { status: 500 }],
    ["of HEAD", { request: { method: "HEAD" } }],
    ["of POST", { request: { method: "POST", body: "x" } }],
  ])("is applied and dropped on an answer %s", async (_, answer: Answer) => {
    const id = freshId();
    const response = await asked({ users: [{ id, version: 1 }], ...answer });
    expect(response.status).toBe(answer.status ?? 200);
    expect(response.headers.has("x-gateway-users")).toBe(false);
    expect(await row(id)).toMatchObject({ version: 1 });
  });

  it("is applied and dropped on the handshake of a WebSocket, which goes on", async () => {
    const id = freshId();
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.addEventListener("message", ({ data }) => server.send(`echo ${data}`));
    const origin = {
      fetch: async (_: string, init: RequestInit) => {
        const rid = new Headers(init.headers).get("x-request-id") ?? "";
        const headers = { "x-gateway-users": sealedUsers(rid, [{ id, version: 1 }]), "sec-websocket-protocol": "a" };
        return new Response(null, { status: 101, webSocket: client, headers });
      },
    };
    const app = await appWith({ ...vars, ORIGIN: origin });
    const headers = { upgrade: "websocket" };
    const {
      status,
      webSocket,
      headers: answered,
    } = await app.fetch(new Request("https://gateway.example/", { headers }));
    expect({ status, protocol: answered.get("sec-websocket-protocol") }).toEqual({ status: 101, protocol: "a" });
    expect(answered.has("x-gateway-users")).toBe(false);
    expect(await row(id)).toMatchObject({ version: 1 });
    webSocket?.accept();
    const message = new Promise((resolve) => webSocket?.addEventListener("message", ({ data }) => resolve(data)));
    webSocket?.send("x");
    expect(await message).toBe("echo x");
    webSocket?.close();
  });

  it("is dropped while provisioning is off, too, and nothing is applied or logged", async () => {
    const id = freshId();
    for (const status of [200, 304, 404]) {
      const response = await asked({ users: [{ id, version: 1 }], status, settings: { PROVISIONING_KEY: "" } });
      expect({ status: response.status, has: response.headers.has("x-gateway-users") }).toEqual({ status, has: false });
    }
    expect(await row(id)).toBeNull();
    expect(logged.filter(({ event }) => String(event).startsWith("user"))).toEqual([]);
  });

  it("may come several times, as one layer and then another add it", async () => {
    const ids = [freshId(), freshId()];
    const headers = (sealed: string) =>
      [
        ["x-gateway-users", sealed],
        ["X-Gateway-Users", sealed],
      ] as const;
    await asked({ users: ids.map((id) => ({ id, version: 1 })), headers });
    expect(events().map(({ event }) => event)).toEqual(["user_provisioned", "user_provisioned"]);
    for (const id of ids) expect(await row(id)).not.toBeNull();
    await asked({ headers: (sealed) => Array.from({ length: 6 }, () => ["x-gateway-users", sealed] as const) });
    expect(logged.at(-1)).toMatchObject({ event: "users_header_ignored", reason: "too_many" });
  });

  it.each<[string, string, (id: string) => Answer]>([
    ["is sealed with another key", "unreadable", () => ({ sealing: { key: otherProvisioningKey } })],
    ["is no JWE", "unreadable", () => ({ headers: () => [["x-gateway-users", "a.b.c.d.e"]] })],
    ["is empty", "unreadable", () => ({ headers: () => [["x-gateway-users", ""]] })],
    ["has another type", "unreadable", () => ({ sealing: { header: { typ: "JWT" } } })],
    ["has no type", "unreadable", () => ({ sealing: { header: { typ: undefined } } })],
    ["names another encryption", "unreadable", () => ({ sealing: { header: { enc: "A128GCM" } } })],
    ["names RSA", "unreadable", () => ({ sealing: { header: { alg: "RSA-OAEP-256" } } })],
    [
      "names a password",
      "unreadable",
      () => ({ sealing: { header: { alg: "PBES2-HS256+A128KW", p2c: 1e9, p2s: "AAAAAAAAAAA" } } }),
    ],
    ["names a wrapped key", "unreadable", () => ({ sealing: { header: { alg: "A256KW" } } })],
    ["is compressed", "unreadable", () => ({ sealing: { header: { zip: "DEF" }, plaintext: compressed } })],
    ["has a critical header", "unreadable", () => ({ sealing: { header: { crit: ["x"], x: 1 } } })],
    ["holds no JSON", "unreadable", () => ({ sealing: { plaintext: new TextEncoder().encode("{") } })],
    ["holds no UTF-8", "unreadable", () => ({ sealing: { plaintext: new Uint8Array([0xff]) } })],
    ["holds a list", "unreadable", () => ({ sealing: { message: [] } })],
    ["holds users that are no list", "unreadable", () => ({ sealing: { message: { users: {} } } })],
    [
      "names another request",
      "other_request",
      (id) => ({ sealing: { message: { rid: "x", iat: 1, users: [{ id, version: 1 }] } } }),
    ],
    ["names no request", "other_request", (id) => ({ sealing: { message: { users: [{ id, version: 1 }] } } })],
    ["is late", "late", () => ({ sealing: { nowSeconds: Math.floor(Date.now() / 1000) - 302 } })],
    ["is to come", "late", () => ({ sealing: { nowSeconds: Math.floor(Date.now() / 1000) + 303 } })],
    ["is too long", "too_long", (id) => ({ users: [{ id, version: 1, extra: { a: "x".repeat(2300) } }] })],
  ])("that %s is ignored and logged, and the answer goes on", async (_, reason, answer) => {
    const id = freshId();
    const response = await asked({
      users: [{ id, version: 1 }],
      settings: { PROVISIONING_STRICT: true },
      ...answer(id),
    });
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: "body" });
    expect(response.headers.has("x-gateway-users")).toBe(false);
    expect(await row(id)).toBeNull();
    expect(events()).toEqual([{ event: "users_header_ignored", reason }]);
  });

  it("that was made for another request of the same user is ignored", async () => {
    const id = freshId();
    const seen: string[] = [];
    const headers = (sealed: string) => {
      seen.push(sealed);
      return [["x-gateway-users", seen[0] ?? ""]] as const;
    };
    await asked({ users: [{ id, version: 1 }], headers });
    await asked({ headers });
    expect(events().at(-1)).toEqual({ event: "users_header_ignored", reason: "other_request" });
  });

  it("is opened by either key, and where the clocks are 90 s apart", async () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    for (const sealing of [
      { key: otherProvisioningKey },
      { nowSeconds: nowSeconds - 90 },
      { nowSeconds: nowSeconds + 90 },
    ]) {
      const id = freshId();
      const settings = { PROVISIONING_KEY: `${provisioningKey} ${otherProvisioningKey}` };
      await asked({ users: [{ id, version: 1 }], sealing, settings });
      expect(await row(id)).not.toBeNull();
    }
  });

  it("that is older than what was applied changes nothing, and is no failure", async () => {
    const id = freshId();
    await asked({ users: [{ id, version: 2, first_name: "new" }] });
    const response = await asked({
      users: [{ id, version: 1, first_name: "old" }],
      settings: { PROVISIONING_STRICT: true },
    });
    expect(response.status).toBe(200);
    expect(await row(id)).toMatchObject({ first_name: "new" });
  });
});

describe("users that cannot be applied", () => {
  const down = new Proxy(DB, {
    get(one, property) {
      if (property === "batch") return () => Promise.reject(new Error("D1_ERROR: overloaded"));
      const value: unknown = Reflect.get(one, property, one);
      return typeof value === "function" ? value.bind(one) : value;
    },
  });
  const id = freshId();

  it.each<[string, Answer, readonly string[]]>([
    ["because the store is down", { settings: { DB: down } }, ["store_failed", "users_header_failed"]],
    ["because a field is wrong", { users: [{ id, version: "1" }] }, ["provisioning_refused", "users_header_failed"]],
    ["because one is no object", { users: [null] }, ["provisioning_refused", "users_header_failed"]],
  ])("%s are logged, and the answer goes on unless PROVISIONING_STRICT", async (_, answer, names) => {
    const given = { users: [{ id, version: 1 }], ...answer };
    const response = await asked(given);
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: "body" });
    expect(events().map(({ event }) => event)).toEqual(names);
    const strict = await asked({ ...given, settings: { ...answer.settings, PROVISIONING_STRICT: true } });
    expect({ status: strict.status, body: await strict.json() }).toEqual({
      status: 502,
      body: { detail: "Bad gateway." },
    });
    expect(strict.headers.has("x-gateway-users")).toBe(false);
  });
});

describe("X-Gateway-Users of a client", () => {
  let app: App;
  beforeAll(async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    app = await appWith({ ...vars, PROVISIONING_KEY: "", ORIGIN: echoOrigin, ALLOW_HEADERS: ["x.other"] });
  });
  afterEach(() => vi.restoreAllMocks());

  it.each(["x-gateway-users", "X-GATEWAY-USERS", "x_gateway_users", "x.gateway.users", "X-Gateway_Users"])(
    "does not reach the API, spelled %s",
    async (name) => {
      const request = new Request("https://gateway.example/", { headers: { [name]: "x", "x-kept": "y" } });
      const { headers } = (await (await app.fetch(request)).json()) as { headers: Record<string, string> };
      expect(Object.keys(headers).filter((one) => one.includes("users"))).toEqual([]);
      expect(headers["x-kept"]).toBe("y");
    },
  );

  it("cannot be let through, nor be set from a claim", async () => {
    await expect(appWith({ ...vars, ALLOW_HEADERS: ["x_gateway_users"] })).rejects.toThrow("ALLOW_HEADERS");
    await expect(appWith({ ...vars, IDENTITY_HEADERS: { "X-Gateway-Users": "sub" } })).rejects.toThrow(
      "IDENTITY_HEADERS",
    );
  });
});
