// LOGIN_LIMITER through the whole app: what is counted, when, and what a client who tried too often is told.

import { createHash } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import * as scrypt from "../../src/users/hashers/scrypt.ts";
import { wire } from "../../src/wire.ts";
import { appWith, postJson } from "../support/app.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { healthKeyHeader, testSecret, withHealthKey } from "../support/settings.ts";
import { addUser } from "../support/users.ts";

vi.mock("../../src/users/hashers/scrypt.ts", { spy: true });

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";

beforeAll(() => addUser({ id: "1", username: "ada", password: hashOfPw }).then(() => undefined));
beforeEach(() => {
  vi.mocked(scrypt.deriveScrypt).mockReset().mockReturnValue(new Uint8Array(64));
});
afterEach(() => vi.restoreAllMocks());

const accountKey = (username: string) => `account:${createHash("sha256").update(username).digest("hex")}`;

/** Allows each key so often; no clock. */
function counter(limit: number) {
  const counts = new Map<string, number>();
  return {
    counts,
    limit: async ({ key }: { key: string }) => {
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return { success: count <= limit };
    },
  };
}

const vars = {
  UPGRADE_PASSWORD_HASHES: false,
  TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "sliding"],
  ORIGIN_URL: "https://origin.example",
};
const gatewayWith = async (limiter: object, more: object = {}, hooks = {}) => {
  const app = await appWith({ ...vars, LOGIN_LIMITER: limiter, ...more }, hooks);
  return (username: string, headers: Readonly<Record<string, string>> = {}, path = "/api/token/", password = "pw") =>
    app.fetch(postJson(path, { username, password }, headers));
};
const from = (address: string) => ({ "cf-connecting-ip": address });

describe("an attempt", () => {
  it("is counted once for the account, by the hash of its name, and once for the address", async () => {
    const limiter = counter(10);
    const logIn = await gatewayWith(limiter);
    expect((await logIn("ada", from("192.0.2.7"))).status).toBe(200);
    expect([...limiter.counts]).toEqual([
      ["account:fdee430d40bd57deeac186cd9790033d0f06f909a8806e7ce6e717ab7c7d5029", 1],
      ["address:192.0.2.7", 1],
    ]);
  });
  it.each(["/api/token/", "/api/token/sliding/"])("is counted at %s", async (path) => {
    const limiter = counter(10);
    const logIn = await gatewayWith(limiter);
    expect((await logIn("ada", {}, path)).status).toBe(200);
    expect([...limiter.counts.keys()]).toEqual([accountKey("ada")]);
  });
  it("is counted by the name as it is looked up: trimmed, and with its capitals", async () => {
    const limiter = counter(10);
    const logIn = await gatewayWith(limiter);
    for (const name of ["ada", " ada ", "Ada", "ａｄａ"]) await logIn(name);
    expect([...limiter.counts]).toEqual([
      [accountKey("ada"), 2],
      [accountKey("Ada"), 1],
      [accountKey("ａｄａ"), 1],
    ]);
  });
  it("has keys of one length and no name in them, however long the name", async () => {
    const limiter = counter(10);
    const logIn = await gatewayWith(limiter);
    await logIn("a-very-private-name@example.com".repeat(100));
    expect([...limiter.counts.keys()]).toEqual([expect.stringMatching(/^account:[0-9a-f]{64}$/)]);
  });
  it("that is no login is not counted: a refresh, a verification, a body without a name", async () => {
    const limiter = counter(10);
    const app = await appWith({ ...vars, LOGIN_LIMITER: limiter });
    const bodies = [
      ["/api/token/refresh/", { refresh: "x" }],
      ["/api/token/verify/", { token: "x" }],
      ["/api/token/sliding/refresh/", { token: "x" }],
      ["/api/token/", { password: "pw" }],
    ] as const;
    for (const [path, body] of bodies) await app.fetch(postJson(path, body, from("192.0.2.7")));
    expect(limiter.counts.size).toBe(0);
  });
});

describe("the client's address", () => {
  it("is what Cloudflare says, whatever the client says of itself", async () => {
    const limiter = counter(10);
    const logIn = await gatewayWith(limiter);
    for (let host = 1; host <= 20; host++) {
      const forged = `198.51.100.${host}`;
      await logIn(`user-${host}`, {
        ...from("192.0.2.7"),
        "x-forwarded-for": forged,
        "x-real-ip": forged,
        "true-client-ip": forged,
        forwarded: `for=${forged}`,
      });
    }
    expect([...limiter.counts.keys()].filter((key) => key.startsWith("address:"))).toEqual(["address:192.0.2.7"]);
    expect(limiter.counts.get("address:192.0.2.7")).toBe(20);
    expect((await logIn("ada", from("192.0.2.7"))).status).toBe(429);
    expect((await logIn("ada", from("192.0.2.8"))).status).toBe(200);
  });
  it("is one for 100 addresses of a /64", async () => {
    const limiter = counter(100);
    const logIn = await gatewayWith(limiter);
    for (let host = 1; host <= 100; host++) await logIn(`user-${host}`, from(`2001:db8:1:2::${host.toString(16)}`));
    expect(limiter.counts.get("address:2001:db8:1:2::/64")).toBe(100);
    expect((await logIn("ada", from("2001:db8:1:2:ffff::1"))).status).toBe(429);
    expect((await logIn("ada", from("2001:db8:1:3::1"))).status).toBe(200);
  });
  it("is left out where it stands for every Worker of another zone", async () => {
    const limiter = counter(1);
    const logIn = await gatewayWith(limiter);
    for (const name of ["one", "two", "ada"]) await logIn(name, from("2a06:98c0:3600::103"));
    expect([...limiter.counts]).toEqual([
      [accountKey("one"), 1],
      [accountKey("two"), 1],
      [accountKey("ada"), 1],
    ]);
  });
});

