// LOGIN_LIMITER over HTTP, with a real rate limit binding: ten attempts a minute, as wrangler.toml recommends.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "smol-toml";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { expectLimited } from "../support/limited.ts";

const limit = 10;
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ ORIGIN_URL: "http://127.0.0.1:9" }, { loginsPerMinute: limit });
});
afterAll(() => gateway.close());

/** Refused unhashed, so that many attempts take little time. */
const tooLong = "x".repeat(5000);
const attempt = async (username: string, headers: Readonly<Record<string, string>>) =>
  (await gateway.post("/api/token/", { username, password: tooLong }, headers)).status;

/** The statuses of 30 attempts: enough to be refused whenever a new minute of the binding's begins. */
async function statusesOf(attemptNumber: (number: number) => Promise<number>): Promise<number[]> {
  const statuses: number[] = [];
  for (let number = 1; number <= 30; number++) statuses.push(await attemptNumber(number));
  return statuses;
}
const refused = (statuses: readonly number[]) => statuses.map((status) => status === 429);

it("lets the first ten attempts pass, and refuses one account from many addresses", async () => {
  const statuses = await statusesOf((number) => attempt("ada", { "cf-connecting-ip": `192.0.2.${number}` }));
  expect(statuses.slice(0, limit)).toEqual(Array(limit).fill(401));
  expectLimited(limit, refused(statuses));
});

it("refuses many accounts from the addresses of one /64, and no other /64 with it", async () => {
  const address = (number: number) => ({ "cf-connecting-ip": `2001:db8:1:2::${number.toString(16)}` });
  const statuses = await statusesOf((number) => attempt(`user-${number}`, address(number)));
  expectLimited(limit, refused(statuses));
  expect(await attempt("user-31", { "cf-connecting-ip": "2001:db8:1:3::1" })).toBe(401);
});

it("refuses one address, whatever X-Forwarded-For and its like say", async () => {
  const statuses = await statusesOf((number) => {
    const forged = `198.51.100.${number}`;
    const claims = { "x-forwarded-for": forged, "x-real-ip": forged, forwarded: `for=${forged}` };
    return attempt(`name-${number}`, { "cf-connecting-ip": "203.0.113.5", ...claims });
  });
  expectLimited(limit, refused(statuses));
});

it("does not let Workers of other zones share a fate", async () => {
  const statuses = await statusesOf((number) =>
    attempt(`guest-${number}`, { "cf-connecting-ip": "2a06:98c0:3600::103" }),
  );
  expect(statuses).toEqual(Array(30).fill(401));
});

it("wrangler.toml binds it with the numbers of this test", () => {
  const text = readFileSync(resolve(import.meta.dirname, "../../wrangler.toml"), "utf8");
  expect((parse(text) as { ratelimits: unknown }).ratelimits).toEqual([
    { name: "LOGIN_LIMITER", namespace_id: "1001", simple: { limit, period: 60 } },
  ]);
});
