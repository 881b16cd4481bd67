// The API key in the header Authorization, read as djangorestframework-api-key reads it.
import { describe, expect, it } from "vitest";
import { apiKeyFrom, mayHoldApiKey, prefixOf } from "../../src/auth/api-key-header.ts";

describe("apiKeyFrom() takes", () => {
  it.each([
    ["Api-Key a.b", "a.b"],
    ["api-key a.b", "a.b"],
    ["API-KEY a.b", "a.b"],
    ["Api-Key  a.b", " a.b"],
    ["Api-Key a.b, Bearer c", "a.b, Bearer c"],
    ["Api-Key ", ""],
    ["Api-Key", ""],
  ])("%j as %j", (header, key) => {
    expect(apiKeyFrom(header)).toBe(key);
  });
  it.each([null, "", "Bearer a.b", "Api-Keya.b", "Api-Key\ta.b", "Bearer Api-Key a.b", "X-Api-Key a.b", "Apikey a.b"])(
    "nothing from %j",
    (header) => {
      expect(apiKeyFrom(header)).toBeUndefined();
    },
  );
});

describe("prefixOf()", () => {
  it("is what is before the first dot", () => {
    expect(prefixOf("4fT9xQ2b.secret.with.dots")).toBe("4fT9xQ2b");
    expect(prefixOf("my_key-1.secret")).toBe("my_key-1");
  });
  it.each(["", "a", ".b", "a.", " a.b", "a.b c", "a.b\u00e9", "a$b.c", "a".repeat(33), `${"a".repeat(33)}.b`])(
    "is none of %j",
    (text) => {
      expect(prefixOf(text)).toBeUndefined();
    },
  );
  it("is none of a token, whose first part is longer", () => {
    expect(prefixOf("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoiNyJ9.c2ln")).toBeUndefined();
  });
});

describe("mayHoldApiKey() finds one", () => {
  it.each([
    "Api-Key a.b",
    "api-key",
    "Bearer x, Api-Key a.b",
    "Bearer x,API-KEY a.b",
    "Api-Key\ta.b",
    "Basic x Api-Key y",
    "FooApi-Key a.b",
    "Bearer xapi-key a.b",
    "X-API-KEY\ta.b",
    "Bearer x;Api-Key a.b",
    "Token=Api-Key,a.b",
    "Basic x Api-Key",
    // White space to Python; the last is what the runtime shows of a byte that is no UTF-8, such as 0xA0.
    ...["Api-Key\u001ca.b", "Api-Key\u0085a.b", "Bearer x\u001fApi-Key", "Api-Key\ufffda.b"],
  ])("in %j", (header) => {
    expect(mayHoldApiKey(header)).toBe(true);
  });
  it.each([null, "", "Bearer abc", "Bearer api-keys", "Basic dXNlcjpwdw==", "Bearer x.api-key.y", "Bearer my-api-key"])(
    "not in %j",
    (header) => {
      expect(mayHoldApiKey(header)).toBe(false);
    },
  );
});
