// The work that is done for nothing, so that accounts are not told apart by time.
import { beforeEach, describe, expect, test, vi } from "vitest";
import { hashPassword } from "../../src/users/hash-password.ts";
import * as native from "../../src/users/hashers/scrypt.ts";
import { spendHashTime, spendRestOfHashTime } from "../../src/users/spend-hash-time.ts";

vi.mock("../../src/users/hashers/scrypt.ts", { spy: true });

beforeEach(() => {
  vi.mocked(native.deriveScrypt).mockReset().mockReturnValue(new Uint8Array(64));
});

test("spendHashTime() computes just what hashPassword() does, salt length included", async () => {
  await hashPassword("password", "aFixedSaltOf22Letters0");
  await spendHashTime("password");
  const [real, spent] = vi.mocked(native.deriveScrypt).mock.calls;
  expect(spent?.[0]).toEqual(real?.[0]);
  expect(spent?.[1].length).toBe(real?.[1].length);
  expect(spent?.[2]).toEqual({ N: 16384, r: 8, p: 5 });
  expect(real?.[2]).toEqual({ N: 16384, r: 8, p: 5 });
});

test("spendHashTime() gives nothing away", async () => {
  expect(await spendHashTime("half a pair \ud83d")).toBeUndefined();
});

describe("spendRestOfHashTime() fills up to five lanes of 30 ms when there were spent", () => {
  test.each([
    [0, [5]],
    [14, [5]],
    [31, [4]],
    [100, [2]],
    [120, [1]],
    [140, []],
    [150, []],
    [10_000, []],
  ])("%d ms", async (spentMs, lanes) => {
    await spendRestOfHashTime("password", spentMs);
    expect(vi.mocked(native.deriveScrypt).mock.calls.map(([, , { p }]) => p)).toEqual(lanes);
  });
});
