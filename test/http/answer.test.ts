import { describe, expect, test } from "vitest";
import { answerJson } from "../../src/http/answer.ts";
import { answerMisconfigured } from "../../src/http/refusal.ts";
import { chooseLanguage } from "../../src/i18n/language.ts";
import { contextFor } from "../support/context.ts";

describe("answerJson()", () => {
  test("writes compact JSON in the order of the body, as DRF does", async () => {
    const response = answerJson(contextFor(), 200, { refresh: "r", access: "a", name: "Zoë" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"refresh":"r","access":"a","name":"Zoë"}');
  });

  test("indents where the client asked for it", async () => {
    expect(await answerJson(contextFor(), 200, { a: [1] }, { indent: 2 }).text()).toBe('{\n  "a": [\n    1\n  ]\n}');
  });

  test("escapes the line ends that JSON has and JavaScript had not", async () => {
    expect(await answerJson(contextFor(), 200, { a: "\u2028\u2029" }).text()).toBe('{"a":"\\u2028\\u2029"}');
  });

  test("says who answered, in which language, and that nobody may keep it", () => {
    const context = contextFor({ language: () => chooseLanguage("de-AT") });
    expect(Object.fromEntries(answerJson(context, 200, {}, { allow: "GET" }).headers)).toEqual({
      allow: "GET",
      "cache-control": "no-store",
      "content-language": "de",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "content-type": "application/json",
      "referrer-policy": "no-referrer",
      vary: "Accept-Language",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-request-id": "5f0c8d7e6b5a49382716051423324150",
    });
  });

  test("lets a caller say otherwise", () => {
    const response = answerJson(contextFor(), 200, {}, { headers: { "cache-control": "public, max-age=300" } });
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
  });
});

test("answerMisconfigured() says so and no more", async () => {
  const response = answerMisconfigured();
  expect(response.status).toBe(503);
  expect(Object.fromEntries(response.headers)).toEqual({
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "content-type": "application/json",
    "referrer-policy": "no-referrer",
    "retry-after": "60",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  });
  expect(await response.text()).toBe('{"detail":"Gateway is misconfigured."}');
});
