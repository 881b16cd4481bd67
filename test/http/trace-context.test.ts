// traceContext(): which values of `traceparent` are valid, by W3C Trace Context sections 3.2.2 and 3.2.4.
import { describe, expect, test } from "vitest";
import { traceContext } from "../../src/http/trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const valid = `00-${traceId}-00f067aa0ba902b7-01`;

describe("traceContext() reads", () => {
  test.each([
    ["version 00", valid, { traceId, flags: "01" }],
    ["flags that version 00 does not know", `00-${traceId}-00f067aa0ba902b7-fe`, { traceId, flags: "fe" }],
    ["a later version that looks the same", `cc-${traceId}-00f067aa0ba902b7-01`, { traceId, flags: "01" }],
    ["a later version with more behind a dash", `cc-${traceId}-00f067aa0ba902b7-01-what`, { traceId, flags: "01" }],
  ])("%s", (_, header, read) => {
    expect(traceContext(header)).toEqual(read);
  });
});

describe("traceContext() takes nothing of", () => {
  test.each([
    ["no header", null],
    ["an empty one", ""],
    ["one that was sent twice", `${valid}, ${valid}`],
    ["white space", ` ${valid}`],
    ["version ff", `ff-${traceId}-00f067aa0ba902b7-01`],
    ["version 00 with more behind it", `${valid}-what`],
    ["a later version with more and no dash", `cc-${traceId}-00f067aa0ba902b7-01.what`],
    ["capital letters", `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`],
    ["a letter that is no digit", `00-${traceId.replace("f", "g")}-00f067aa0ba902b7-01`],
    ["a trace-id of zeros", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`],
    ["a parent-id of zeros", `00-${traceId}-0000000000000000-01`],
    ["a short trace-id", `00-${traceId.slice(1)}-00f067aa0ba902b7-01`],
    ["no flags", `00-${traceId}-00f067aa0ba902b7`],
    ["other marks than dashes", valid.replaceAll("-", "_")],
    ["a dash out of place", `00-${traceId}0-0f067aa0ba902b7-01`],
    ["a version that is no number", `.0-${traceId}-00f067aa0ba902b7-01`],
  ])("%s", (_, header) => {
    expect(traceContext(header)).toBeUndefined();
  });
});
