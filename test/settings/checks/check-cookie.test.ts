// AUTH_COOKIE: how it is written, and what it does not go together with.
import { describe, expect, test } from "vitest";
import { readSettings } from "../../../src/settings/read.ts";
import { testSecret } from "../../support/settings.ts";

const read = (vars: Readonly<Record<string, unknown>>) => {
  const { errors, warnings } = readSettings({ SIGNING_KEY: testSecret, ...vars });
  return { errors, warnings };
};
const good = { errors: [], warnings: [] };

describe("AUTH_COOKIE", () => {
  test.each([
    [true, true],
    ["true", true],
    ["only", "only"],
    [false, false],
    ["false", false],
  ])("may be %j", (raw, value) => {
    const { settings, errors, warnings } = readSettings({ SIGNING_KEY: testSecret, AUTH_COOKIE: raw });
    expect([settings.AUTH_COOKIE, errors, warnings]).toEqual([value, [], []]);
  });

  test.each([["yes"], ["Only"], [""], [1], [null], [["only"]]])("may not be %j", (raw) => {
    expect(read({ AUTH_COOKIE: raw }).errors).toEqual([
      `AUTH_COOKIE must be true, false or only; it is ${JSON.stringify(raw)}.`,
    ]);
  });

  test.each([
    [["obtain", "verify", "blacklist"], ["SlidingToken"], "obtain", "AccessToken"],
    [["refresh", "blacklist"], ["SlidingToken"], "refresh", "AccessToken"],
    [["sliding", "blacklist"], ["AccessToken"], "sliding", "SlidingToken"],
  ])("with the endpoints %j does not go together with AUTH_TOKEN_CLASSES %j", (endpoints, classes, name, missing) => {
    const vars = { TOKEN_ENDPOINTS: endpoints, AUTH_TOKEN_CLASSES: classes };
    expect(read({ ...vars, AUTH_COOKIE: true }).errors).toEqual([
      `AUTH_COOKIE: the cookie of the endpoint "${name}" holds a token that AUTH_TOKEN_CLASSES does not accept: ${missing}.`,
    ]);
    expect(read(vars)).toEqual(good);
  });

  test.each([
    [
      ["obtain", "refresh", "sliding", "blacklist"],
      ["AccessToken", "SlidingToken"],
    ],
    [
      ["obtain", "sliding", "blacklist"],
      ["AccessToken", "rest_framework_simplejwt.tokens.SlidingToken"],
    ],
    [["sliding", "blacklist"], ["rest_framework_simplejwt.tokens.SlidingToken"]],
  ])("with the endpoints %j goes together with AUTH_TOKEN_CLASSES %j", (endpoints, classes) => {
    expect(read({ TOKEN_ENDPOINTS: endpoints, AUTH_TOKEN_CLASSES: classes, AUTH_COOKIE: "only" })).toEqual(good);
  });

  test("goes together with UntypedToken, which takes every cookie", () => {
    const vars = { TOKEN_ENDPOINTS: ["obtain", "sliding", "blacklist"], AUTH_TOKEN_CLASSES: ["UntypedToken"] };
    expect(read({ ...vars, AUTH_COOKIE: "only" }).errors).toEqual([]);
  });

  test.each(["HTTP_COOKIE", "Cookie", "cookie"])("needs the header %s for itself", (name) => {
    expect(read({ AUTH_HEADER_NAME: name, AUTH_COOKIE: true }).errors).toEqual([
      "AUTH_HEADER_NAME must not be Cookie while AUTH_COOKIE is on: that header has the cookies.",
    ]);
  });

  test.each([{ TOKEN_BLACKLIST_ENABLED: false }, { TOKEN_ENDPOINTS: ["obtain", "refresh"] }])(
    "warns that no page can log out with %j",
    (vars) => {
      const text =
        'AUTH_COOKIE without the endpoint "blacklist": no page can log out, because only that endpoint clears the cookies.';
      expect(read({ ...vars, AUTH_COOKIE: true })).toEqual({ errors: [], warnings: [text] });
      expect(read(vars)).toEqual(good);
    },
  );

  test("warns of other origins that may not use the cookies", () => {
    const vars = { AUTH_COOKIE: true, CORS_ORIGINS: ["https://app.example.com"] };
    const text = "AUTH_COOKIE with CORS_ORIGINS, but without CORS_CREDENTIALS: their pages cannot use the cookies.";
    expect(read(vars)).toEqual({ errors: [], warnings: [text] });
    expect(read({ ...vars, CORS_CREDENTIALS: true })).toEqual(good);
    expect(read({ ...vars, CORS_ORIGINS: ["*"] })).toEqual(good);
  });
});
