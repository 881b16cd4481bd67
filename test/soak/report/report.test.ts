// What is made of a run of the soak: whether memory is flat, its command line, and the documents.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withParts } from "../../../bench/document.ts";
import { lineCharts } from "../../../bench/line-charts.ts";
import { PICTURE_DIRECTORY } from "../../../bench/result.ts";
import { readSoakOptions } from "../options.ts";
import { randomOf } from "../random.ts";
import { soakPartsOf, soakPicturesOf } from "./document.ts";
import { openFigures } from "./figures.ts";
import { openLogCounts } from "./gateway-log.ts";
import { memoryFaults, RELIABILITY_FILE, SOAK_FILE, type SoakRun } from "./result.ts";
import { bounds, isFlat, type Sample, type Trend, trendOf } from "./trend.ts";

/** A sample a minute for an hour. */
const hourOf = (value: (minute: number) => number): Sample[] =>
  Array.from({ length: 61 }, (_, minute) => [minute * 60, value(minute)]);

describe("the trend of memory", () => {
  it("is the slope of a line", () => {
    const trend = trendOf(hourOf((minute) => 20 + minute / 10));
    expect(trend?.mebibytesPerHour).toBeCloseTo(6, 9);
    expect(trend).toMatchObject({ samples: 61, hours: 1 });
  });
  it("is not moved by a few samples that stand out", () => {
    expect(trendOf(hourOf((minute) => (minute > 55 ? 90 : 20)))?.mebibytesPerHour).toBe(0);
  });
  it("is unknown of two samples", () => {
    expect(trendOf(hourOf(() => 1).slice(0, 2))).toBeUndefined();
  });
  const trend = (mebibytesPerHour: number, hours: number): Trend => ({
    ...{ samples: 9, hours, mebibytesPerHour, mebibytesAtFirst: 20 },
  });
  it.each([
    ["3 MiB in an hour", trend(3, 1), true],
    ["3.1 MiB in an hour", trend(3.1, 1), false],
    ["2 MiB in three minutes", trend(40, 0.05), true],
    ["2.1 MiB in three minutes", trend(42, 0.05), false],
    ["less than before", trend(-40, 1), true],
  ])("of a heap that grows by %s", (_, one, flat) => {
    expect(isFlat(one, bounds.heap)).toBe(flat);
  });
  it("may grow by 64 MiB in a few minutes where it is that of the whole process, and by 24 in an hour", () => {
    expect(isFlat(trend(640, 0.1), bounds.resident)).toBe(true);
    expect(isFlat(trend(650, 0.1), bounds.resident)).toBe(false);
    expect(isFlat(trend(24, 1), bounds.resident)).toBe(true);
    expect(isFlat(trend(25, 1), bounds.resident)).toBe(false);
  });
  it("fails the run by name", () => {
    const flat = { samples: [], trend: trend(0, 1) };
    expect(memoryFaults({ heap: flat, resident: flat })).toEqual([]);
    expect(memoryFaults({ heap: { samples: [], trend: trend(5, 1) }, resident: flat })).toEqual([
      "the heap grows by 5.0 MiB/h",
    ]);
    expect(memoryFaults({ heap: flat, resident: { samples: [], trend: trend(40, 1) } })).toEqual([
      "resident memory grows by 40.0 MiB/h",
    ]);
  });
});

describe("the random numbers of a user", () => {
  const numbers = (seed: number, stream: number) => {
    const random = randomOf(seed, stream);
    return Array.from({ length: 5 }, () => random.below(1000));
  };
  it("are the same for a seed and a user, and others for other ones", () => {
    expect(numbers(1, 7)).toEqual(numbers(1, 7));
    expect(numbers(1, 8)).not.toEqual(numbers(1, 7));
    expect(numbers(2, 7)).not.toEqual(numbers(1, 7));
  });
});

describe("the figures of a run", () => {
  it("are those of each kind, over the run and over its pieces", () => {
    let now = 0;
    const figures = openFigures(() => now, 10);
    for (const milliseconds of [1, 2, 3]) figures.took("refresh", 200, milliseconds);
    now = 25;
    figures.took("refresh", 401, 9);
    expect(figures.requests()).toBe(4);
    expect(figures.ofKinds()).toEqual([
      {
        ...{ kind: "refresh", requests: 4, statuses: { 200: 3, 401: 1 }, p50: 2, p99: 9 },
        pieces: [
          { fromSeconds: 0, requests: 3, p50: 2, p99: 3 },
          { fromSeconds: 20, requests: 1, p50: 9, p99: 9 },
        ],
      },
    ]);
  });
});

