// The ready page: each check by name, what makes the gateway not ready, and what is a warning only.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type HealthDependencies, readiness } from "../../src/api/health.ts";
import { appWith, echoOrigin } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { contextFor } from "../support/context.ts";
import { testServices } from "../support/services.ts";
import { testSecret } from "../support/settings.ts";

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());

const key = "for-the-tests-of-health";
const ok = { status: "ok" };
const off = { status: "off" };
const failed = { status: "failed" };
/** What everybody sees when all is well, and what whoever has the key sees. */
const openOk = { settings: ok, database: ok, blacklist: ok, keys: ok, jwks: off };
const allOk = { ...openOk, limiter: off, metrics: off, issuers: off };

async function depsWith(change: Partial<HealthDependencies>, vars: object = {}): Promise<HealthDependencies> {
  const deps = await testServices({ HEALTH_KEY: key, ...vars });
  return { ...deps, schema: { check: async () => "ok" }, keySource: undefined, issuers: [], ...change };
}

const read = async (answer: Response) => ({ status: answer.status, body: await answer.json() });

/** What a gateway whose checks find what the test says answers to whoever has the key. */
async function readyWith(change: Partial<HealthDependencies>, vars: object = {}, warnings: readonly string[] = []) {
  return read(await readiness(await depsWith(change, vars), warnings)(contextFor(), key));
}

/** The same for everybody else. */
async function openlyWith(change: Partial<HealthDependencies>, vars: object = {}, presented: string | null = null) {
  return read(await readiness(await depsWith(change, vars), ["A secret warning."])(contextFor(), presented));
}

describe("everybody sees", () => {
  it("the status of what readiness depends on, and nothing else", async () => {
    expect(await openlyWith({})).toEqual({ status: 200, body: { status: "ok", checks: openOk } });
    const loginLimiter = { allows: async () => true, ping: async () => false };
    const more = { loginLimiter, metrics: { add: () => {} }, keySource: async () => "last_good" as const };
    expect(await openlyWith(more)).toEqual({
      status: 200,
      body: { status: "ok", checks: { ...openOk, jwks: ok } },
    });
  });

  it("nothing of issuers, which are not even asked", async () => {
    const keysState = vi.fn(async () => "failed" as const);
    const issuers = [{ place: "ISSUERS[0]", issuer: "https://idp.example/", keysState }];
    expect(await openlyWith({ issuers })).toEqual({ status: 200, body: { status: "ok", checks: openOk } });
    expect(await openlyWith({ issuers }, {}, "wrong")).toEqual({ status: 200, body: { status: "ok", checks: openOk } });
    expect(keysState).not.toHaveBeenCalled();
  });

  it("that an outdated database does not work, and not what it lacks", async () => {
    expect(await openlyWith({ schema: { check: async () => "outdated" } })).toEqual({
      status: 503,
      body: { status: "failed", checks: { ...openOk, database: failed } },
    });
  });

  it.each(["integer_ids", "name_index_missing"] as const)("the same for a database that is %s", async (state) => {
    expect((await openlyWith({ schema: { check: async () => state } })).body).toEqual({
      status: "failed",
      checks: { ...openOk, database: failed },
    });
  });

  it.each([[""], ["for-the-tests-of-healt"], ["For-the-tests-of-health"], ["for-the-tests-of-health "], ["null"]])(
    "no more with the wrong key %j",
    async (presented) => {
      expect((await openlyWith({}, {}, presented)).body).toEqual({ status: "ok", checks: openOk });
    },
  );

  it.each([[""], ["null"], ["undefined"]])("no more with %j where no key is set", async (presented) => {
    expect((await openlyWith({}, { HEALTH_KEY: "" }, presented)).body).toEqual({ status: "ok", checks: openOk });
  });
});

