// analyticsMetrics(): the schema of a point, which queries rely on, and what happens when none can be written.
import { expect, test, vi } from "vitest";
import { analyticsMetrics } from "../../src/stores/analytics-metrics.ts";
import type { RequestPoint } from "../../src/stores/metrics-contract.ts";

const point: RequestPoint = {
  decision: "deny",
  reason: "token_expired",
  operation: "proxy",
  rule: "/api/*",
  method: "GET",
  country: "DE",
  status: 401,
  totalMilliseconds: 12,
  originMilliseconds: undefined,
  issuer: undefined,
};

function setUp(writeDataPoint = vi.fn()) {
  const log = vi.fn();
  return { log, writeDataPoint, metrics: analyticsMetrics({ writeDataPoint }, log) };
}

test("a refused request is indexed as such, with its texts and numbers in their order", () => {
  const { metrics, writeDataPoint } = setUp();
  metrics.add(point);
  expect(writeDataPoint.mock.calls).toEqual([
    [
      {
        indexes: ["deny"],
        blobs: ["deny", "token_expired", "proxy", "/api/*", "GET", "DE", ""],
        doubles: [401, 12, -1],
      },
    ],
  ]);
});

test("a request that passed has the origin's time and no reason", () => {
  const { metrics, writeDataPoint } = setUp();
  const passed = { ...point, decision: "allow", reason: undefined, country: undefined, status: 200 } as const;
  metrics.add({ ...passed, originMilliseconds: 9, issuer: "https://idp.example/" });
  const blobs = ["allow", "", "proxy", "/api/*", "GET", "", "https://idp.example/"];
  expect(writeDataPoint.mock.calls).toEqual([[{ indexes: ["allow"], blobs, doubles: [200, 12, 9] }]]);
});

test("a method of a client's own invention is cut", () => {
  const { metrics, writeDataPoint } = setUp();
  metrics.add({ ...point, method: "M".repeat(5000) });
  expect(writeDataPoint.mock.calls[0]?.[0].blobs[4]).toBe("M".repeat(200));
});

test("a dataset that throws is told of once, and nothing comes of it", () => {
  const { metrics, log } = setUp(
    vi.fn(() => {
      throw new TypeError("no more points");
    }),
  );
  metrics.add(point);
  metrics.add(point);
  expect(log.mock.calls).toEqual([["metrics_failed", { error: "no more points" }]]);
});
