// requestCounter(): the keys under which callers of several issuers are counted.
import { expect, it } from "vitest";
import { type LimitedCaller, requestCounter } from "../../src/auth/limits.ts";
import type { LimitKind } from "../../src/settings/limits.ts";
import { settingsOf } from "../support/settings.ts";

/** The key of each caller, as the number of the first caller who has it. */
async function whoShares(by: LimitKind, callers: readonly LimitedCaller[]): Promise<number[]> {
  const keys: string[] = [];
  const limiter = { allows: async (asked: readonly string[]) => keys.push(...asked) > 0, ping: async () => true };
  const count = requestCounter(settingsOf(), new Map([["API_LIMITER", limiter]]));
  const headers = new Headers();
  for (const caller of callers) await count({ binding: "API_LIMITER", by, period: 60 }, caller, { headers });
  expect(keys).toHaveLength(callers.length);
  return keys.map((key) => keys.indexOf(key));
}

const one = "https://one.example";
const two = "https://two.example";
const callers: readonly LimitedCaller[] = [
  { userId: "7" },
  { userId: 7 },
  { userId: undefined, foreign: { issuer: one, subject: "7" } },
  { userId: undefined, foreign: { issuer: two, subject: "7" } },
  { userId: undefined, foreign: { issuer: one, subject: "8" } },
  { userId: "7", foreign: { issuer: one, subject: "auth0|7" } },
  { userId: undefined, foreign: { issuer: `${one}","7`, subject: "" } },
];

it("by user, a user of one issuer is none of another, and one of ours by whatever token", async () => {
  expect(await whoShares("user", callers)).toEqual([0, 0, 2, 3, 4, 0, 6]);
});

it("by whatever, an API key has a count of its own", async () => {
  const keys: readonly LimitedCaller[] = [
    { userId: undefined, apiKey: "aaaaaaaa" },
    { userId: "aaaaaaaa" },
    { userId: undefined, apiKey: "bbbbbbbb" },
    { userId: undefined, apiKey: "aaaaaaaa" },
  ];
  for (const by of ["user", "issuer", "key"] as const) expect(await whoShares(by, keys)).toEqual([0, 1, 2, 0]);
});

it("by issuer, all of one are counted together", async () => {
  expect(await whoShares("issuer", callers.slice(0, 6))).toEqual([0, 0, 2, 3, 2, 2]);
});
