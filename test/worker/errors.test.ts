// Every status that the gateway refuses with, over HTTP: the answer that the client gets, and the reason that the log has.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";

/** Hangs up, never answers, or says yes. */
function startOrigin(): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === "/hangs-up") request.socket.destroy();
    else if (request.url !== "/never-answers") response.end("{}");
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

type Line = Readonly<Record<string, unknown>>;

let origin: Server;
let gateway: Gateway;
let access: string;
const lines: Line[] = [];

beforeAll(async () => {
  origin = await startOrigin();
  gateway = await startGateway(
    {
      LOG: "denied",
      ORIGIN_URL: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
      ORIGIN_TIMEOUT: 1,
      MAX_BODY: 100,
      ROUTES: [
        { path: "/open/*", auth: "public" },
        { path: "/staff", auth: "token", require: { is_staff: true } },
        { path: "/strict", auth: "token", revocation: "strict" },
        { path: "/hangs-up", auth: "public" },
        { path: "/never-answers", auth: "public" },
        { path: "/api/notes", auth: "token" },
      ],
    },
    { loginsPerMinute: 1, onLogLine: (line) => lines.push(line) },
  );
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  access = ((await login.json()) as { access: string }).access;
});
afterAll(async () => {
  await gateway.close();
  origin.closeAllConnections();
  origin.close();
});

/** The log's line about an answer, found by the id that the answer has. */
async function lineAbout(response: Response): Promise<Line | undefined> {
  const id = response.headers.get("x-request-id");
  const find = () => lines.find((line) => line.event === "request" && line.request_id === id);
  await expect.poll(find).toBeDefined();
  return find();
}

const bigBody = { title: "x".repeat(100) };
/** The first answer that is no 401: one attempt passes in this minute, and perhaps one more in the next. */
async function tooManyLogins(): Promise<Response> {
  const logIn = () => gateway.post("/api/token/", { username: "grace", password: "x".repeat(5000) });
  let response = await logIn();
  for (let attempt = 2; attempt <= 4 && response.status === 401; attempt++) response = await logIn();
  return response;
}
async function withoutTables(send: () => Promise<Response>): Promise<Response> {
  await gateway.env.DB.exec("ALTER TABLE sessions RENAME TO put_aside");
  const response = await send();
  await gateway.env.DB.exec("ALTER TABLE put_aside RENAME TO sessions");
  return response;
}

const unavailable = "Service temporarily unavailable, try again later.";
const cases: ReadonlyArray<readonly [number, string, string, () => Promise<Response>]> = [
  [400, "path_ambiguous", "Malformed request.", () => gateway.get("/open/a%2fb")],
  [401, "credentials_missing", "Authentication credentials were not provided.", () => gateway.get("/api/notes")],
  [403, "permission_denied", "You do not have permission to perform this action.", () => gateway.get("/staff", access)],
  [404, "no_route", "Not found.", () => gateway.get("/api/nothing", access)],
  [405, "method_not_allowed", 'Method "PUT" not allowed.', () => put("/api/token/")],
  [413, "body_too_large", "Request body is too large.", () => gateway.post("/open/x", bigBody)],
  [415, "media_type_unsupported", 'Unsupported media type "text/plain" in request.', () => plainLogin()],
  [429, "login_throttled", "Request was throttled. Expected available in 60 seconds.", tooManyLogins],
  [502, "origin_unreachable", "Bad gateway.", () => gateway.get("/hangs-up")],
  [503, "store_unavailable", unavailable, () => withoutTables(() => gateway.get("/strict", access))],
  [504, "origin_too_slow", "Gateway timeout.", () => gateway.get("/never-answers")],
];

const put = (path: string) => fetch(new URL(path, gateway.url), { method: "PUT", body: "{}" });
const plainLogin = () => gateway.post("/api/token/", {}, { "content-type": "text/plain" });

describe("a refusal", () => {
  it.each(cases)(
    "with %d is %s in the log and no more than its text to the client",
    async (status, reason, detail, send) => {
      const response = await send();
      expect(response.status).toBe(status);
      expect(await response.text()).toBe(JSON.stringify({ detail }));
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(await lineAbout(response)).toMatchObject({ decision: "deny", status, reason });
    },
  );

  it("has a status of its own for each of the reasons above", () => {
    expect(new Set(cases.map(([status]) => status)).size).toBe(cases.length);
  });

  it.each([
    ["429", "60", tooManyLogins],
    ["503", "5", () => withoutTables(() => gateway.get("/strict", access))],
  ])("with %s says when to come back: after %s seconds", async (_status, seconds, send) => {
    expect((await send()).headers.get("retry-after")).toBe(seconds);
  });
});

describe("a gateway whose settings have errors", () => {
  it("answers everything 503 and names the errors in the log alone", async () => {
    const faulty: Line[] = [];
    const broken = await startGateway({ ALGORITHM: "HS257" }, { onLogLine: (line) => faulty.push(line) });
    try {
      const response = await broken.get("/api/notes", access);
      expect([response.status, await response.text()]).toEqual([503, '{"detail":"Gateway is misconfigured."}']);
      expect(response.headers.get("retry-after")).toBe("60");
      await expect.poll(() => faulty.length).toBe(1);
      expect(faulty[0]).toEqual({ event: "settings_faults", faults: [expect.stringMatching(/^ALGORITHM must be /)] });
    } finally {
      await broken.close();
    }
  });
});
