// `check` and `routes`: what they say of a configuration, and that it is what the Worker would say.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readWhich } from "../../scripts/configuration/which-flags.ts";
import { devVarsWarnings, readWranglerFile } from "../../scripts/configuration/wrangler-file.ts";
import { checkConfiguration } from "../../scripts/manage/check.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { routeRows } from "../../scripts/manage/routes.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { bindingErrors, bindingWarnings } from "../../src/settings/checks/check-bindings.ts";
import { copyProject } from "../support/projects.ts";
import { settingsOf } from "../support/settings.ts";

const { folder, remove } = copyProject();
afterAll(remove);

let said: string[] = [];
beforeEach(() => {
  said = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void said.push(line));
});
afterEach(() => vi.restoreAllMocks());

const manage = (name: string, ...words: string[]) => commands.get(name)?.run(words);
const placeholderNote =
  "SIGNING_KEY is not available here: a placeholder of the same kind was used, and VERIFYING_KEY was not checked.";
const origin = "ORIGIN_URL:https://api.example.com";

/** A wrangler.toml of a test's own. */
function toml(text: string): string {
  const path = join(folder, "other.toml");
  writeFileSync(path, `name = "x"\nmain = "src/index.ts"\ncompatibility_date = "2026-10-01"\n${text}`);
  return path;
}

