// scripts/start/log-lines.ts: wrangler's chatter goes, the Worker's lines and every error stay.
import { describe, expect, it } from "vitest";
import { isError, logLine } from "../../scripts/start/log-lines.ts";

describe("logLine()", () => {
  it.each([
    "",
    "⎔ Starting local server...",
    "⎔ Reloading local server...",
    "[wrangler:info] Ready on http://127.0.0.1:8787",
    "[wrangler:info] GET /_gateway/health/live 200 OK (5ms)",
    "[wrangler:warn] Unable to fetch the `Request.cf` object! Falling back to a default placeholder...",
    "Cloudflare collects anonymous telemetry about your usage of Wrangler. Learn more at https://example.com",
    "Using secrets defined in .dev.vars",
    "Your Worker has access to the following bindings:",
    "Binding                                 Resource                  Mode",
    "env.DB (simplejwt-edge)                 D1 Database               local",
    'env.ORIGIN_URL ("(hidden)")             Environment Variable      local',
    '{"event":"settings_warnings","warnings":["CONSOLE is on: everybody can open /_gateway/console."]}',
    '{"event":"gateway_started","algorithm":"HS256"}',
  ])("drops %j", (line) => {
    expect(logLine(line)).toBeNull();
  });

  it.each([
    ['{"event":"login","user_id":1}', '{"event":"login","user_id":1}'],
    ["[wrangler:info] GET /api/notes/ 401 Unauthorized (3ms)", "GET /api/notes/ 401 Unauthorized (3ms)"],
    ["\u001b[32m[wrangler:info]\u001b[0m GET / 200 \u001b[1mOK\u001b[0m (1ms)", "GET / 200 OK (1ms)"],
    ["✘ [ERROR] Build failed with 1 error:", "✘ [ERROR] Build failed with 1 error:"],
    ["[wrangler:error] Error: Network connection lost.", "[wrangler:error] Error: Network connection lost."],
    ["env is not defined", "env is not defined"],
  ])("shows %j", (line, shown) => {
    expect(logLine(line)).toBe(shown);
  });
});

describe("logLine() when less or more is wanted", () => {
  it.each([
    ["[wrangler:info] GET /api/notes/ 401 Unauthorized (3ms)", null],
    ['{"event":"request","status":401}', null],
    ["[wrangler:info] GET /api/notes/ 502 Bad Gateway (3ms)", "GET /api/notes/ 502 Bad Gateway (3ms)"],
    ['{"event":"request","status":502}', '{"event":"request","status":502}'],
    ["✘ [ERROR] Uncaught Error: boom", "✘ [ERROR] Uncaught Error: boom"],
  ])("shows of %j only what failed with --quiet", (line, shown) => {
    expect(logLine(line, "quiet")).toBe(shown);
  });

  it.each(["⎔ Reloading local server...", '{"event":"gateway_started","algorithm":"HS256"}'])(
    "shows %j with --verbose",
    (line) => {
      expect(logLine(line, "verbose")).toBe(line);
    },
  );
});

describe("isError()", () => {
  it("knows wrangler's two ways of saying so", () => {
    expect(isError("✘ [ERROR] Build failed with 1 error:")).toBe(true);
    expect(isError("[wrangler:error] Uncaught Error: boom")).toBe(true);
    expect(isError('{"error":"[ERROR]"}')).toBe(false);
    expect(isError("GET /error 500 Internal Server Error (1ms)")).toBe(false);
  });
});
