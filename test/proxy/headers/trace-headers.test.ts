// traceparent and tracestate as the origin gets them.
import { describe, expect, test } from "vitest";
import { originHeaders, planHeaders } from "../../../src/proxy/headers/headers.ts";
import { settingsOf } from "../../support/settings.ts";

const requestId = "5f0c8d7e6b5a49382716051423324150";
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

function sent(headers: Readonly<Record<string, string>>, vars: object = {}, id = requestId) {
  const connection = { requestId: id, method: "GET", protocol: "https", host: "api.example.com" };
  const made = originHeaders(planHeaders(settingsOf({ ...vars })), new Headers(headers), connection);
  return { traceparent: made.get("traceparent"), tracestate: made.get("tracestate") };
}

describe("a client's trace goes on", () => {
  test("with its id and its flag, and with the gateway for a parent", () => {
    expect(sent({ traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: "a=1,b=2" })).toEqual({
      traceparent: `00-${traceId}-5f0c8d7e6b5a4938-01`,
      tracestate: "a=1,b=2",
    });
  });

  test("unsampled if it came so, and without flags that version 00 does not know", () => {
    const { traceparent } = sent({ traceparent: `00-${traceId}-00f067aa0ba902b7-fe` });
    expect(traceparent).toBe(`00-${traceId}-5f0c8d7e6b5a4938-00`);
  });

  test("as version 00, whatever version it came in", () => {
    const { traceparent } = sent({ traceparent: `cc-${traceId}-00f067aa0ba902b7-01-more` });
    expect(traceparent).toBe(`00-${traceId}-5f0c8d7e6b5a4938-01`);
  });

  test("whatever TRACE_SAMPLE says", () => {
    const { traceparent } = sent({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` }, { TRACE_SAMPLE: 0 });
    expect(traceparent).toBe(`00-${traceId}-5f0c8d7e6b5a4938-01`);
  });
});

describe("without TRACE_SAMPLE", () => {
  test.each([
    ["no trace", {}],
    ["an invalid one", { traceparent: `00-${traceId}-0000000000000000-01`, tracestate: "a=1" }],
    ["a tracestate alone", { tracestate: "a=1" }],
  ])("%s is none for the origin", (_, headers) => {
    expect(sent(headers)).toEqual({ traceparent: null, tracestate: null });
  });
});

describe("with TRACE_SAMPLE", () => {
  // The last seven digits of the first id are a fifth of the way to the end, those of the second four fifths.
  const early = "5f0c8d7e6b5a49382716051403333333";
  const late = "5f0c8d7e6b5a4938271605140ccccccc";

  test.each([
    ["no trace", {}],
    ["an invalid one", { traceparent: "00-1-2-01", tracestate: "a=1" }],
  ])("a request that brings %s begins one, by the id of the request", (_, headers) => {
    const begun = `00-${early}-5f0c8d7e6b5a4938`;
    expect(sent(headers, { TRACE_SAMPLE: 1 }, early)).toEqual({ traceparent: `${begun}-01`, tracestate: null });
    expect(sent(headers, { TRACE_SAMPLE: "0.5" }, early).traceparent).toBe(`${begun}-01`);
    expect(sent(headers, { TRACE_SAMPLE: 0 }, early).traceparent).toBe(`${begun}-00`);
    expect(sent(headers, { TRACE_SAMPLE: 0.5 }, late).traceparent).toBe(`00-${late}-5f0c8d7e6b5a4938-00`);
  });
});

test("no identity header can be called traceparent or tracestate", () => {
  expect(sent({ "trace-parent": "x" })).toEqual({ traceparent: null, tracestate: null });
});