describe("check", () => {
  it("finds the project's own wrangler.toml in order", async () => {
    expect(await manage("check", "--remote", "--json", "--var", origin)).toBe(0);
    expect(JSON.parse(said.join("\n"))).toEqual({ ok: true, faults: [], warnings: [], notes: [placeholderNote] });
  });

  it("reports every error and every warning, and fails", async () => {
    const vars = ["LEEWAY:-1", 'ROUTES:[{"path":"/a","auth":"tokn"}]', "ORIGIN_URL:http://10.0.0.1"];
    expect(await manage("check", "--remote", "--json", ...vars.flatMap((one) => ["--var", one]))).toBe(1);
    const report = JSON.parse(said.join("\n")) as { ok: boolean; faults: string[]; warnings: string[] };
    expect(report.ok).toBe(false);
    expect(report.faults).toEqual([
      'LEEWAY must be a duration of at least 0 s: whole seconds (300) or a number with a unit ("5m", "12h", "7d"); it is "-1".',
      'ROUTES[0].auth must be one of public, optional, token, user; it is "tokn".',
    ]);
    expect(report.warnings).toContain(
      "ORIGIN_URL is 10.0.0.1, which Cloudflare cannot reach: it has to be a public name.",
    );
  });

  it("checks the real key if it is given, and warns if others can read its file", async () => {
    const file = join(folder, "keys.env");
    writeFileSync(file, "SIGNING_KEY=short\n", { mode: 0o644 });
    const { errors, warnings, notes } = await checkConfiguration({ "secrets-file": file, var: [origin] });
    expect(errors).toEqual([
      "SIGNING_KEY has 5 bytes; HS256 needs at least 32. Make one with: openssl rand -base64 32",
    ]);
    expect(warnings).toEqual([`other users of this machine can read ${file}. Run: chmod 600 ${file}`]);
    expect(notes).toEqual([`Read in addition to wrangler.toml, from ${file}: SIGNING_KEY.`]);
  });

  it.each([
    [["--env", "staging"], 1, "wrangler.toml has no environment 'staging'."],
    [
      ["--var", "SIGNING_KEY:x"],
      2,
      "Do not put a secret on the command line, where other users of this machine can read it. Use --secrets-file.",
    ],
    [["--nope"], 2, "Unknown option '--nope'. See --help."],
    [["word"], 2, "Unexpected word 'word'. See --help."],
  ])("refuses %j with %d", async (words, code, message) => {
    await expect(manage("check", ...words)).rejects.toThrow(new Failure(message, code));
    await expect(manage("routes", ...words)).rejects.toThrow(new Failure(message, code));
  });

  it("names the rules whose other spellings are refused, with an example and the rule that would have let it pass", async () => {
    const routes = [
      { path: "/api/report", auth: "user" },
      { path: "/api/staff/*", methods: ["POST"], auth: "token" },
      { path: "/api/open/*", auth: "public" },
      { path: "/api/*", auth: "optional" },
      { path: "/*", auth: "public" },
    ];
    const vars = [origin, `ROUTES:${JSON.stringify(routes)}`];
    const { notes, warnings } = await checkConfiguration({ remote: true, var: vars });
    const reads = "only without regard to case, a trailing slash or a format suffix";
    expect(notes).toEqual([
      placeholderNote,
      `PATHS = "loose": a path that matches ROUTES[0] (/api/report) ${reads} is 400: /API/REPORT, which ROUTES[4] (/*) would let pass; /api/report/, which ROUTES[3] (/api/*) would let pass.`,
      `PATHS = "loose": a path that matches ROUTES[1] (/api/staff/*) ${reads} is 400: /API/STAFF, which ROUTES[4] (/*) would let pass; /api/staff.json, which ROUTES[3] (/api/*) would let pass.`,
      `PATHS = "loose": a path that matches ROUTES[3] (/api/*) ${reads} is 400: /API, which ROUTES[4] (/*) would let pass.`,
    ]);
    expect(warnings).toEqual([]);
    const exact = await checkConfiguration({ remote: true, var: [...vars, "PATHS:exact"] });
    expect(exact.notes).toEqual([placeholderNote]);
  });

  it("warns of a rule that accepts no request, because its path reads as a stricter one", async () => {
    const routes = [
      { path: "/api/report", auth: "user" },
      { path: "/api/report/", auth: "public" },
      { path: "/Admin/*", auth: "token" },
      { path: "/admin/*", auth: "optional" },
      { path: "/api/token.json", auth: "token" },
      { path: "/*", auth: "token" },
    ];
    const vars = [origin, `ROUTES:${JSON.stringify(routes)}`];
    const { warnings } = await checkConfiguration({ remote: true, var: vars });
    const reads = 'accepts no request: with PATHS = "loose" its path reads as';
    const advice = 'If the API tells the two apart, set PATHS = "exact".';
    expect(warnings).toEqual([
      `ROUTES[1] (/api/report/) ${reads} ROUTES[0] (/api/report), which is stricter. ${advice}`,
      `ROUTES[3] (/admin/*) ${reads} ROUTES[2] (/Admin/*), which is stricter. ${advice}`,
      `ROUTES[4] (/api/token.json) ${reads} /api/token/, which the gateway answers itself. ${advice}`,
    ]);
    expect((await checkConfiguration({ remote: true, var: [...vars, "PATHS:exact"] })).warnings).toEqual([]);
  });

  it("writes no colours into a pipe", async () => {
    await manage("check", "--remote", "--var", "LEEWAY:-1");
    expect(said.join("\n")).not.toContain("\u001b");
  });
});

describe("devVarsWarnings()", () => {
  it("names settings of .dev.vars that wrangler does not hand to the Worker", () => {
    const file = join(folder, ".dev.vars");
    writeFileSync(file, "SIGNING_KEY=a\nKEY_ID=b\nMINE=c\n");
    expect(devVarsWarnings({ SIGNING_KEY: "a" }, file)).toEqual([
      "KEY_ID is in .dev.vars, but wrangler does not load it: [vars] and [secrets] do not name it. Add it to required in [secrets].",
    ]);
    expect(devVarsWarnings({ SIGNING_KEY: "a", KEY_ID: "b" }, file)).toEqual([]);
    expect(devVarsWarnings({}, join(folder, "nowhere"))).toEqual([]);
  });
});

