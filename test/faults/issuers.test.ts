// Tokens of other issuers, and our own, while the source of an issuer's keys is down, slow, or answers with garbage.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fetchedIssuers } from "./machines.ts";
import { type Client, gatewayWith, newClient, operations } from "./operations.ts";
import { type Operation, operationsOf } from "./table.ts";

let lines: Array<Readonly<Record<string, unknown>>> = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

type Reply = (url: string, signal: AbortSignal) => Response | Promise<Response>;

/** A gateway whose issuers have their keys where the test says what is answered, and a client with its tokens. */
async function setUp(name: Operation) {
  const { ISSUERS, sets, privateSets } = await fetchedIssuers();
  let reply: Reply;
  const fetched: string[] = [];
  vi.stubGlobal("fetch", async (url: string, { signal }: { signal: AbortSignal }) => {
    fetched.push(url);
    return reply(url, signal);
  });
  const good: Reply = (url) => Response.json(sets.get(url));
  reply = good;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const began = Date.now();
  const app = await gatewayWith({ ISSUERS, ACCESS_TOKEN_LIFETIME: "12h" });
  const client = await newClient(app, name);
  const run = (one: Operation = name, as: Client = client) => operations[one].run(app, as);
  return {
    ...{ app, run, good, fetched },
    privateKeys: ((url) => Response.json(privateSets.get(url))) as Reply,
    answer: (next: Reply) => {
      reply = next;
    },
    /** The status at this second after the beginning. */
    at: (seconds: number) => {
      vi.setSystemTime(began + seconds * 1000);
      return run();
    },
    /** What a token of the issuer gets; our own are always good. */
    orOwn: (status: number) => (name === "bearer token" ? 200 : status),
  };
}

const unreachable: Reply = () => Promise.reject(new TypeError("connection refused"));
const sixHours = 6 * 3600;

describe("issuer out of reach", () => {
  it.each(
    operationsOf(
      "issuer out of reach",
      "%s while the issuer cannot be reached: the last good keys for six hours, then 503, and own tokens as ever",
    ),
  )(
    "%s while the issuer cannot be reached: the last good keys for six hours, then 503, and own tokens as ever",
    async (name) => {
      const { at, answer, good, fetched, orOwn } = await setUp(name);
      answer(unreachable);
      expect([await at(0), await at(29)]).toEqual([orOwn(401), orOwn(401)]);
      expect(fetched).toHaveLength(name === "bearer token" ? 0 : 1);
      answer(good);
      expect(await at(30)).toBe(200);
      answer(unreachable);
      expect([await at(330), await at(30 + sixHours - 1)]).toEqual([200, 200]);
      expect([await at(30 + sixHours), await at(30 + sixHours + 28)]).toEqual([orOwn(503), orOwn(503)]);
      answer(good);
      expect(await at(30 + sixHours + 60)).toBe(200);
    },
  );
});

describe("issuer slow", () => {
  it.each(
    operationsOf(
      "issuer slow",
      "%s while the issuer is slow is answered by the keys of before, and refused where it never had any",
    ),
  )(
    "%s while the issuer is slow is answered by the keys of before, and refused where it never had any",
    async (name) => {
      const { run, at, answer, good, fetched } = await setUp(name);
      const foreign = name === "bearer token" ? "issuer's token" : name;
      // The five seconds that a fetch may take are over when the test says so.
      let giveUp = new AbortController();
      vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
        giveUp = new AbortController();
        return giveUp.signal;
      });
      let letGo = () => {};
      const hanging: Reply = (url, signal) =>
        new Promise((resolve, reject) => {
          letGo = () => resolve(good(url, signal));
          signal.addEventListener("abort", () => reject(new DOMException("took too long", "TimeoutError")));
        });
      const begun = (count: number) => vi.waitFor(() => expect(fetched).toHaveLength(count), { timeout: 60_000 });

      answer(hanging);
      const first = run(foreign);
      await begun(1);
      expect(await run("bearer token")).toBe(200);
      giveUp.abort();
      expect(await first).toBe(401);
      expect(lines).toContainEqual({ event: "jwks_failed", error: "took too long", issuer: expect.any(String) });

      answer(good);
      expect(await at(30)).toBe(200);
      if (name === "bearer token") expect(await run(foreign)).toBe(200);
      answer(hanging);
      vi.setSystemTime(Date.now() + 300_000);
      const renewing = run(foreign);
      await begun(3);
      expect([await run(), await run("bearer token")]).toEqual([200, 200]);
      letGo();
      expect(await renewing).toBe(200);
      expect(fetched).toHaveLength(3);
    },
  );
});

describe("issuer's keys garbage", () => {
  const garbage: ReadonlyArray<readonly [what: string, Reply]> = [
    ["a page", () => new Response("<!doctype html><title>Log in</title>")],
    ["nothing", () => new Response("")],
    ["half a set", () => new Response('{"keys":[{"kty":"RSA","kid":"k1"')],
    ["no set", () => Response.json([])],
    ["null", () => Response.json(null)],
    ["an empty set", () => Response.json({ keys: [] })],
    ["what are no keys", () => Response.json({ keys: [null, 1, "k1", [], {}] })],
    ["a secret", () => Response.json({ keys: [{ kty: "oct", kid: "k1", k: "c2VjcmV0", alg: "HS256" }] })],
    ["too much", () => new Response(`{"keys":[],"x":"${"x".repeat(256 * 1024)}"}`)],
    ["an error", () => Response.json({ keys: [] }, { status: 500 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://other.example/jwks" } })],
  ];

  it.each(
    operationsOf(
      "issuer's keys garbage",
      "%s while the issuer answers with garbage never passes without keys, and goes on with the last good ones",
    ),
  )(
    "%s while the issuer answers with garbage never passes without keys, and goes on with the last good ones",
    async (name) => {
      const { at, answer, good, privateKeys, orOwn } = await setUp(name);
      const all = [...garbage, ["private keys", privateKeys] as const];
      for (const [index, [what, reply]] of all.entries()) {
        answer(reply);
        expect([what, await at(30 * index)]).toEqual([what, orOwn(401)]);
      }
      answer(good);
      expect(await at(360)).toBe(200);
      for (const [index, [what, reply]] of all.entries()) {
        answer(reply);
        expect([what, await at(660 + 30 * index)]).toEqual([what, 200]);
      }
      expect(lines.filter(({ event }) => event === "jwks_failed")).toHaveLength(name === "bearer token" ? 0 : 24);
      expect(lines.filter(({ event }) => event === "internal_error")).toEqual([]);
    },
  );
});