describe("what was found is remembered", () => {
  const counting = async () => {
    const check = vi.fn<() => Promise<"ok" | "failed">>(async () => "ok");
    const { revocationCache } = await testServices();
    const ping = vi.fn(async () => true);
    const ready = readiness(await depsWith({ schema: { check }, revocationCache: { ...revocationCache, ping } }), []);
    const at = async (nowSeconds: number, presented: string | null = null) =>
      (await ready(contextFor({ nowSeconds }), presented)).status;
    return { check, ping, at };
  };

  it("for five seconds, whoever asks and however often", async () => {
    const { check, ping, at } = await counting();
    for (let call = 0; call < 100; call++) expect(await at(1000 + (call % 5))).toBe(200);
    expect([check.mock.calls.length, ping.mock.calls.length]).toEqual([1, 1]);
    check.mockResolvedValue("failed");
    expect(await at(1004)).toBe(200);
    expect(await at(1005)).toBe(503);
    check.mockResolvedValue("ok");
    expect(await at(1009)).toBe(503);
    expect(await at(1010)).toBe(200);
    expect(check).toHaveBeenCalledTimes(3);
  });

  it("but not for whoever has the key, who always gets a new look", async () => {
    const { check, at } = await counting();
    expect(await at(1000)).toBe(200);
    check.mockResolvedValue("failed");
    expect(await at(1000, key)).toBe(503);
    expect(await at(1000)).toBe(200);
    expect(check).toHaveBeenCalledTimes(2);
  });

  it("as a value: a look whose request has gone holds nobody up", async () => {
    const { check, at } = await counting();
    expect(await at(1000)).toBe(200);
    check.mockReturnValueOnce(new Promise(() => {}));
    void at(1005);
    expect(await at(1005)).toBe(200);
    expect(await at(1009)).toBe(200);
    check.mockResolvedValue("failed");
    expect(await at(1010)).toBe(503);
    expect(check).toHaveBeenCalledTimes(3);
  });

  it("and ten looks are under way at most while nothing was found yet", async () => {
    const { check, at } = await counting();
    check.mockReturnValue(new Promise(() => {}));
    for (let call = 0; call < 10; call++) void at(1000);
    expect(await at(1000)).toBe(503);
    expect(await at(1004)).toBe(503);
    expect(check).toHaveBeenCalledTimes(10);
    check.mockResolvedValue("ok");
    expect(await at(1005)).toBe(200);
  });
});

describe("a key for the health page", () => {
  it.each<[string, string]>([
    ["short-key-of-15", "HEALTH_KEY has 15 bytes; it needs at least 16. Make one with: openssl rand -base64 32"],
    [" ".repeat(20), "HEALTH_KEY must not be blank."],
    [
      " with a blank in front",
      "HEALTH_KEY must be printable ASCII without spaces at its ends: X-Health-Key cannot carry anything else.",
    ],
    [
      "with-an-\u00fc-in-the-middle",
      "HEALTH_KEY must be printable ASCII without spaces at its ends: X-Health-Key cannot carry anything else.",
    ],
    [testSecret, "HEALTH_KEY must be a secret of its own."],
  ])("must not be %j", async (HEALTH_KEY, error) => {
    await expect(testServices({ HEALTH_KEY })).rejects.toThrow(error);
  });

  it("may have 16 characters", async () => {
    await expect(testServices({ HEALTH_KEY: "sixteen-bytes-ok" })).resolves.toBeDefined();
  });
});

describe("for whoever has the key ready is 200", () => {
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
    expect(body).toMatchObject({ checks: { ...allOk, jwks: ok, limiter: ok, metrics: { status: "on" } } });
  });

  it("without a blacklist, which then is not looked at", async () => {
    const ping = vi.fn();
    const { revocationCache } = await testServices();
    const { status, body } = await readyWith(
      { revocationCache: { ...revocationCache, ping } },
      { TOKEN_BLACKLIST_ENABLED: false },
    );
    expect([status, body]).toMatchObject([200, { checks: { blacklist: off } }]);
    expect(ping).not.toHaveBeenCalled();
  });

  it("while the last good keys of JWK_URL are used, with a warning", async () => {
    expect(await readyWith({ keySource: async () => "last_good" })).toMatchObject({
      status: 200,
      body: {
        checks: { jwks: { status: "last_good" } },
        warnings: ["JWK_URL cannot be read: the last good keys are used, for at most six hours."],
      },
    });
  });

  it("while the limiter fails, since log-ins go on, with a warning", async () => {
    expect(await readyWith({ loginLimiter: { allows: async () => true, ping: async () => false } })).toMatchObject({
      status: 200,
      body: { checks: { limiter: failed }, warnings: ["LOGIN_LIMITER does not work: log-ins continue uncounted."] },
    });
  });
});

