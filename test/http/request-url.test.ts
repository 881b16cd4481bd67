import { describe, expect, test } from "vitest";
import { originOf, readRequestUrl } from "../../src/http/request-url.ts";

describe("readRequestUrl()", () => {
  test.each([
    ["https://api.example/a/b?c=d", "https", "api.example", "/a/b", "?c=d"],
    ["http://127.0.0.1:8787/caf%C3%A9/?q=%2e&q=/", "http", "127.0.0.1:8787", "/caf%C3%A9/", "?q=%2e&q=/"],
    ["https://api.example/", "https", "api.example", "/", ""],
    ["https://api.example", "https", "api.example", "/", ""],
    ["https://api.example/?", "https", "api.example", "/", "?"],
    ["https://api.example/a?b?c", "https", "api.example", "/a", "?b?c"],
    ["https://[::1]:8443//a/../b", "https", "[::1]:8443", "//a/../b", ""],
  ])("of %s", (text, scheme, authority, path, query) => {
    expect(readRequestUrl(text)).toEqual({ text, scheme, authority, path, query });
  });
});

test("originOf() names scheme, host and port", () => {
  expect(originOf(readRequestUrl("https://api.example:8443/a?b"))).toBe("https://api.example:8443");
});
