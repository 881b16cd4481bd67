import { describe, expect, test } from "vitest";
import { covers, negotiateJson, parseMediaType, wantsPage } from "../../src/http/negotiation.ts";
import { reasonOf } from "../support/context.ts";

function negotiate(accept: string | undefined, query = ""): number {
  const headers = accept === undefined ? {} : { accept };
  return negotiateJson(new Request(`https://gateway.example/api/token/${query}`, { headers }));
}

describe("parseMediaType()", () => {
  test.each([
    ["application/json", "application", "json", {}],
    [" Application/JSON ; Charset=UTF-8", "application", "json", { charset: "UTF-8" }],
    ['application/json; charset="utf-8"; indent=4', "application", "json", { charset: "utf-8", indent: "4" }],
    ["application/json; q", "application", "json", {}],
    ["json", "json", "", {}],
    ["", "", "", {}],
  ])("of %j", (text, type, subtype, parameters) => {
    expect(parseMediaType(text)).toEqual({ type, subtype, parameters });
  });
});

test.each([
  ["*/*", true],
  ["application/*", true],
  ["application/json", true],
  ["*/json", true],
  ["text/json", false],
  ["application/xml", false],
  ["application/", false],
  ["", false],
])("covers(%j, application/json) is %j", (range, covered) => {
  expect(covers(parseMediaType(range), { type: "application", subtype: "json" })).toBe(covered);
});

describe("negotiateJson()", () => {
  test.each([
    [undefined],
    ["*/*"],
    ["application/json"],
    ["APPLICATION/JSON"],
    ["text/html, application/*;q=0.1"],
    ["application/json;q=0"], // DRF does not look at q
    ["text/html,application/xhtml+xml,*/*;q=0.8"],
  ])("takes Accept: %s", (accept) => {
    expect(negotiate(accept)).toBe(0);
  });

  test.each([["text/html"], ["application/xml, text/*"], ["json"], ["*"], ["application/json+ld"]])(
    "refuses Accept: %s",
    async (accept) => {
      expect(await reasonOf(() => negotiate(accept))).toBe("not_acceptable");
    },
  );

  test.each([
    ["application/json; indent=4", 4],
    ["*/*, application/json; indent=4", 4],
    ["application/json, application/json; indent=2, */*", 2],
    ["application/json; indent=8", 8],
    ["application/json; indent=9", 8],
    ["application/json; indent=0", 0],
    ["application/json; indent=-3", 0],
    ["application/json; indent=2.5", 0],
    ["application/json; indent=two", 0],
    ["text/html; indent=4, application/json", 0],
  ])("notes the indentation of %s", (accept, indent) => {
    expect(negotiate(accept)).toBe(indent);
  });

  test("reads as much of Accept as the original's server lets through", async () => {
    expect(negotiate(`${",".repeat(8000)}application/json; indent=4`)).toBe(4);
    expect(await reasonOf(() => negotiate(`${",".repeat(8190)}application/json`))).toBe("not_acceptable");
  });

  test.each([["?format=json"], ["?format="], ["?x=format"], ["?format=xml&format=json"]])("takes %s", (query) => {
    expect(negotiate("*/*", query)).toBe(0);
  });

  test.each([["?format=xml"], ["?format=JSON"], ["?format=api"], ["?format=json&format=html"]])(
    "has no page for %s",
    async (query) => {
      expect(await reasonOf(() => negotiate("*/*", query))).toBe("no_route");
    },
  );
});

describe("wantsPage()", () => {
  const wants = (accept: string, method = "GET") =>
    wantsPage(new Request("https://gateway.example/api/token/", { method, headers: { accept } }));

  test.each([["text/html"], ["text/html,application/xhtml+xml,*/*;q=0.8"], ["application/json, TEXT/HTML;q=0.1"]])(
    "is true of a visit that takes %s",
    (accept) => {
      expect(wants(accept)).toBe(true);
      expect(wants(accept, "HEAD")).toBe(true);
      expect(wants(accept, "POST")).toBe(false);
    },
  );

  test.each([["*/*"], ["text/*"], ["application/json"], ["html"]])("is false of a visit that takes %s", (accept) => {
    expect(wants(accept)).toBe(false);
  });
});