describe("a client who tried too often", () => {
  it("is told so as DRF tells it", async () => {
    const logIn = await gatewayWith(counter(0));
    const response = await logIn("ada");
    expect(response.status).toBe(429);
    expect(await response.text()).toBe('{"detail":"Request was throttled. Expected available in 60 seconds."}');
    expect(response.headers.get("retry-after")).toBe("60");
    expect(response.headers.get("www-authenticate")).toBeNull();
  });
  it("is told of ten seconds where LOGIN_LIMIT_PERIOD says that the binding counts for ten", async () => {
    const logIn = await gatewayWith(counter(0), { LOGIN_LIMIT_PERIOD: "10s" });
    for (const path of ["/api/token/", "/api/token/sliding/"]) {
      const response = await logIn("ada", {}, path);
      expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
        429,
        "10",
        { detail: "Request was throttled. Expected available in 10 seconds." },
      ]);
    }
  });
  it("is told so in the language that it asked for", async () => {
    const logIn = await gatewayWith(counter(0));
    expect(await (await logIn("ada", { "accept-language": "de" })).json()).toEqual({
      detail: "Zu viele Anfragen, bitte in 60 Sekunden erneut versuchen.",
    });
  });
  it("is refused from every address for an account, and for every account from an address", async () => {
    const logIn = await gatewayWith(counter(3));
    const account = [];
    for (let host = 1; host <= 5; host++) account.push((await logIn("ada", from(`192.0.2.${host}`))).status);
    expect(account).toEqual([200, 200, 200, 429, 429]);
    const address = [];
    for (let user = 1; user <= 5; user++) address.push((await logIn(`user-${user}`, from("203.0.113.9"))).status);
    expect(address).toEqual([401, 401, 401, 429, 429]);
  });
  it("cannot tell an account that exists from one that does not", async () => {
    const logIn = await gatewayWith(counter(0));
    const answer = async (name: string, password: string) => {
      const response = await logIn(name, {}, "/api/token/", password);
      const headers = [...response.headers].filter(([header]) => header !== "x-request-id");
      return [response.status, headers, await response.text()];
    };
    const known = await answer("ada", "pw");
    expect(await answer("nobody", "pw")).toEqual(known);
    expect(await answer("ada", "wrong")).toEqual(known);
    expect(await answer("ada", "x".repeat(5000))).toEqual(known);
  });
  it("costs no hash, no look at the database and no call of a hook", async () => {
    const told: string[] = [];
    const prepare = vi.spyOn(DB, "prepare");
    const logIn = await gatewayWith(
      counter(0),
      {},
      { onLoginFailed: (_: unknown, reason: string) => told.push(reason) },
    );
    expect((await logIn("nobody")).status).toBe(429);
    expect(vi.mocked(scrypt.deriveScrypt).mock.calls).toEqual([]);
    expect(prepare.mock.calls).toEqual([]);
    expect(told).toEqual([]);
  });
  it("is login_throttled in the log, without a name or an address", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    const logIn = await gatewayWith(counter(0), { LOG: "denied" });
    // No name that could be a part of the hexadecimal request id.
    await logIn("wanda", from("192.0.2.7"));
    const lines = spy.mock.calls.map(([line]) => String(line));
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ event: "request", reason: "login_throttled", status: 429 });
    expect(lines[1]).not.toMatch(/wanda|192\.0\.2\.7/);
  });
});

describe("a limiter that does not work", () => {
  const failing = {
    limit: async () => {
      throw new Error("limiter is down");
    },
  };
  it("keeps nobody out, and is loud in the log even where LOG is off", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    const logIn = await gatewayWith(failing, { LOG: "off" });
    expect((await logIn("ada", from("192.0.2.7"))).status).toBe(200);
    const line = { event: "store_failed", store: "ratelimit", error: "limiter is down" };
    expect(spy.mock.calls.map(([one]) => JSON.parse(String(one)))).toEqual([line, line]);
  });
  it("still leaves the password to be checked", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const logIn = await gatewayWith(failing);
    expect((await logIn("ada", {}, "/api/token/", "wrong")).status).toBe(401);
  });
});

describe("LOGIN_LIMITER", () => {
  it.each([
    ["a text", "1001"],
    ["something else that is bound", BLACKLIST],
  ])("is a problem when it is %s", async (_, bound) => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const env = { SIGNING_KEY: testSecret, DB, BLACKLIST, LOGIN_LIMITER: bound } as unknown as Parameters<
      typeof wire
    >[0];
    expect(await wire(env, {})).toEqual({ errors: ["LOGIN_LIMITER must be a rate limit binding."] });
  });
  it("may be left out: then nothing is counted, and the log and the ready page warn, the page whoever has HEALTH_KEY", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    const app = await appWith({ ...vars, ...withHealthKey });
    expect(spy.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
      {
        event: "settings_warnings",
        warnings: ["LOGIN_LIMITER is not bound: nothing here slows down password guessing."],
      },
    ]);
    for (let attempt = 1; attempt <= 20; attempt++) {
      expect((await app.fetch(postJson("/api/token/", { username: "ada", password: "pw" }))).status).toBe(200);
    }
    const at = "https://gateway.example/_gateway/health/ready";
    const ready = await app.fetch(new Request(at, { headers: healthKeyHeader }));
    expect(await ready.json()).toMatchObject({
      warnings: ["LOGIN_LIMITER is not bound: nothing here slows down password guessing."],
    });
  });
});
