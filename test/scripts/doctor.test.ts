// `doctor`: what it finds of settings, of a gateway as clients see it, of the API and of databases, and what it says to do.
import { describe, expect, it } from "vitest";
import { lookInDatabases } from "../../scripts/doctor/in-databases.ts";
import { issuerFindings, type LoadSet } from "../../scripts/doctor/issuers.ts";
import { keyFindings } from "../../scripts/doctor/keys.ts";
import { type Get, lookAround, lookOverHttp } from "../../scripts/doctor/over-http.ts";
import { diagnose, findingLines, type Patient } from "../../scripts/manage/doctor.ts";
import { openApiDocument } from "../../src/api/openapi/openapi.ts";
import { type Configuration, readConfiguration } from "../../src/configuration.ts";
import { provider } from "../support/provider.ts";
import { settingsOf, testSecret } from "../support/settings.ts";
import { textDatabase } from "../support/text-database.ts";

const url = "https://api.example.com";
const now = Date.parse("2026-11-29T03:00:00Z");
const date = "Sun, 29 Nov 2026 03:00:00 GMT";

async function configured(vars: object = {}): Promise<Configuration> {
  const { configuration, errors } = await readConfiguration({ SIGNING_KEY: testSecret, ORIGIN_URL: url, ...vars });
  if (!configuration) throw new Error(errors.join());
  return configuration;
}

const routes = [
  { path: "/api/public/*", auth: "public" },
  { path: "/api/staff/*", auth: "user" },
  { path: "/files/*", auth: "token", methods: ["POST"] },
  { path: "/*", auth: "token" },
];
const probe = "simplejwt-edge-doctor";
const ready = (more: object = {}, checks: object = {}) => ({
  status: "ok",
  checks: Object.fromEntries(
    Object.entries({ settings: "ok", database: "ok", blacklist: "ok", keys: "ok", jwks: "off", ...checks }).map(
      ([name, status]) => [name, { status }],
    ),
  ),
  ...more,
});
const answers = {
  "/_gateway/health/live": [200, { status: "ok" }],
  "/_gateway/health/ready": [200, ready()],
  [`/api/public/${probe}`]: [404, {}],
  [`/api/staff/${probe}`]: [401, {}],
  [`/${probe}`]: [401, {}],
} as const satisfies Readonly<Record<string, readonly [number, object]>>;

/** A gateway that answers these paths; another path ends the test. */
function gatewayOf(changed: Readonly<Record<string, readonly [number, object] | Error>> = {}) {
  const asked: string[] = [];
  const all: Readonly<Record<string, readonly [number, object] | Error>> = { ...answers, ...changed };
  const get: Get = async (address, headers = {}) => {
    const path = address.replace(url, "");
    asked.push([path, ...Object.keys(headers)].join(" "));
    const answer = all[path] ?? new Error(`nobody expects ${path}`);
    if (answer instanceof Error) throw answer;
    return Response.json(answer[1], { status: answer[0], headers: { date } });
  };
  return { get, asked };
}

async function look(
  changed: Parameters<typeof gatewayOf>[0] = {},
  { healthKey, vars = {}, clock = now }: { healthKey?: string; vars?: object; clock?: number } = {},
) {
  const configuration = await configured({ ROUTES: routes, ...vars });
  const document = openApiDocument(configuration.settings, configuration.settings.ALGORITHM !== "HS256");
  const { get, asked } = gatewayOf({ "/_gateway/openapi.json": [200, document], ...changed });
  const gateway = { url, get, healthKey, now: () => clock, configuration, knowsKeys: true };
  const findings = await lookOverHttp(gateway);
  return { asked, lines: findings.map(({ level, what }) => `${level}: ${what}`), findings };
}

