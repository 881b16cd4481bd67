// The cookies of AUTH_COOKIE as texts: set, cleared, read strictly, taken out of a Cookie header.
import { describe, expect, test } from "vitest";
import {
  accessCookie,
  clearedCookies,
  readAuthCookie,
  refreshCookie,
  setCookie,
  withoutCookies,
} from "../../src/http/cookies.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

describe("setCookie()", () => {
  test("lets the access token go everywhere on the host, and last as long as it says", () => {
    expect(setCookie(accessCookie, "a.b.c", "/api/token", 300)).toBe(
      "__Host-access=a.b.c; Max-Age=300; Path=/; SameSite=Lax; Secure; HttpOnly",
    );
  });
  test("lets the refresh token go to the token endpoints alone", () => {
    expect(setCookie(refreshCookie, "a.b.c", "/auth/jwt", 86_400)).toBe(
      "__Secure-refresh=a.b.c; Max-Age=86400; Path=/auth/jwt; SameSite=Strict; Secure; HttpOnly",
    );
  });
  test("gives none for a token that would be longer than 4,096 bytes with its name", () => {
    expect(setCookie(accessCookie, "x".repeat(4082), "/api/token", 1)?.length).toBeGreaterThan(4096);
    expect(setCookie(accessCookie, "x".repeat(4083), "/api/token", 1)).toBeUndefined();
    expect(setCookie(refreshCookie, "x".repeat(4079), "/api/token", 1)).toContain("__Secure-refresh=x");
    expect(setCookie(refreshCookie, "x".repeat(4080), "/api/token", 1)).toBeUndefined();
  });
});

describe("clearedCookies()", () => {
  const cleared = (vars: Readonly<Record<string, unknown>>) =>
    clearedCookies(settingsOf({ SIGNING_KEY: testSecret, ...vars }));
  test("ends both with the attributes that they were set with", () => {
    expect(cleared({})).toEqual([
      "__Host-access=; Max-Age=0; Path=/; SameSite=Lax; Secure; HttpOnly",
      "__Secure-refresh=; Max-Age=0; Path=/api/token; SameSite=Strict; Secure; HttpOnly",
    ]);
  });
  test("ends a refresh token's cookie where TOKEN_PATHS has it", () => {
    expect(cleared({ TOKEN_PATHS: { refresh: "/auth/refresh/", blacklist: "/auth/logout/" } })).toEqual([
      "__Host-access=; Max-Age=0; Path=/; SameSite=Lax; Secure; HttpOnly",
      "__Secure-refresh=; Max-Age=0; Path=/auth; SameSite=Strict; Secure; HttpOnly",
    ]);
  });
  test.each([
    [{ refresh: "/auth/refresh/" }, "/"],
    [{ refresh: "/api/token/jwt/refresh/", blacklist: "/api/token/jwt/logout/" }, "/api/token/jwt"],
    [{ refresh: "/api/refresh/", blacklist: "/api/token/logout/" }, "/api"],
  ])("ends it also where it was before, if it would still be sent: %j", (TOKEN_PATHS, path) => {
    expect(cleared({ TOKEN_PATHS })).toEqual([
      "__Host-access=; Max-Age=0; Path=/; SameSite=Lax; Secure; HttpOnly",
      `__Secure-refresh=; Max-Age=0; Path=${path}; SameSite=Strict; Secure; HttpOnly`,
      "__Secure-refresh=; Max-Age=0; Path=/api/token; SameSite=Strict; Secure; HttpOnly",
    ]);
  });
});

