// The judge that holds answers against an OpenAPI document says what is wrong with an answer.
import { describe, expect, it } from "vitest";
import { documentJudge } from "../../scripts/conformance/documented.ts";

const schema = { type: "object", required: ["detail"], properties: { detail: { type: "string" } } };
const judge = documentJudge({
  paths: {
    "/a/": {
      post: {
        responses: {
          200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Detail" } } } },
          204: { description: "none" },
        },
      },
    },
  },
  components: { schemas: { Detail: schema } },
});
const answer = { method: "POST", path: "/a/", status: 200, body: { detail: "x" } as unknown };

describe("documentJudge()", () => {
  it("has nothing against what is described, with and without the slash at the end", () => {
    expect(judge(answer)).toBeUndefined();
    expect(judge({ ...answer, path: "/a" })).toBeUndefined();
    expect(judge({ ...answer, status: 204, body: undefined })).toBeUndefined();
  });
  it.each([
    ["a path", { path: "/b/" }, "the path is not described"],
    ["a status", { status: 401 }, "401 is not described"],
    ["a method that succeeds", { method: "PUT" }, "PUT is not described"],
    ["a body of another shape", { body: { error: "x" } }, "body must have required property 'detail'"],
    ["a text of another type", { body: { detail: 1 } }, "body/detail must be string"],
    ["no body where one is described", { body: undefined }, "the body is missing"],
    ["a body where none is", { status: 204 }, "a body is not described"],
  ])("names %s", (_, change, wrong) => {
    expect(judge({ ...answer, ...change })).toBe(wrong);
  });
  it.each([
    ["PUT", 405],
    ["DELETE", 406],
    ["HEAD", 200],
    ["OPTIONS", 200],
  ])("lets a path refuse what it does not describe, and describe itself: %s %i", (method, status) => {
    expect(judge({ ...answer, method, status })).toBeUndefined();
  });
});