describe("readWranglerFile()", () => {
  it("reads an environment, and what is bound as what", async () => {
    const configFile = toml(`
[env.staging]
vars = { LOG = "all", METRICS = "a var" }
d1_databases = [{ binding = "DB", database_id = "1" }, { binding = "SESSIONS_1", database_id = "2" }]
services = [{ binding = "ORIGIN", service = "api" }, { binding = "SESSIONS_2", service = "api" }, { binding = "BLACKLIST", service = "api" }]
ratelimits = [{ name = "LOGIN_LIMITER", namespace_id = "1", simple = { limit = 1, period = 60 } }]
`);
    const file = await readWranglerFile({ configFile, environment: "staging", vars: { LOG: "off" }, local: false });
    expect({ ...file.vars }).toEqual({ LOG: "off", METRICS: "a var" });
    expect(file.bound).toEqual({
      DB: true,
      BLACKLIST: false,
      LOGIN_LIMITER: "right",
      METRICS: "other",
      ORIGIN: "service",
      LIMITERS: new Map<string, unknown>([
        ["DB", { binding: "other" }],
        ["SESSIONS_1", { binding: "other" }],
        ["ORIGIN", { binding: "other" }],
        ["SESSIONS_2", { binding: "other" }],
        ["BLACKLIST", { binding: "other" }],
        ["LOG", { binding: "other" }],
        ["METRICS", { binding: "other" }],
        ["LOGIN_LIMITER", { binding: "right", period: 60 }],
      ]),
      SESSIONS: new Map([
        ["SESSIONS_1", "right"],
        ["SESSIONS_2", "other"],
      ]),
    });
  });
  it("fails for a file that wrangler cannot read", async () => {
    const configFile = toml("[vars\n");
    await expect(readWranglerFile({ configFile, local: false })).rejects.toThrow(
      "other.toml:4:6: Invalid TOML document: illegal character in key.",
    );
  });
});

describe("bindings", () => {
  const none = {
    DB: false,
    BLACKLIST: false,
    LOGIN_LIMITER: undefined,
    METRICS: undefined,
    EVENTS: undefined,
    ORIGIN: undefined,
  };
  const all = {
    DB: true,
    BLACKLIST: true,
    LOGIN_LIMITER: "right",
    METRICS: "right",
    EVENTS: "right",
    ORIGIN: "service",
  } as const;
  it("are missed, or of the wrong type", () => {
    const on = settingsOf({ PROVISIONING_KEY: "k".repeat(32) });
    expect(bindingErrors(all, on)).toEqual([]);
    expect(bindingErrors({ ...none, LOGIN_LIMITER: "other", METRICS: "other", EVENTS: "other" }, on)).toEqual([
      "DB is missing: a D1 database must be bound under this name.",
      "BLACKLIST is missing: a KV namespace must be bound under this name while TOKEN_BLACKLIST_ENABLED is true.",
      "LOGIN_LIMITER must be a rate limit binding.",
      "METRICS must be an Analytics Engine dataset.",
      "EVENTS must be a queue.",
    ]);
    expect(bindingErrors({ ...all, BLACKLIST: false }, { ...on, TOKEN_BLACKLIST_ENABLED: false })).toEqual([]);
    expect(bindingErrors(all, { ...on, PROVISIONING_KEY: "" })).toEqual([
      "EVENTS is bound, but PROVISIONING_KEY, which signs events, is not set.",
    ]);
  });
  it("are worth a warning", () => {
    const [own, rest] = [{ origin: "https://a" }, { origin: undefined }];
    const without = { ORIGIN_URL: null, LOGIN_LIMIT_PERIOD: 60, API_KEYS: false };
    const withUrl = { ...without, ORIGIN_URL: "https://b" };
    const limiter = "LOGIN_LIMITER is not bound: nothing here slows down password guessing.";
    expect(bindingWarnings(none, without, [rest])).toEqual([
      limiter,
      "Neither ORIGIN nor ORIGIN_URL is set: requests that pass are answered 502.",
    ]);
    expect(bindingWarnings(none, without, [own, rest])[1]).toBe(
      "Neither ORIGIN nor ORIGIN_URL is set: requests of routes without an origin are answered 502.",
    );
    expect(bindingWarnings(none, without, [own])).toEqual([limiter]);
    expect(bindingWarnings(none, { ...without, API_KEYS: true }, [own])).toEqual([
      limiter,
      "API_KEYS without LOGIN_LIMITER: nothing here slows down guessing of keys, nor limits what that costs.",
    ]);
    expect(bindingWarnings({ ...all, ORIGIN: undefined }, { ...without, API_KEYS: true }, [own])).toEqual([]);
    expect(bindingWarnings(all, withUrl, [rest])).toEqual(["ORIGIN is bound, so ORIGIN_URL is not used."]);
    expect(bindingWarnings({ ...all, ORIGIN: "zone" }, withUrl, [rest])).toEqual([
      'ORIGIN is "zone", so ORIGIN_URL is not used.',
    ]);
  });
  it("are worth a warning where log-ins are counted for another time than Retry-After says", () => {
    const counting = (period: number) => ({
      ...all,
      ...{ ORIGIN: undefined, LIMITERS: new Map([["LOGIN_LIMITER", { binding: "right" as const, period }]]) },
    });
    const of = (period: number, LOGIN_LIMIT_PERIOD: number) =>
      bindingWarnings(counting(period), { ORIGIN_URL: "https://b", LOGIN_LIMIT_PERIOD, API_KEYS: false }, []);
    const unbound = { ORIGIN_URL: null, LOGIN_LIMIT_PERIOD: 10, API_KEYS: false };
    expect([of(10, 10), of(60, 60), bindingWarnings(all, unbound, [])]).toEqual([[], [], []]);
    expect(of(10, 60)).toEqual([
      'The period of LOGIN_LIMITER in wrangler.toml is 10, and Retry-After says 60: set LOGIN_LIMIT_PERIOD = "10s".',
    ]);
    expect(of(60, 10)).toEqual([
      'The period of LOGIN_LIMITER in wrangler.toml is 60, and Retry-After says 10: set LOGIN_LIMIT_PERIOD = "60s".',
    ]);
  });
});