describe("for whoever has the key, issuers", () => {
  type States = ReadonlyArray<Awaited<ReturnType<HealthDependencies["issuers"][number]["keysState"]>>>;
  const issuersWith = (states: States) =>
    states.map((state, index) => ({
      place: `ISSUERS[${index}]`,
      issuer: `https://idp-${index}.example/`,
      keysState: async () => state,
    }));

  it.each<[States, status: string, warnings: readonly string[]]>([
    [["ok", "ok"], "ok", []],
    [
      ["ok", "failed"],
      "failed",
      ["The keys of ISSUERS[1] (https://idp-1.example/) cannot be read: tokens of this issuer are refused."],
    ],
    [
      ["last_good", "ok"],
      "last_good",
      [
        "The keys of ISSUERS[0] (https://idp-0.example/) cannot be read: the last good keys are used, for at most six hours.",
      ],
    ],
    [
      ["last_good", "failed"],
      "failed",
      [
        "The keys of ISSUERS[0] (https://idp-0.example/) cannot be read: the last good keys are used, for at most six hours.",
        "The keys of ISSUERS[1] (https://idp-1.example/) cannot be read: tokens of this issuer are refused.",
      ],
    ],
  ])("that are %j are %s, and the gateway is ready", async (states, status, warnings) => {
    expect(await readyWith({ issuers: issuersWith(states) })).toEqual({
      status: 200,
      body: { status: "ok", checks: { ...allOk, issuers: { status } }, warnings },
    });
  });

  it("that do not answer are waited for two seconds", async () => {
    const waited: number[] = [];
    const pause = async (milliseconds: number) => void waited.push(milliseconds);
    const [first, second] = issuersWith(["ok", "ok"]);
    if (!first || !second) throw new Error("there are two");
    const silent = { ...second, keysState: () => new Promise<never>(() => {}) };
    expect(await readyWith({ issuers: [first, silent], pause })).toEqual({
      status: 200,
      body: {
        status: "ok",
        checks: { ...allOk, issuers: { status: "slow" } },
        warnings: ["The keys of ISSUERS[1] (https://idp-1.example/) did not come within two seconds."],
      },
    });
    expect(waited).toEqual([2000]);
  });
});

describe("for whoever has the key ready is 503", () => {
  it("while the database does not answer", async () => {
    const { status, body } = await readyWith({ schema: { check: async () => "failed" } });
    expect([status, body]).toEqual([503, { status: "failed", checks: { ...allOk, database: failed }, warnings: [] }]);
  });

  it.each([
    ["outdated", "`npm run manage -- migrate --remote`"],
    ["integer_ids", "`npm run manage -- migrate --finish --remote`"],
    ["name_index_missing", "`npm run manage -- migrate --remote`"],
  ] as const)("while the database is %s, and names the command", async (state, command) => {
    const { status, body } = await readyWith({ schema: { check: async () => state } });
    expect([status, body]).toMatchObject([503, { checks: { ...allOk, database: { status: "outdated" } } }]);
    expect((body as { warnings: readonly string[] }).warnings[0]).toContain(command);
  });

  it("while the news cannot be read", async () => {
    const { revocationCache } = await testServices();
    const { status, body } = await readyWith({ revocationCache: { ...revocationCache, ping: async () => false } });
    expect([status, body]).toMatchObject([503, { status: "failed", checks: { blacklist: failed } }]);
  });

  it("while the signing key does not sign, which is tried once", async () => {
    const { codec } = await testServices();
    const sign = vi.fn(() => Promise.reject(new Error("no")));
    const ready = readiness(await depsWith({ codec: { ...codec, sign } }), []);
    for (let call = 0; call < 3; call++) {
      const answer = await ready(contextFor(), key);
      expect([answer.status, await answer.json()]).toMatchObject([503, { checks: { keys: failed } }]);
    }
    expect(sign.mock.calls).toEqual([[{}]]);
  });

  it("while JWK_URL has no keys to verify with", async () => {
    const keySource = vi.fn(async () => "failed" as const);
    const { status, body } = await readyWith({ keySource });
    expect([status, body]).toMatchObject([503, { status: "failed", checks: { jwks: failed } }]);
    expect(keySource.mock.calls).toEqual([[1_700_000_000]]);
  });
});

const readyUrl = "https://gateway.example/_gateway/health/ready";

