// Events to an API over HTTP, from the whole Worker: which come, in which form, and what becomes of them while it is down.
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { claimsIn } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";

const key = "provisioning-key-for-tests-0123456789";
interface Received {
  readonly type: string | undefined;
  readonly token: string;
}
let received: Received[] = [];
/** What the receiver answers; a redirect leads nowhere. */
let status = 204;
let receiver: HttpOrigin;
let gateway: Gateway;
const lines: Array<Readonly<Record<string, unknown>>> = [];

beforeAll(async () => {
  receiver = await startOrigin(async (request, response) => {
    let token = "";
    for await (const chunk of request) token += String(chunk);
    if (status < 300) received.push({ type: request.headers["content-type"], token });
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end();
  });
  gateway = await startGateway(
    {
      EVENTS_URL: `${receiver.url}/events/?from=edge`,
      PROVISIONING_KEY: key,
      ORIGIN_URL: "http://127.0.0.1:9",
      REVOKE_FAMILY_ON_REUSE: true,
    },
    { onLogLine: (line) => void lines.push(line) },
  );
  await gateway.addUser({ id: 7, username: "wanda", password: "right" });
});
afterAll(async () => {
  await gateway.close();
  receiver.close();
});
beforeEach(() => {
  received = [];
  status = 204;
});

const logIn = async () => {
  const response = await gateway.post("/api/token/", { username: "wanda", password: "right" });
  return (await response.json()) as { access: string; refresh: string };
};
const events = () => received.map(({ token }) => claimsIn(token));
const waiting = async () => Number(await gateway.env.DB.prepare("SELECT count(*) AS n FROM events").first("n"));

it("a log-in comes as a JWT that PROVISIONING_KEY signed, for this URL, and is then forgotten", async () => {
  await logIn();
  await expect.poll(() => received.length).toBe(1);
  const [{ type, token } = { type: "", token: "" }] = received;
  expect(type).toBe("application/jwt");
  const [head = "", payload = "", signature] = token.split(".");
  expect(JSON.parse(Buffer.from(head, "base64url").toString())).toEqual({ alg: "HS256", typ: "event+jwt" });
  expect(createHmac("sha256", key).update(`${head}.${payload}`).digest("base64url")).toBe(signature);
  const claims = claimsIn(token);
  expect(claims).toMatchObject({ aud: `${receiver.url}/events/?from=edge`, sub: "7", event: "login", data: {} });
  expect(Object.keys(claims)).toEqual(["iat", "jti", "aud", "sub", "sequence", "event", "at", "data"]);
  await expect.poll(waiting).toBe(0);
});

it("a failed log-in is no event", async () => {
  expect((await gateway.post("/api/token/", { username: "wanda", password: "wrong" })).status).toBe(401);
  expect(await waiting()).toBe(0);
});

it("log-outs and reused refresh tokens come, each once", async () => {
  const first = await logIn();
  await gateway.post("/api/token/blacklist/", { refresh: first.refresh });
  await gateway.post("/api/token/blacklist/", { refresh: first.refresh });
  const second = await logIn();
  await gateway.post("/api/token/refresh/", { refresh: second.refresh });
  for (let times = 0; times < 2; times++) await gateway.post("/api/token/refresh/", { refresh: second.refresh });
  const third = await logIn();
  await gateway.post("/api/token/logout-all/", {}, { authorization: `Bearer ${third.access}` });
  await expect.poll(waiting).toBe(0);
  const told = new Map(events().map(({ sequence, event, data }) => [sequence, [event, data]]));
  expect([...told].toSorted(([one], [other]) => Number(one) - Number(other)).map(([, what]) => what)).toEqual([
    ["login", {}],
    ["logout", { all: false }],
    ["login", {}],
    ["refresh_reuse", {}],
    ["login", {}],
    ["logout", { all: true }],
  ]);
});

it.each([500, 401, 404, 302])(
  "while the API answers %i, events wait, and the cron trigger sends them",
  async (answer) => {
    status = answer;
    expect(await logIn()).toMatchObject({ access: expect.any(String) });
    await expect.poll(() => lines.some((line) => line.event === "events_failed")).toBe(true);
    expect(await waiting()).toBe(1);
    status = 200;
    await gateway.flush();
    expect(await waiting()).toBe(0);
    expect(events()).toMatchObject([{ event: "login" }]);
  },
);

it("an event that the API refuses for good holds up no other", async () => {
  status = 400;
  await logIn();
  await expect.poll(waiting).toBe(0);
});

it("a queue gets the same, without a URL", async () => {
  const queued = await startGateway({ PROVISIONING_KEY: key, ORIGIN_URL: "http://127.0.0.1:9" }, { eventQueue: true });
  try {
    await queued.addUser({ id: 8, username: "bob", password: "right" });
    expect((await queued.post("/api/token/", { username: "bob", password: "right" })).status).toBe(200);
    const message = () => queued.env.BLACKLIST.get("message:0");
    await expect.poll(message, { timeout: 20_000 }).not.toBeNull();
    expect(claimsIn((await message()) ?? "")).toMatchObject({ aud: "queue", sub: "8", event: "login", data: {} });
    await expect.poll(() => queued.env.DB.prepare("SELECT count(*) AS n FROM events").first("n")).toBe(0);
  } finally {
    await queued.close();
  }
});
