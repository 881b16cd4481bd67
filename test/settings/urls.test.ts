// ORIGIN_URL, JWK_URL and EVENTS_URL: what they may be, and what is warned of.
import { describe, expect, test } from "vitest";
import { readSettings } from "../../src/settings/read.ts";
import { testSecret } from "../support/settings.ts";

const read = (vars: Readonly<Record<string, unknown>>) => {
  const { errors, warnings } = readSettings({ SIGNING_KEY: testSecret, ...vars });
  return { errors, warnings };
};
const good = { errors: [], warnings: [] };
const error = (text: string) => ({ errors: [text], warnings: [] });

describe("ORIGIN_URL", () => {
  test.each([["https://api.example.com"], ["https://api.example.com:8443/base/"], ["http://localhost:9000"]])(
    "may be %j",
    (value) => {
      expect(read({ ORIGIN_URL: value })).toEqual(good);
    },
  );

  test.each([["http://127.0.0.1:9000"], ["http://[::1]:9000/base"]])("may be %j: loopback needs no TLS", (value) => {
    expect(read({ ORIGIN_URL: value })).toEqual(good);
  });

  test("is warned of when it is plain http elsewhere", () => {
    const text =
      "ORIGIN_URL is plain http: requests and tokens travel in clear text between the gateway and the origin.";
    expect(read({ ORIGIN_URL: "http://127.example.com" })).toEqual({ errors: [], warnings: [text] });
  });

  test.each([
    ...[["api.example.com"], ["ftp://api.example.com"], ["//api.example.com"], ["https://"], ["/base"]],
    ...[
      ["https://user@api.example.com"],
      ["https://:pw@api.example.com"],
      ["https://a.example/?q"],
      ["https://a.example/#f"],
    ],
  ])("may not be %j", (value) => {
    expect(read({ ORIGIN_URL: value })).toEqual(
      error("ORIGIN_URL must be http(s)://host[:port][/base], without a user, a query or a fragment."),
    );
  });
});

describe("JWK_URL", () => {
  test.each([
    ["http://keys.example.com/jwks.json"],
    ["http://localhost.example.com/"],
    ["file:///jwks"],
    ["jwks.json"],
  ])("may not be %j", (value) => {
    expect(read({ JWK_URL: value, ALGORITHM: "RS256" }).errors).toContain(
      "JWK_URL must be an https URL, or http on a loopback address.",
    );
  });

  test.each([
    ["https://keys.example.com/jwks.json"],
    ["http://127.0.0.1:9/jwks"],
    ["http://localhost/jwks"],
    ["http://[::1]/"],
  ])("may be %j", (value) => {
    expect(read({ JWK_URL: value, ALGORITHM: "RS256" }).errors).toEqual([]);
  });
});

describe("EVENTS_URL", () => {
  const PROVISIONING_KEY = "provisioning-key-for-tests-0123456789";
  test.each([
    "https://api.example.com/simplejwt-edge/events/",
    "https://api.example.com/events?from=edge",
    "http://127.0.0.1:8000/events/",
    "http://localhost/events/",
    "http://[::1]:8000/events/",
  ])("may be %s", (EVENTS_URL) => {
    expect(read({ EVENTS_URL, PROVISIONING_KEY }).errors).toEqual([]);
  });
  test.each([
    "http://api.example.com/events/",
    "https://user@api.example.com/",
    "https://user:pw@api.example.com/",
    "https://api.example.com/#events",
    "/events/",
    "ftp://api.example.com/",
  ])("must not be %s", (EVENTS_URL) => {
    expect(read({ EVENTS_URL, PROVISIONING_KEY }).errors).toEqual([
      "EVENTS_URL must be an https URL without a user or a fragment, or http on a loopback address.",
    ]);
  });
  test("needs the key that signs events", () => {
    expect(read({ EVENTS_URL: "https://api.example.com/events/" }).errors).toEqual([
      "EVENTS_URL is set, but PROVISIONING_KEY, which signs events, is not.",
    ]);
  });
});