describe("routes", () => {
  const rowsOf = async (routes: unknown, more: readonly string[] = []) =>
    routeRows(await readWhich({ remote: true, var: [`ROUTES:${JSON.stringify(routes)}`, ...more] })).filter(
      ({ kind }) => kind !== "own",
    );
  const rule = {
    kind: "rule",
    enforce: true,
    limit: null,
    strip_prefix: null,
    api_keys: null,
    what: null,
    issuers: null,
  };
  const rest = {
    ...{ kind: "rest", path: "anything else", what: "404", methods: null, auth: null, require: null, issuers: null },
    ...{ revocation: null, enforce: null, limit: null, origin: null, strip_prefix: null, api_keys: null },
  };

  it("shows each rule with what it takes from the settings", async () => {
    const routes = [
      { path: "/pub/*", auth: "public" },
      { path: "/v2/*", auth: "token", origin: "https://v2.example.com/base/", strip_prefix: "/v2", enforce: false },
      { path: "/a/*", methods: ["GET"], auth: "user", require: { is_staff: true }, revocation: "off" },
    ];
    expect(await rowsOf(routes, [origin, "REVOCATION:strict"])).toEqual([
      {
        ...{ ...rule, path: "/pub/*", methods: null, auth: "public", require: {}, revocation: null, enforce: null },
        origin: "https://api.example.com",
      },
      {
        ...{ ...rule, path: "/v2/*", methods: null, auth: "token", require: {}, revocation: "strict", enforce: false },
        ...{ origin: "https://v2.example.com/base", strip_prefix: "/v2" },
      },
      {
        ...{ ...rule, path: "/a/*", methods: ["GET"], auth: "user", require: { is_staff: true }, revocation: "off" },
        origin: "https://api.example.com",
      },
      rest,
    ]);
  });

  it("has a column for API keys where a rule takes some", async () => {
    const ROUTES = JSON.stringify([
      { path: "/a/*", auth: "token", api_keys: ["reports", "exports"] },
      { path: "/*", auth: "token" },
    ]);
    expect(await manage("routes", "--remote", "--var", `ROUTES:${ROUTES}`, "--var", "API_KEYS:true")).toBe(0);
    expect(said[0]).toMatch(/^path +methods +auth +require +revocation +api_keys +goes to$/);
    expect(said.at(-3)).toMatch(/^\/a\/\* +all +token +- +cached +reports,exports +/);
    expect(said.at(-2)).toMatch(/^\/\* +all +token +- +cached +- +/);
  });

  it("lines the keys of a rule up for people, what is only logged and what is cut off among them", async () => {
    const route = { path: "/a/*", methods: ["GET", "HEAD"], auth: "user", require: { is_staff: true }, enforce: false };
    const ROUTES = JSON.stringify([
      { ...route, strip_prefix: "/a" },
      { path: "/*", auth: "public" },
    ]);
    expect(await manage("routes", "--remote", "--var", `ROUTES:${ROUTES}`, "--var", origin)).toBe(0);
    expect(said[0]).toMatch(/^path +methods +auth +require +revocation +goes to$/);
    expect(said.at(-3)).toMatch(
      /^\/a\/\* +GET,HEAD +user \(only logged\) +is_staff=true +cached +https:\/\/api\.example\.com, without \/a$/,
    );
    expect(said.at(-2)).toMatch(/^\/\* +all +public +- +- +https:\/\/api\.example\.com$/);
  });

  it("explains each key of a route in its help", () => {
    const help = commands.get("routes")?.help ?? "";
    expect(help).toMatch(/^ {2}require +none +token, user +claims that the token must have, with their values$/m);
    expect(help).toMatch(/^ {2}revocation +REVOCATION +optional, token, user +where /m);
  });

  it("says where a request that passes has nowhere to go", async () => {
    expect(await manage("routes", "--remote")).toBe(0);
    expect(said.at(-2)).toMatch(/^\/\* +all +token +- +cached +no origin: 502$/);
    expect(said.at(-1)).toMatch(/^anything else +all +- +- +- +gateway: 404$/);
  });

  it("shows no table for a configuration with errors", async () => {
    await expect(rowsOf([{ path: "a", auth: "token" }])).rejects.toThrow(
      'ROUTES[0].path must be an exact path ("/a/b/") or a prefix ("/a/*"), without other wildcards, "?", "#", "%" or empty or dotted segments; it is "a".',
    );
  });

  it("leaves out endpoints that are not served, and shows keys that are published", async () => {
    const which = { remote: true, var: ["TOKEN_ENDPOINTS:obtain", "TOKEN_PREFIX:/auth", "ALGORITHM:ES256"] };
    const own = routeRows(await readWhich(which)).filter(({ kind }) => kind === "own");
    expect(own.map(({ path }) => path)).toEqual([
      ...["/auth/", "/.well-known/jwks.json"],
      ...["/_gateway/health/live", "/_gateway/health/ready", "/_gateway/openapi.json", "/_gateway/*"],
    ]);
  });

  it("shows the limits of token endpoints", async () => {
    const limits = { refresh: { binding: "LOGIN_LIMITER", by: "user" } };
    const rows = routeRows(await readWhich({ remote: true, var: [`TOKEN_LIMITS:${JSON.stringify(limits)}`] }));
    expect(rows.filter(({ limit }) => limit !== null).map(({ path, limit }) => [path, limit])).toEqual([
      ["/api/token/refresh/", { binding: "LOGIN_LIMITER", by: "user", period: 60 }],
    ]);
  });

  it("shows console and admin page while they are on, and on which host", async () => {
    const own = async (...vars: readonly string[]) =>
      routeRows(await readWhich({ remote: true, var: vars }))
        .filter(({ kind, path }) => kind === "own" && /console|admin/.test(path))
        .map(({ path, methods, what }) => [path, methods, what]);
    expect(await own()).toEqual([]);
    expect(await own("CONSOLE:true", "ADMIN:true")).toEqual([
      ["/_gateway/console", ["GET", "HEAD"], "console"],
      ["/_gateway/admin/*", ["GET", "HEAD", "POST"], "admin page"],
    ]);
    expect(await own("ADMIN:true", "ADMIN_HOST:admin.example.com")).toEqual([
      ["/_gateway/admin/*", ["GET", "HEAD", "POST"], "admin page, on admin.example.com alone"],
    ]);
  });
});