/** Header, what is read of `__Host-access`, what is left for the origin. */
const headers: ReadonlyArray<readonly [header: string, value: string | null | undefined, left: string | undefined]> = [
  // Plain.
  ["__Host-access=a.b-c_d", "a.b-c_d", undefined],
  ["x=1; __Host-access=a.b.c; y=2", "a.b.c", "x=1; y=2"],
  ["__Host-access=a.b.c; x=1", "a.b.c", "x=1"],
  ["x=1;__Host-access=a.b.c;y=2", "a.b.c", "x=1;y=2"],
  ["x=1; \t__Host-access=a.b.c \t; y=2", "a.b.c", "x=1; y=2"],
  ["__Host-access=a==", "a==", undefined],
  ["__Secure-refresh=r; __Host-access=a", "a", undefined],
  [`__Host-access=${"x".repeat(4082)}`, "x".repeat(4082), undefined],
  // Not there.
  ["", undefined, ""],
  ["x=1; y=2", undefined, "x=1; y=2"],
  ["__Secure-refresh=r", undefined, undefined],
  // Others by similar names, byte for byte.
  ["__host-access=a", undefined, "__host-access=a"],
  ["__HOST-ACCESS=a", undefined, "__HOST-ACCESS=a"],
  ['__Host-access2=a;  b="q; r"', undefined, '__Host-access2=a;  b="q; r"'],
  ["x__Host-access=a", undefined, "x__Host-access=a"],
  ["__Host-access-old=a", undefined, "__Host-access-old=a"],
  ["__Host-access.=a", undefined, "__Host-access.=a"],
  ["seen=__Host-access", undefined, "seen=__Host-access"],
  ["seen=__Host-access=a; __Host-access=b", "b", "seen=__Host-access=a"],
  ["__Host-=__Host-access=a", undefined, "__Host-=__Host-access=a"],
  ["=__Host-access=a", undefined, "=__Host-access=a"],
  // Twice.
  ["__Host-access=a; __Host-access=b", null, undefined],
  ["__Host-access=a; __Host-access=a", null, undefined],
  ["__Host-access=a; x=1; __Host-access=", null, "x=1"],
  ["__Host-access=a; __Host-access", null, undefined],
  ["__Host-access=a; __Host-access=b; __Host-access=c", null, undefined],
  // Two lines that a runtime joined.
  ["x=1, __Host-access=a", null, undefined],
  ["__Host-access=a, x=1", null, undefined],
  ["__Host-access=a, __Host-access=b", null, undefined],
  // Quotes, spaces, nothing, too much.
  ['__Host-access="a.b.c"', null, undefined],
  ["__Host-access=a b", null, undefined],
  ["__Host-access=a\\b", null, undefined],
  ["__Host-access=", null, undefined],
  ["__Host-access", null, undefined],
  ["__Host-access =a", null, undefined],
  ["__Host-access\t=a", null, undefined],
  ["__Host-access=\u00e9", null, undefined],
  [`__Host-access=${"x".repeat(4083)}`, null, undefined],
  // What a more lenient reader finds: other spaces around the name, a pair within quotes, old versions of the syntax.
  ["\u00a0__Host-access=a", null, undefined],
  ["__Host-access\u00a0=a", null, undefined],
  ["\u2003__Host-access=a; x=1", null, "x=1"],
  ["x=1; \u0085__Host-access=a", null, "x=1"],
  ['$Version=1; x="1; __Host-access=a"', null, '$Version=1; x="1'],
  ['x="__Host-access=a"', null, undefined],
  ["x=1 __Host-access=a", null, undefined],
];

describe("a Cookie header", () => {
  test.each(headers)("%j reads %j", (header, value) => {
    expect(readAuthCookie(header, accessCookie)).toBe(value);
  });
  test.each(headers)("%j goes on", (header, _, left) => {
    expect(withoutCookies(header, [accessCookie, refreshCookie])).toBe(left);
  });
  test("that is not there has none", () => {
    expect(readAuthCookie(null, accessCookie)).toBeUndefined();
  });
  test("is read for the refresh token by the same rules", () => {
    const read = (header: string) => readAuthCookie(header, refreshCookie);
    expect(read("__Host-access=a; __Secure-refresh=r.r.r")).toBe("r.r.r");
    expect(read("__Secure-refresh=r; __Secure-refresh=s")).toBeNull();
    expect(read("__secure-refresh=r")).toBeUndefined();
  });
  test("of a hundred thousand bytes full of the name is read in one go", () => {
    expect(readAuthCookie("__Host-access2=x; ".repeat(6000), accessCookie)).toBeUndefined();
    expect(readAuthCookie("__Host-access".repeat(8000), accessCookie)).toBeUndefined();
  });
});