describe("the gateway's log in a run", () => {
  it("is counted, and what no request explains is a fault", () => {
    const log = openLogCounts();
    log.line('{"event":"request","reason":"token_expired","status":401}');
    log.line('{"event":"refresh_reuse","user_id":"7"}');
    expect(log.faults).toEqual([]);
    log.line('{"event":"internal_error","error":"no"}');
    log.line('{"event":"store_failed","store":"d1"}');
    log.line('{"event":"request","reason":"store_unavailable","status":503}');
    log.line("*** Fatal uncaught exception");
    expect(log.faults).toHaveLength(4);
    expect(Object.fromEntries(log.counts)).toEqual({
      ...{ "request: token_expired": 1, refresh_reuse: 1, internal_error: 1, store_failed: 1 },
      ...{ "request: store_unavailable": 1, workerd: 1 },
    });
  });
});

describe("npm run test:soak", () => {
  it("runs for an hour unless it is told otherwise", () => {
    const hour = {
      help: false,
      minutes: 60,
      seed: 1,
      rate: 25,
      users: 100,
      fill: 5200,
      only: [],
      user: undefined,
      docs: false,
      again: false,
    };
    expect(readSoakOptions([])).toEqual({ ...hour, json: undefined });
    expect(readSoakOptions(["--minutes", "3", "--seed", "9", "--rate", "20.5", "--user", "37"])).toMatchObject({
      ...{ minutes: 3, seed: 9, rate: 20.5, user: 37 },
    });
  });
  it.each([
    [["--minutes", "0"], "--minutes must be a number above 0."],
    [["--rate", "fast"], "--rate must be a number above 0."],
    [["--seed", "1.5"], "--seed must be a whole number from 0 to 2147483648."],
    [["--users", "5000"], "--users must be a whole number from 2 to 1000."],
    [["--only", "logOut,fly"], "--only: there is no fly. See --help."],
    [["--users", "20", "--user", "21"], "--user must be a whole number from 1 to 20."],
  ])("refuses %j", (argv, says) => {
    expect(() => readSoakOptions(argv)).toThrow(says);
  });
});

describe("lineCharts()", () => {
  it("draws a line and single points in each panel, up to its greatest value", () => {
    const lines = [
      {
        label: "a < b",
        points: [
          [0, 0],
          [10, 110],
        ] as const,
        ours: true,
      },
      { label: "dots", points: [[5, 55]] as const, ours: false, dots: true },
    ];
    const svg = lineCharts({
      ...{ title: "t", subtitle: "s", panels: [{ title: "one", lines }], columns: 1, panelHeight: 121 },
      ...{ end: { x: 10, label: "10 min" }, digits: 0 },
    });
    expect(svg).toContain('<path class="plot ours" d="M16.0 227.0L744.0 117.0"/>');
    expect(svg).toContain('<circle class="other" cx="380.0" cy="172.0" r="1.5"/>');
    expect(svg).toContain(">up to 110</text>");
    expect(svg).toContain(">a &lt; b</text>");
    expect(svg).toContain(">10 min</text>");
  });
});

describe("docs/reliability.md", () => {
  const run = JSON.parse(readFileSync(SOAK_FILE, "utf8")) as SoakRun;
  it("has the figures of docs/performance/soak.json", () => {
    const document = readFileSync(RELIABILITY_FILE, "utf8");
    expect(withParts(document, soakPartsOf(run))).toBe(document);
  });
  it("has the pictures of that run", () => {
    for (const [name, svg] of Object.entries(soakPicturesOf(run))) {
      expect(readFileSync(`${PICTURE_DIRECTORY}/${name}`, "utf8")).toBe(svg);
    }
  });
  it("is about a run of an hour whose memory was flat", () => {
    expect(memoryFaults(run)).toEqual([]);
    expect(run.resident.trend?.samples).toBeGreaterThan(100);
    expect(run.heap.trend?.samples).toBeGreaterThan(10);
  });
});
