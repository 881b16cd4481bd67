// The ready page: each check by name, what makes the gateway not ready, and what is a warning only.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type HealthDeps, readiness } from "../../src/endpoints/health.ts";
import { appWith, echoOrigin } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { exchangeFor } from "../support/exchange.ts";
import { flowDeps } from "../support/flow-deps.ts";

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());

const allOk = {
  ...{ settings: "ok", database: "ok", blacklist: "ok", keys: "ok" },
  ...{ jwks: "off", limiter: "off", metrics: "off" },
};

/** The answer of a gateway whose checks find what the test says. */
async function readyWith(change: Partial<HealthDeps>, vars: object = {}, warnings: readonly string[] = []) {
  const deps = await flowDeps({ ...vars });
  const health: HealthDeps = { ...deps, schema: { check: async () => "ok" }, keySource: undefined, ...change };
  const answer = await readiness(health, warnings)(exchangeFor());
  return { status: answer.status, body: await answer.json() };
}

describe("ready is 200", () => {
  it("when all works, with the warnings of the settings", async () => {
    expect(await readyWith({}, {}, ["One thing."])).toEqual({
      status: 200,
      body: { status: "ok", checks: allOk, warnings: ["One thing."] },
    });
  });

  it("with everything that can be bound", async () => {
    const loginLimiter = { allows: async () => true, ping: async () => true };
    const metrics = { add: () => {} };
    const { body } = await readyWith({ loginLimiter, metrics, keySource: async () => "ok" });
    expect(body).toMatchObject({ checks: { ...allOk, jwks: "ok", limiter: "ok", metrics: "on" } });
  });

  it("without a blacklist, which then is not looked at", async () => {
    const ping = vi.fn();
    const { news } = await flowDeps();
    const { status, body } = await readyWith({ news: { ...news, ping } }, { TOKEN_BLACKLIST_ENABLED: false });
    expect([status, body]).toMatchObject([200, { checks: { blacklist: "off" } }]);
    expect(ping).not.toHaveBeenCalled();
  });

  it("while the last good keys of JWK_URL are used, with a warning", async () => {
    expect(await readyWith({ keySource: async () => "last_good" })).toMatchObject({
      status: 200,
      body: {
        checks: { jwks: "last_good" },
        warnings: ["JWK_URL cannot be read: its last good keys are used, for six hours at most."],
      },
    });
  });

  it("while the limiter fails, since log-ins go on, with a warning", async () => {
    expect(await readyWith({ loginLimiter: { allows: async () => true, ping: async () => false } })).toMatchObject({
      status: 200,
      body: { checks: { limiter: "failed" }, warnings: ["LOGIN_LIMITER does not work: log-ins go on uncounted."] },
    });
  });
});

describe("ready is 503", () => {
  it("while the database does not answer", async () => {
    const failed = { check: async () => "failed" as const };
    const { status, body } = await readyWith({ schema: failed });
    expect([status, body]).toEqual([503, { status: "failed", checks: { ...allOk, database: "failed" }, warnings: [] }]);
  });

  it("while the news cannot be read", async () => {
    const { news } = await flowDeps();
    const { status, body } = await readyWith({ news: { ...news, ping: async () => false } });
    expect([status, body]).toMatchObject([503, { status: "failed", checks: { blacklist: "failed" } }]);
  });

  it("while the signing key does not sign, which is tried once", async () => {
    const { codec } = await flowDeps();
    const sign = vi.fn(() => Promise.reject(new Error("no")));
    const deps: HealthDeps = {
      ...(await flowDeps()),
      schema: { check: async () => "ok" },
      keySource: undefined,
      codec: { ...codec, sign },
    };
    const ready = readiness(deps, []);
    for (let call = 0; call < 3; call++) {
      const answer = await ready(exchangeFor());
      expect([answer.status, await answer.json()]).toMatchObject([503, { checks: { keys: "failed" } }]);
    }
    expect(sign.mock.calls).toEqual([[{}]]);
  });

  it("while JWK_URL has no keys to verify with", async () => {
    const keySource = vi.fn(async () => "failed" as const);
    const { status, body } = await readyWith({ keySource });
    expect([status, body]).toMatchObject([503, { status: "failed", checks: { jwks: "failed" } }]);
    expect(keySource.mock.calls).toEqual([[1_700_000_000]]);
  });
});

describe("the whole gateway", () => {
  const ready = async (vars: object) => {
    const app = await appWith({
      ORIGIN: echoOrigin,
      LOGIN_LIMITER: { limit: async () => ({ success: false }) },
      ...vars,
    });
    const answer = await app.fetch(new Request("https://gateway.example/_gateway/health/ready"));
    return { status: answer.status, body: (await answer.json()) as { checks: object; warnings: string[] } };
  };

  it("is ready with all its stores, also while its limiter has counted enough", async () => {
    expect(await ready({})).toEqual({
      status: 200,
      body: { status: "ok", checks: { ...allOk, limiter: "ok" }, warnings: [] },
    });
  });

  it("names the routes that are in shadow mode", async () => {
    const ROUTES = [
      { path: "/a/*", auth: "token", enforce: false },
      { path: "/*", auth: "token" },
    ];
    expect((await ready({ ROUTES })).body.warnings).toEqual([
      "ROUTES[0] (/a/*) has enforce = false: what it would refuse is logged and passes as nobody's.",
    ]);
  });

  it("with a database from before a column is not ready, and says what to run", async () => {
    await DB.prepare("ALTER TABLE outstanding_tokens RENAME COLUMN family TO away").run();
    const { status, body } = await ready({});
    await DB.prepare("ALTER TABLE outstanding_tokens RENAME COLUMN away TO family").run();
    expect([status, body]).toMatchObject([
      503,
      {
        checks: { database: "outdated" },
        warnings: [
          "The database lacks what this version needs: run schema.sql, and before it the ALTER TABLE lines of CHANGELOG.md.",
        ],
      },
    ]);
  });

  it("fetches JWK_URL for it once, and shows neither the address nor what went wrong", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("secret reason"));
    const { status, body } = await ready({ ...(await rsaKey()), JWK_URL: "https://keys.internal/set.json" });
    expect([status, body.checks]).toMatchObject([503, { jwks: "failed" }]);
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(body)).not.toMatch(/internal|secret/);
  });
});

/** An RSA key of its own for one test. */
async function rsaKey() {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const pair = await crypto.subtle.generateKey({ ...algorithm, hash: "SHA-256" }, true, ["sign", "verify"]);
  const der = await crypto.subtle.exportKey("pkcs8", (pair as CryptoKeyPair).privateKey);
  const base64 = Buffer.from(der as ArrayBuffer).toString("base64");
  return { ALGORITHM: "RS256", SIGNING_KEY: `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n` };
}
