// What a list of sessions says of a client: names a user would use, networks and no addresses.
import { describe, expect, test } from "vitest";
import { sessionClient } from "../../src/users/session-client.ts";

const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

describe("the name", () => {
  test.each([
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Windows"],
    [chrome, "Chrome on Linux"],
    [`${chrome.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64")} Edg/131.0.0.0`, "Edge on Windows"],
    [`${chrome} OPR/116.0.0.0`, "Opera on Linux"],
    [chrome.replace("X11; Linux x86_64", "X11; CrOS x86_64 14541.0.0"), "Chrome on ChromeOS"],
    [chrome.replace("X11; Linux x86_64", "Linux; Android 10; K"), "Chrome on Android"],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
      "Safari on iPhone",
    ],
    [
      "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
      "Chrome on iPad",
    ],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 14.7; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on macOS"],
    ["Mozilla/5.0 (compatible; SomeBot; Windows)", "Browser on Windows"],
    ["Mozilla/5.0", null],
    ["okhttp/4.12.0", "okhttp"],
    ["curl/8.5.0", "curl"],
    ["My-App.iOS+beta 1.0", "My-App.iOS+beta"],
    ["<script>alert(1)</script>", null],
    ["", null],
    [`${"a".repeat(500)}/1`, "a".repeat(40)],
  ])("of %s is %s", (userAgent, name) => {
    expect(sessionClient(userAgent, null)).toEqual({ name, address: null });
  });
  test("is null where the client says nothing", () => {
    expect(sessionClient(null, null)).toEqual({ name: null, address: null });
  });
});

describe("the address", () => {
  test.each([
    ["203.0.113.77", "203.0.113.0/24"],
    [" 203.0.113.77 ", "203.0.113.0/24"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
    ["2001:DB8::1", "2001:db8:0::/48"],
    ["::ffff:203.0.113.77", "203.0.113.0/24"],
    ["203.0.113", null],
    ["not an address", null],
    ["", null],
  ])("of %s is %s", (address, network) => {
    expect(sessionClient(null, address).address).toBe(network);
  });
});