describe("a gateway", () => {
  it("in order is asked a few questions, none of which changes anything", async () => {
    const { asked, lines } = await look();
    expect(asked).toEqual([
      "/_gateway/health/live",
      "/_gateway/health/ready",
      "/_gateway/openapi.json",
      `/api/public/${probe}`,
      `/api/staff/${probe}`,
      `/${probe}`,
    ]);
    expect(lines).toEqual([
      "ok: https://api.example.com answers.",
      "ok: The clocks of the gateway and of this machine agree.",
      "ok: The ready page says that everything works that a request may need.",
      "skipped: Without HEALTH_KEY, the ready page shows neither the limiter of log-ins nor warnings.",
      "ok: The gateway's endpoints are those of the files here.",
      "ok: Without a token, requests are refused: /api/staff/*, /*.",
      `ok: The API answers through the gateway (GET /api/public/${probe}: 404).`,
    ]);
  });

  it.each([
    ["does not answer", new Error("getaddrinfo ENOTFOUND api.example.com"), /does not answer: getaddrinfo ENOTFOUND/],
    ["has errors in its settings", [503, { detail: "Gateway is misconfigured." }], /answers 503: Gateway is misconfig/],
    ["is something else", [200, { hello: "world" }], /answers 200, and not as the gateway does/],
  ] as const)("that %s is asked nothing more", async (_, answer, said) => {
    const { asked, lines } = await look({ "/_gateway/health/live": answer });
    expect(asked).toHaveLength(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(said);
  });

  it.each([
    [6, "warning: The clock of this machine is 6 s ahead of the gateway's."],
    [-400, "warning: The clock of this machine is 400 s behind the gateway's."],
    [5, "ok: The clocks of the gateway and of this machine agree."],
  ])("whose clock differs by %d s", async (seconds, said) => {
    const { lines } = await look({}, { clock: now + seconds * 1000 });
    expect(lines[1]).toBe(said);
  });

  it("that is not ready says of each part what to do", async () => {
    const { findings } = await look({
      "/_gateway/health/ready": [503, ready({ status: "failed" }, { database: "failed", blacklist: "failed" })],
    });
    const errors = findings.filter(({ level }) => level === "error");
    expect(errors.map(({ what }) => what)).toEqual([
      "The ready page says that database is failed.",
      "The ready page says that blacklist is failed.",
    ]);
    expect(errors[0]?.todo).toContain("npm run manage -- doctor --remote");
    expect(errors[1]?.todo).toContain("KV cannot be read");
  });

  it("that knows the health key tells its warnings and whether log-ins are limited", async () => {
    const { asked, lines } = await look(
      { "/_gateway/health/ready": [200, ready({ warnings: ["CONSOLE is on."] }, { limiter: "off", metrics: "off" })] },
      { healthKey: "key" },
    );
    expect(asked).toContain("/_gateway/health/ready x-health-key");
    expect(lines).toContain("warning: Log-ins are not limited: LOGIN_LIMITER is not bound.");
    expect(lines).toContain("warning: CONSOLE is on.");
  });

  it("that cannot read the keys of an issuer warns of it, since other tokens still work", async () => {
    const { findings } = await look(
      {
        "/_gateway/health/ready": [200, ready({ warnings: [] }, { limiter: "ok", metrics: "off", issuers: "failed" })],
      },
      { healthKey: "key" },
    );
    expect(
      findings.filter(({ about }) => about === "ready").map(({ level, what, todo }) => [level, what, todo]),
    ).toEqual([
      [
        "warning",
        "The ready page says that issuers is failed.",
        "Tokens of an issuer are refused, or soon will be; others are not affected. A warning names the issuer.",
      ],
    ]);
  });

  it("that does not know the health key", async () => {
    const { lines } = await look({}, { healthKey: "another" });
    expect(lines).toContain("error: The gateway does not know this HEALTH_KEY.");
  });

  it("that lets a request without a token pass is wrong, whatever the answer", async () => {
    const { lines } = await look({ [`/api/staff/${probe}`]: [404, {}], [`/${probe}`]: [200, {}] });
    expect(lines).toContain(
      `error: GET /api/staff/${probe} without a token was not refused: 404. By the files here, /api/staff/* needs one.`,
    );
    expect(lines).toContain(
      `error: GET /${probe} without a token was not refused: 200. By the files here, /* needs one.`,
    );
  });

  it.each([
    [502, `error: GET /api/public/${probe} answers 502: the API cannot be reached.`],
    [504, `error: GET /api/public/${probe} answers 504: the API does not answer in time.`],
  ])("whose API gives %d", async (status, said) => {
    expect((await look({ [`/api/public/${probe}`]: [status, {}] })).lines).toContain(said);
  });

  describe("whose endpoints", () => {
    const openApi = "/_gateway/openapi.json";
    const deployed = async (vars: object, hasPublicKeys = false, addsMembers = false) =>
      openApiDocument((await configured(vars)).settings, hasPublicKeys, addsMembers);
    const saidOf = async (answer: readonly [number, object] | Error, vars: object = {}) =>
      (await look({ [openApi]: answer }, { vars })).lines[4];
    const change = "error: What is deployed is not what is here: the gateway ";

    it("are others than those of the files", async () => {
      const TOKEN_ENDPOINTS = ["obtain", "refresh", "verify", "sessions"];
      const here = { TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist"] };
      expect(await saidOf([200, await deployed({ TOKEN_ENDPOINTS })], here)).toBe(
        `${change}does not serve /api/token/blacklist/, which it does by the files here, and serves /api/token/sessions/, /api/token/sessions/{id}/, /api/token/logout-all/, which it does not by the files here.`,
      );
    });

    it("are described in another way", async () => {
      const here = { TOKEN_ENDPOINTS: ["obtain", "verify"], USERNAME_FIELD: "email" };
      expect(await saidOf([200, await deployed({ TOKEN_ENDPOINTS: ["obtain", "verify"] })], here)).toBe(
        `${change}describes /api/token/ in another way.`,
      );
    });

    it("add members to responses, as a hook can", async () => {
      expect(await saidOf([200, await deployed({}, false, true)])).toBe(
        "ok: The gateway's endpoints are those of the files here.",
      );
    });

    it("are those of another version", async () => {
      const document = { ...(await deployed({})), info: { version: "0.1.0" } };
      expect(await saidOf([200, document])).toBe(
        "warning: Version 0.1.0 is deployed, and this is 0.2.0: their endpoints were not compared.",
      );
    });

    it("are not described", async () => {
      expect(await saidOf([404, { detail: "Not found." }])).toBe(
        "skipped: /_gateway/openapi.json does not answer with a document, so nothing was compared.",
      );
    });
  });

  it("with an asymmetric key publishes that of the file", async () => {
    const { generateKeyPairSync } = await import("node:crypto");
    const { privateKey } = generateKeyPairSync("ed25519");
    const SIGNING_KEY = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const vars = { ALGORITHM: "EdDSA", SIGNING_KEY, KEY_ID: "mine" };
    const path = "/.well-known/jwks.json";
    const said = async (keys: object[]) => (await look({ [path]: [200, { keys }] }, { vars })).lines[4];
    expect(await said([{ kid: "mine" }])).toBe("ok: The JWK Set has 1 key.");
    expect(await said([{ kid: "other" }])).toBe(
      "error: The JWK Set does not have the key mine of your file: another key is deployed.",
    );
    expect(await said([])).toBe(`error: ${url}${path} answers 200 without keys.`);
  });
});

describe("the API itself", () => {
  const around = async (answer: readonly [number, object] | Error) =>
    lookAround("https://origin.example.com/", "/a", async () => {
      if (answer instanceof Error) throw answer;
      return Response.json(answer[1], { status: answer[0] });
    });
  it("should not answer somebody who does not come through the gateway", async () => {
    expect(await around([200, {}])).toMatchObject({ level: "error", todo: /securing-your-origin/ });
    expect((await around([404, {}])).level).toBe("error");
    expect((await around([401, {}])).level).toBe("ok");
    expect(await around(new Error("connect ECONNREFUSED"))).toMatchObject({
      level: "ok",
      what: "https://origin.example.com/a does not answer from here: connect ECONNREFUSED.",
    });
  });
});

describe("keys", () => {
  const at = Date.parse("2026-11-29") / 1000;
  it("are old after a year, and those that cannot be needed any more are named", async () => {
    const said = async (KEY_ID: string, more: object = {}) =>
      keyFindings(await configured({ KEY_ID, ...more }), at).map(({ level, what }) => `${level}: ${what}`);
    expect(await said("2025-11-01-HS256-00000000")).toEqual(["warning: SIGNING_KEY is 393 days old."]);
    expect(await said("2026-11-28-HS256-00000000")).toEqual(["ok: SIGNING_KEY is 1 days old."]);
    expect(await said("mine")).toEqual(["skipped: KEY_ID does not say how old SIGNING_KEY is."]);
    const k = Buffer.from(testSecret).toString("base64url").slice(0, 60);
    const ring = { VERIFYING_KEYS: { keys: [{ kty: "oct", kid: "former", alg: "HS256", k }] } };
    expect((await said("2026-11-20-HS256-00000000", ring))[1]).toMatch(/^warning: VERIFYING_KEYS still has former,/);
    expect(await said("2026-11-28-HS256-00000000", ring)).toHaveLength(1);
  });
});

describe("databases", () => {
  const inDatabases = async (
    prepare: (store: ReturnType<typeof textDatabase>) => void,
    more: object = {},
    count = 0,
  ) => {
    const store = textDatabase({}, count);
    store.db.exec("INSERT INTO last_flush (id, at, deleted) VALUES (1, 4000000000, 0)");
    prepare(store);
    const { database, d1, sessions } = store.bindings;
    const settings = settingsOf({});
    const given = { users: { database, d1 }, sessions, settings, crons: ["17 * * * *"], sendsEvents: true, ...more };
    const findings = await lookInDatabases(given);
    expect(store.written).toEqual([]);
    return findings.map(({ level, what }) => `${level}: ${what}`);
  };

  it("in order", async () => {
    expect(await inDatabases(() => {})).toEqual([
      "ok: The tables of the remote database are up to date.",
      "ok: No expired rows are left behind. The cron trigger ran last at 2096-10-02T07:06:40Z.",
      "ok: No event waits for the API.",
    ]);
  });

  it("of another version", async () => {
    expect(await inDatabases(({ db }) => db.exec("DROP TABLE everyone_cutoff"))).toEqual([
      "error: The remote database lacks tables or columns of this version. Run npm run manage -- migrate --remote.",
    ]);
  });

  it("with sessions of an earlier version, rows that nobody deletes, and events that nobody takes", async () => {
    const lines = await inDatabases(({ db }) => {
      db.exec(`INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at) VALUES ('a', 'refresh', 1, 4000000000);
        INSERT INTO sessions (id, counter, token_type, started_at, created_at, expires_at) VALUES ('b', 0, 'refresh', 1, 1, 1700000000);
        INSERT INTO events (user_id, type, created_at) VALUES ('7', 'login', 1700000000)`);
    });
    expect(lines).toEqual([
      "ok: The tables of the remote database are up to date.",
      "warning: There are sessions of an earlier version that have not been adopted. Each moves when it is refreshed.",
      "warning: Rows that expired on 2023-11-14T22:13:20Z have not been deleted: the cron trigger cannot keep up.",
      "warning: 1 event waits for the API, since 2023-11-14T22:13:20Z.",
    ]);
  });

  it("where the cron trigger has not run", async () => {
    const ran = (sql: string) => inDatabases(({ db }) => db.exec(sql)).then((lines) => lines[1]);
    expect(await ran("DELETE FROM last_flush")).toBe("warning: The cron trigger has not run yet.");
    expect(await ran("UPDATE last_flush SET at = 1700000000")).toBe(
      "warning: The cron trigger has not run since 2023-11-14T22:13:20Z.",
    );
  });

  it("without a cron trigger", async () => {
    expect((await inDatabases(() => {}, { crons: [] }))[1]).toMatch(/^warning: wrangler.toml has no cron trigger/);
  });

  it("of which one that has sessions is bound under another name", async () => {
    const lines = await inDatabases(
      ({ db, sessions }) => {
        db.exec(`UPDATE placement SET current = '["SESSIONS_1","SESSIONS_2"]'`);
        for (const [name, one] of sessions) {
          const said = name === "SESSIONS_1" ? "SESSIONS_2" : "SESSIONS_1";
          one.exec(`INSERT INTO placement (id, name, version, current) VALUES (1, '${said}', 0, '[]')`);
        }
      },
      {},
      2,
    );
    expect(lines.filter((line) => line.startsWith("error"))).toEqual([
      "error: SESSIONS_1 is bound to the database SESSIONS_2: the Worker answers 503 wherever it needs a session of it.",
      "error: SESSIONS_2 is bound to the database SESSIONS_1: the Worker answers 503 wherever it needs a session of it.",
    ]);
  });
});

describe("diagnose()", () => {
  const patient: Patient = {
    which: { remote: true, var: [`ORIGIN_URL:${url}`] },
    url: undefined,
    origin: undefined,
    get: () => Promise.reject(new Error("nobody is asked")),
    loadSet: () => Promise.reject(new Error("nobody is asked")),
    now: () => now,
    openDatabases: () => Promise.reject(new Error("wrangler is not logged in.")),
  };

  it("goes on where one part cannot be looked at, and puts the worst first", async () => {
    const findings = await diagnose(patient);
    expect(findings.map(({ level, what }) => `${level}: ${what}`)).toEqual([
      "error: The databases could not be looked at: wrangler is not logged in.",
      "skipped: The gateway itself was not asked.",
      "ok: The settings have neither errors nor warnings.",
    ]);
    expect(findingLines(findings)).toEqual([
      "error    tables: The databases could not be looked at: wrangler is not logged in.",
      "skipped  reachable: The gateway itself was not asked.",
      "         do: Add --url.",
      "ok       settings: The settings have neither errors nor warnings.",
      "1 error, 0 warnings, 1 not looked at, 1 ok.",
    ]);
  });

  it("looks at the issuers that the settings name", async () => {
    const entry = { issuer: "https://idp.example/", discovery: true, audience: "api" };
    const which = { remote: true, var: [`ORIGIN_URL:${url}`, `ISSUERS:${JSON.stringify([entry])}`] };
    const findings = await diagnose({ ...patient, which });
    expect(findings.map(({ what }) => what)).toContain(
      "The keys of ISSUERS[0] (https://idp.example/) cannot be used: nobody is asked.",
    );
  });

  it("sends no health key where others can read it", async () => {
    const headers: object[] = [];
    process.env.HEALTH_KEY = "secret";
    const get: Get = async (_, sent = {}) => {
      headers.push(sent);
      return Response.json(ready(), { headers: { date } });
    };
    const findings = await diagnose({ ...patient, url: "http://api.example.com", get }).finally(() => {
      delete process.env.HEALTH_KEY;
    });
    expect(findings.map(({ what }) => what)).toContain(
      "http://api.example.com is plain http: whoever is on the way reads tokens.",
    );
    expect(headers.every((sent) => Object.keys(sent).length === 0)).toBe(true);
  });
});

describe("the keys of an issuer", () => {
  const issuer = "https://idp.example/";
  const found = async (load: LoadSet, more: object = { jwks: "https://idp.example/jwks" }) => {
    const entry = { issuer, audience: "api", ...more };
    const { issuers } = await configured({
      ISSUERS: [entry],
      ROUTES: [{ path: "/*", auth: "token", issuers: [issuer] }],
    });
    return (await issuerFindings(issuers, load)).map(({ level, what, todo = "" }) => [`${level}: ${what}`, todo]);
  };

  it("are fetched", async () => {
    const { jwk } = await provider(issuer);
    expect(await found(async () => ({ keys: [jwk] }))).toEqual([
      ["ok: The keys of ISSUERS[0] (https://idp.example/) can be fetched.", ""],
    ]);
  });

  it("are not for every algorithm of the settings", async () => {
    const { jwk } = await provider(issuer);
    const more = { discovery: true, algorithms: ["RS256", "ES256"] };
    expect(await found(async () => ({ keys: [jwk] }), more)).toEqual([
      [
        "warning: ISSUERS[0] (https://idp.example/) has no key for ES256.",
        "Leave it out of ISSUERS[0].algorithms, unless the issuer is about to use it.",
      ],
    ]);
  });

  it.each([
    [{ jwks: "https://idp.example/jwks" }, "See what the address in ISSUERS[0].jwks answers (curl -i)."],
    [
      { discovery: true },
      'See what it answers: curl -i https://idp.example/.well-known/openid-configuration - its "issuer" has to be ISSUERS[0].issuer, character by character.',
    ],
  ])("cannot be fetched by %o", async (more, todo) => {
    const load = () => Promise.reject(new TypeError("the metadata of the issuer answered 404"));
    expect(await found(load, more)).toEqual([
      [
        "error: The keys of ISSUERS[0] (https://idp.example/) cannot be used: the metadata of the issuer answered 404.",
        todo,
      ],
    ]);
  });

  it("that are private ones cannot be used", async () => {
    const { privateJwk } = await provider(issuer);
    expect(await found(async () => ({ keys: [privateJwk] }))).toEqual([
      [
        "error: The keys of ISSUERS[0] (https://idp.example/) cannot be used: the JWK Set has no key that could verify.",
        "See what the address in ISSUERS[0].jwks answers (curl -i).",
      ],
    ]);
  });

  it("that the Worker cannot import cannot be used", async () => {
    const { jwk } = await provider(issuer);
    // A modulus of 1024 bits.
    const short = { ...jwk, n: "v".repeat(171) };
    expect(await found(async () => ({ keys: [short] }))).toEqual([
      [
        "error: The keys of ISSUERS[0] (https://idp.example/) cannot be used: the JWK Set has no key that could verify.",
        "See what the address in ISSUERS[0].jwks answers (curl -i).",
      ],
    ]);
  });

  it("that stand in the settings are not fetched", async () => {
    const { jwk } = await provider(issuer);
    const load = () => Promise.reject(new Error("nobody is asked"));
    expect(await found(load, { keys: [jwk] })).toEqual([]);
  });
});

describe("API keys", () => {
  const insert = (prefix: string, hash: string, expires: number | null) =>
    `INSERT INTO api_keys (id, prefix, hashed_key, created_at, expires_at) VALUES ('${prefix}', '${prefix}', '${hash}', 1, ${expires});`;
  const found = async (rows: string, vars: object = { API_KEYS: true }) => {
    const { bindings, db } = textDatabase();
    db.exec(rows);
    const { database, d1 } = bindings;
    const settings = settingsOf({ ROUTES: [{ path: "/*", auth: "token" }], ...vars });
    const databases = {
      users: { database, d1 },
      sessions: new Map(),
      settings,
      crons: ["17 * * * *"],
      sendsEvents: false,
    };
    return (await lookInDatabases(databases)).filter(({ about }) => about === "API keys");
  };
  const far = 4_000_000_000;

  it("are counted, and not looked for while API_KEYS is off", async () => {
    expect(await found("")).toEqual([{ level: "ok", about: "API keys", what: "0 keys are good." }]);
    expect(await found(insert("a", "sha512$$a", far))).toEqual([
      { level: "ok", about: "API keys", what: "1 key is good." },
    ]);
    expect(await found(insert("a", "sha512$$a", far), {})).toEqual([]);
  });

  it("that end soon, or cost, are named", async () => {
    const soon = Math.floor(Date.now() / 1000) + 86_400;
    const rows =
      insert("a", "sha512$$a", soon) + insert("b", "pbkdf2_sha256$1$a$b", null) + insert("c", "sha512$$c", 5);
    expect(await found(rows)).toEqual([
      {
        ...{ level: "warning", about: "API keys" },
        what: `1 key expires within two weeks, the first at ${new Date(soon * 1000).toISOString().replace(".000Z", "Z")}.`,
        todo: "npm run manage -- apikeys list shows which. Create another one for each client.",
      },
      { level: "ok", about: "API keys", what: "1 imported key has a password hash, which the first use replaces." },
    ]);
  });
});
