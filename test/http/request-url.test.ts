import { describe, expect, test } from "vitest";
import { hostOf, originOf, readRequestUrl } from "../../src/http/request-url.ts";

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

test.each([
  ["https://api.example/a", "api.example"],
  ["https://ACME.Example.com/a", "acme.example.com"],
  ["https://ACME.Example.com:8443/a", "acme.example.com:8443"],
  ["https://acme.example.com:443/a", "acme.example.com"],
  ["https://acme_1.example.com./a", "acme_1.example.com."],
  ["https://[::1]:8443/a", "[::1]:8443"],
])("hostOf() of %s is %s", (text, host) => {
  expect(hostOf(readRequestUrl(text))).toBe(host);
});

describe("hostOf() refuses what a URL parser could take apart otherwise:", () => {
  test.each([
    ...["api.example\\admin", "api.example\\admin?", "api.example:443\\admin?", "api.example?", "api.example#"],
    ...["user@api.example", "user:secret@api.example", "api.example:99999", "api.example:1:2", "[::1", ":80"],
    ...["a b", "api.example, other.example", "%61pi.example", "bücher.example", ""],
  ])("%s", (authority) => {
    expect(() => hostOf(readRequestUrl(`https://${authority}/a`))).toThrow(
      expect.objectContaining({ reason: "request_malformed" }),
    );
  });
});
