// Where a request comes from, by Origin and Sec-Fetch-Site; and which requests have to come from our own pages.
import { describe, expect, test } from "vitest";
import { needsOwnPage, provenance } from "../../src/http/csrf.ts";

const trusted = ["https://app.example.com", "null"];
const from = (site: string | null, origin: string | null, url = "https://gateway.example/api/x?y#z") => {
  const headers = new Headers();
  if (site !== null) headers.set("sec-fetch-site", site);
  if (origin !== null) headers.set("origin", origin);
  return provenance(headers, url, trusted);
};

describe("provenance()", () => {
  test.each([
    ["same-origin", null],
    ["same-origin", "https://gateway.example"],
    ["same-origin", "null"],
    ["same-origin", "http://localhost:5173"],
    [null, "https://gateway.example"],
    ["none", "https://gateway.example"],
    [null, "https://app.example.com"],
    ["same-site", "https://app.example.com"],
    ["cross-site", "https://app.example.com"],
  ])("takes Sec-Fetch-Site %s with Origin %s for our own", (site, origin) => {
    expect(from(site, origin)).toBe("own");
  });

  test.each([
    ["cross-site", null],
    ["cross-site", "https://gateway.example"],
    ["same-site", "https://gateway.example"],
    ["same-site", null],
    ["Same-Origin", null],
    ["same-origin, cross-site", null],
    ["same-origin,", null],
    ["", null],
    ["", "https://gateway.example"],
    [null, "null"],
    ["none", "null"],
    [null, ""],
    [null, "http://gateway.example"],
    [null, "https://gateway.example:8443"],
    [null, "https://gateway.example/"],
    [null, "https://gateway.example.evil.example"],
    [null, "https://evilgateway.example"],
    [null, "https://GATEWAY.example"],
    [null, "https://gateway.example, https://evil.example"],
    [null, "https://app.example.com.evil.example"],
    [null, "https://app.example.com " + "x"],
    [null, "http://app.example.com"],
  ])("takes Sec-Fetch-Site %s with Origin %j for another's", (site, origin) => {
    expect(from(site, origin)).not.toBe("own");
  });

  test.each([[null], ["none"]])("cannot tell with Sec-Fetch-Site %s and no Origin", (site) => {
    expect(from(site, null)).toBe("unknown");
  });

  test.each([
    ["http://127.0.0.1:8787/", "http://127.0.0.1:8787"],
    ["http://localhost:8787/a//b", "http://localhost:8787"],
    ["http://[::1]:8787/", "http://[::1]:8787"],
    ["https://gateway.example", "https://gateway.example"],
  ])("of %s is our own with Origin %s", (url, origin) => {
    expect(from(null, origin, url)).toBe("own");
    expect(from(null, `${origin}1`, url)).toBe("foreign");
  });
});

describe("needsOwnPage()", () => {
  const none = new Headers();
  test.each(["GET", "HEAD", "OPTIONS"])("lets %s be", (method) => {
    expect(needsOwnPage(method, none)).toBe(false);
  });
  test.each(["POST", "PUT", "PATCH", "DELETE", "QUERY", "PROPFIND", "get", ""])("asks it of %j", (method) => {
    expect(needsOwnPage(method, none)).toBe(true);
  });
  test.each(["websocket", "WebSocket", "anything"])("asks it of a GET that upgrades to %s", (upgrade) => {
    expect(needsOwnPage("GET", new Headers({ upgrade }))).toBe(true);
  });
});
