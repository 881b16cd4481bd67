import { describe, expect, test } from "vitest";
import { originError } from "../../../src/settings/checks/check-urls.ts";
import { readSettings } from "../../../src/settings/read.ts";
import { testSecret } from "../../support/settings.ts";

const error = 'ORIGIN must be a service binding or the text "zone"; a URL belongs in ORIGIN_URL.';

describe("ORIGIN", () => {
  test.each([[undefined], ["zone"], [{ fetch: async () => new Response() }]])("may be %o", (origin) => {
    expect(originError(origin)).toBeUndefined();
  });
  test.each([
    [""],
    ["Zone"],
    ["zone "],
    ["https://api.example.com"],
    [true],
    [7],
    [null],
    [{}],
    [[]],
    [{ fetch: "x" }],
  ])("may not be %j", (origin) => {
    expect(originError(origin)).toBe(error);
    expect(readSettings({ SIGNING_KEY: testSecret, ORIGIN: origin ?? null }).errors).toEqual([error]);
  });
});

describe("ORIGIN_URL", () => {
  // For URL these have an empty query or fragment; a path behind them would be part of it.
  test.each([["https://a.example?"], ["https://a.example#"], ["https://a.example/base?"]])("may not be %j", (url) => {
    expect(readSettings({ SIGNING_KEY: testSecret, ORIGIN_URL: url }).errors).toEqual([
      "ORIGIN_URL must be http(s)://host[:port][/base], without a user, a query or a fragment.",
    ]);
  });
});