describe("the whole gateway", () => {
  const ready = async (vars: object) => {
    const app = await appWith({
      HEALTH_KEY: key,
      ORIGIN: echoOrigin,
      LOGIN_LIMITER: { limit: async () => ({ success: false }) },
      ...vars,
    });
    const answer = await app.fetch(new Request(readyUrl, { headers: { "X-Health-Key": key } }));
    return { status: answer.status, body: (await answer.json()) as { checks: object; warnings: string[] } };
  };

  it("is ready with all its stores, also while its limiter has counted enough", async () => {
    expect(await ready({})).toEqual({
      status: 200,
      body: { status: "ok", checks: { ...allOk, limiter: ok }, warnings: [] },
    });
  });

  it("tells everybody else no more than the status, and logs what it warns of once", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    const vars = { ORIGIN: echoOrigin, SIGNING_KEY: "abcdabcdabcdabcdabcd", ALLOW_SHORT_SIGNING_KEY: true };
    const app = await appWith({ ...vars, HEALTH_KEY: key, ROUTES: [{ path: "/*", auth: "token", enforce: false }] });
    for (const headers of [{}, { "X-Health-Key": "wrong" }, { "X-Health-Key": `${key}, ${key}` }]) {
      const answer = await app.fetch(new Request(readyUrl, { headers }));
      expect([answer.status, await answer.json()]).toEqual([200, { status: "ok", checks: openOk }]);
    }
    const logged = spy.mock.calls.map(([line]) => JSON.parse(String(line)) as { event: string });
    expect(logged.filter(({ event }) => event === "settings_warnings")).toHaveLength(1);
    expect(JSON.stringify(logged)).toMatch(/enforce = false/);
    expect(JSON.stringify(logged)).not.toContain(key);
  });

  it("names the routes that are in shadow mode", async () => {
    const ROUTES = [
      { path: "/a/*", auth: "token", enforce: false },
      { path: "/*", auth: "token" },
    ];
    expect((await ready({ ROUTES })).body.warnings).toEqual([
      "ROUTES[0] (/a/*) has enforce = false: what it would refuse is logged and passes as anonymous.",
    ]);
  });

  it("with a database from before a column is not ready, and says what to run", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    await DB.prepare("ALTER TABLE sessions RENAME COLUMN mark TO away").run();
    const { status, body } = await ready({});
    await DB.prepare("ALTER TABLE sessions RENAME COLUMN away TO mark").run();
    expect(JSON.stringify(spy.mock.calls)).toContain("run schema.sql");
    expect([status, body]).toMatchObject([
      503,
      {
        checks: { database: { status: "outdated" } },
        warnings: [
          "The database lacks what this version needs: run `npm run manage -- migrate --remote`, or run schema.sql, and before it the ALTER TABLE lines of CHANGELOG.md.",
        ],
      },
    ]);
  });

  it("fetches JWK_URL for it once, and shows neither the address nor what went wrong", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("secret reason"));
    const { status, body } = await ready({ ...(await rsaKey()), JWK_URL: "https://keys.internal/set.json" });
    expect([status, body.checks]).toMatchObject([503, { jwks: failed }]);
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(body)).not.toMatch(/internal|secret/);
  });

  it("is ready while an issuer is down, which is asked for whoever has the key alone, and once", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("secret reason"));
    const issuer = "https://idp.example/";
    const app = await appWith({
      HEALTH_KEY: key,
      ORIGIN: echoOrigin,
      LOGIN_LIMITER: { limit: async () => ({ success: true }) },
      ISSUERS: [{ issuer, jwks: "https://keys.example/set.json", audience: "api" }],
      ROUTES: [{ path: "/*", auth: "token", issuers: ["self", issuer] }],
    });
    const open = await app.fetch(new Request(readyUrl));
    expect([open.status, await open.json()]).toEqual([200, { status: "ok", checks: openOk }]);
    expect(fetched).not.toHaveBeenCalled();
    for (let call = 0; call < 2; call++) {
      const answer = await app.fetch(new Request(readyUrl, { headers: { "X-Health-Key": key } }));
      expect([answer.status, await answer.json()]).toEqual([
        200,
        {
          status: "ok",
          checks: { ...allOk, limiter: ok, issuers: failed },
          warnings: [
            "The keys of ISSUERS[0] (https://idp.example/) cannot be read: tokens of this issuer are refused.",
          ],
        },
      ]);
    }
    expect(fetched).toHaveBeenCalledTimes(1);
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
