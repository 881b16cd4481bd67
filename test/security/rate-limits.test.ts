// Ways around LOGIN_LIMITER (research 3.10) and the limits of routes and token endpoints, with real rate limit bindings of
// five a minute.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { expectLimited } from "../support/limited.ts";
import { accessClaims, hmacToken } from "./made-tokens.ts";
import { type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

let gateway: Gateway;
let limited: Gateway;
let origin: RecordingOrigin;
beforeAll(async () => {
  gateway = await startGateway({ ORIGIN_URL: "http://127.0.0.1:9" }, { loginsPerMinute: 5 });
  origin = await startRecordingOrigin();
  const vars = {
    ORIGIN_URL: origin.url,
    REVOCATION: "off",
    AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken"],
    ROUTES: [
      { path: "/address/*", auth: "token", limit: { binding: "ADDRESS_LIMITER", by: "address" } },
      { path: "/maybe/*", auth: "optional", limit: { binding: "USER_LIMITER", by: "user" } },
      { path: "/user/*", auth: "token", limit: { binding: "USER_LIMITER", by: "user" } },
    ],
    TOKEN_LIMITS: { verify: { binding: "VERIFY_LIMITER", by: "user" } },
  };
  limited = await startGateway(vars, { limiters: { ADDRESS_LIMITER: 5, USER_LIMITER: 5, VERIFY_LIMITER: 5 } });
});
afterAll(async () => {
  await Promise.all([gateway.close(), limited.close()]);
  origin.close();
});

/** Refused unhashed, so that many attempts take little time. */
const password = "x".repeat(5000);
const throttled = '{"detail":"Request was throttled. Expected available in 60 seconds."}';

interface Attempt {
  readonly username: string;
  readonly headers: object;
}

/** Which of the attempts are refused for their number; all others have to be refused for their password. */
async function whichAreRefused(attempts: readonly Attempt[]): Promise<boolean[]> {
  const refused: boolean[] = [];
  for (const { username, headers } of attempts) {
    const answer = await gateway.post("/api/token/", { username, password }, headers as Record<string, string>);
    const body = await answer.text();
    refused.push(answer.status === 429);
    if (answer.status === 429) {
      expect([body, answer.headers.get("retry-after")]).toEqual([throttled, "60"]);
    } else expect(answer.status).toBe(401);
  }
  return refused;
}
const refusedOf = async (attempts: readonly Attempt[]) =>
  (await whichAreRefused(attempts)).filter((refused) => refused).length;
const from = (address: string, more: object = {}) => ({ "cf-connecting-ip": address, ...more });
/** Each address three times, each time with another name: fewer than the limit for any one of them alone. */
const thrice = (addresses: readonly string[], name: string) =>
  addresses.flatMap((address, at) =>
    [1, 2, 3].map((time) => ({ username: `${name}-${at}-${time}`, headers: from(address) })),
  );

it("CVE-2026-45364 (better-auth): 100 addresses of one /64 share a count", async () => {
  const attempts = Array.from({ length: 100 }, (_, at) => ({
    username: `rotating-${at}`,
    headers: from(`2001:db8:0:1:${at.toString(16)}::${at.toString(16)}`),
  }));
  expectLimited(5, await whichAreRefused(attempts));
  expect(await refusedOf([{ username: "neighbour", headers: from("2001:db8:0:2::1") }])).toBe(0);
});

it("CVE-2026-47674 (Hono): one address in many spellings is one address", async () => {
  const spellings = ["2001:db8:0:9::1", "2001:0db8:0000:0009:0000:0000:0000:0001", "2001:DB8:0:9:0:0:0:1"];
  spellings.push("2001:db8::9:0:0:0:1", "2001:db8:0:9::0.0.0.1", "2001:db8:0:9::1%eth0");
  expect(await refusedOf(thrice(spellings, "spelled"))).toBeGreaterThanOrEqual(8);
});

it("CVE-2026-47674 (Hono): an IPv4 address in IPv6 is the IPv4 address", async () => {
  const spellings = ["198.51.100.7", "::ffff:198.51.100.7", "::ffff:c633:6407", "::FFFF:C633:6407"];
  spellings.push("0:0:0:0:0:ffff:198.51.100.7", "0000:0000:0000:0000:0000:ffff:c633:6407");
  expect(await refusedOf(thrice(spellings, "mapped"))).toBeGreaterThanOrEqual(8);
  expect(await refusedOf([{ username: "mapped-other", headers: from("::ffff:198.51.100.8") }])).toBe(0);
});

it.each([
  ["in numbers", ["198.051.100.007", "198.51.100", "0xc6336407", "3325256711", "unknown", "198.51.100.256"]],
  [
    "with colons",
    ["2001:db8::9::1", "2001:db8:0:9", "2001:db8::g", ":::", "2001:db8::1:198.51.100", "1:2:3:4:5:6:7:8:9"],
  ],
])("what is no address (%s) is no way to a count of one's own", async (what, spellings) => {
  expect(await refusedOf(thrice(spellings, `unreadable ${what}`))).toBeGreaterThanOrEqual(8);
});

it("forged X-Forwarded-For, X-Real-IP, Forwarded and their like change nothing", async () => {
  const names = [
    "x-forwarded-for",
    "x-real-ip",
    "true-client-ip",
    "x-client-ip",
    "cf_connecting_ip",
    "fastly-client-ip",
  ];
  const attempts = Array.from({ length: 18 }, (_, at) => {
    const forged = Object.fromEntries(names.map((name) => [name, `192.0.2.${at}`]));
    return { username: `forging-${at}`, headers: from("203.0.113.5", { ...forged, forwarded: `for=192.0.2.${at}` }) };
  });
  expectLimited(5, await whichAreRefused(attempts));
});

it("one account from many addresses is limited, one that does not exist too", async () => {
  for (const username of ["ada", "nobody"]) {
    const attempts = Array.from({ length: 18 }, (_, at) => ({ username, headers: from(`192.0.2.${at}`) }));
    expectLimited(5, await whichAreRefused(attempts));
  }
});

it("Workers of other zones, who share an address with all the world, do not share a count", async () => {
  for (const address of ["2a06:98c0:3600::103", "2A06:98C0:3600:0:0:0:0:103"]) {
    const attempts = Array.from({ length: 18 }, (_, at) => ({ username: `${address}-${at}`, headers: from(address) }));
    expect(await refusedOf(attempts)).toBe(0);
  }
});

/** Which of these requests are throttled; all others get `otherwise`. */
async function throttledOf(
  requests: ReadonlyArray<readonly [path: string, token: string | undefined, headers: object]>,
  otherwise: number,
): Promise<boolean[]> {
  const refused: boolean[] = [];
  for (const [path, token, headers] of requests) {
    const answer = await limited.get(path, token, headers as Record<string, string>);
    const body = await answer.text();
    refused.push(answer.status === 429);
    if (answer.status === 429) expect([body, answer.headers.get("retry-after")]).toEqual([throttled, "60"]);
    else expect(answer.status).toBe(otherwise);
  }
  return refused;
}

it("a user has one count on limited routes: other tokens, classes, ids, routes and addresses are no way around", async () => {
  const ids = ["7", 7, " 7", "+7", "7\n"];
  const requests = Array.from({ length: 18 }, (_, at) => {
    const token_type = at % 2 === 0 ? "access" : "sliding";
    const token = hmacToken({ claims: { user_id: ids[at % ids.length], token_type, jti: `jti-${at}` } });
    return [at % 3 === 0 ? "/maybe/x" : "/user/x", token, from(`192.0.2.${at}`)] as const;
  });
  origin.taken();
  const refused = await throttledOf(requests, 200);
  expectLimited(5, refused);
  expect(origin.taken()).toHaveLength(refused.filter((one) => !one).length);
  expect(await throttledOf([["/user/x", hmacToken({ claims: { user_id: "70" } }), from("192.0.2.1")]], 200)).toEqual([
    false,
  ]);
});

it("no token, or a bad one, uses up the count of a user, and an address has one of its own for anonymous requests", async () => {
  const user_id = "71";
  const forged = hmacToken({ secret: "x".repeat(64), claims: { user_id } });
  await throttledOf(
    Array.from({ length: 18 }, () => ["/user/x", forged, from("198.51.100.3")] as const),
    401,
  );
  const anonymous = Array.from(
    { length: 18 },
    (_, at) => ["/maybe/x", undefined, from(`2001:db8:7:1::${at}`)] as const,
  );
  expectLimited(5, await throttledOf(anonymous, 200));
  expect(await throttledOf([["/user/x", hmacToken({ claims: { user_id } }), from("198.51.100.3")]], 200)).toEqual([
    false,
  ]);
});

it("bad tokens are limited by address before their signature is looked at", async () => {
  const forged = (at: number) => hmacToken({ secret: "x".repeat(64), claims: { jti: `forged-${at}` } });
  const requests = Array.from({ length: 18 }, (_, at) => {
    return ["/address/x", forged(at), from(`2001:db8:9:1::${at}`, { "x-forwarded-for": `1.2.3.${at}` })] as const;
  });
  expectLimited(5, await throttledOf(requests, 401));
});

it("at a token endpoint, a forged token uses up the count of an address and not that of a user", async () => {
  const ask = async (token: string, address: string) =>
    (await limited.post("/api/token/verify/", { token }, from(address) as Record<string, string>)).status;
  const user_id = "72";
  const forged = () => hmacToken({ secret: "x".repeat(64), claims: accessClaims({ user_id }) });
  const statuses: number[] = [];
  for (let at = 0; at < 18; at++) statuses.push(await ask(forged(), "198.51.100.9"));
  expect([...new Set(statuses)].sort()).toEqual([401, 429]);
  expectLimited(
    5,
    statuses.map((status) => status === 429),
  );
  expect(await ask(hmacToken({ claims: { user_id } }), "198.51.100.9")).toBe(200);
});
