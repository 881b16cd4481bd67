// The simulation of many sessions, and the pages that show it beside what was measured.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withParts } from "../../bench/document.ts";
import { DOCUMENT_FILE, PICTURE_DIRECTORY } from "../../bench/result.ts";
import {
  before,
  designOf,
  SCALING_FILE,
  scalingPartsOf,
  sessionPartsOf,
  sessionPicturesOf,
  sessionsBill,
} from "../../bench/sessions/document.ts";
import { groupedBars } from "../../bench/sessions/grouped-bars.ts";
import { SESSIONS_FILE, type SessionsResult } from "../../bench/sessions/result.ts";
import {
  addedMilliseconds,
  databasesForLoad,
  databasesForSpace,
  seeded,
  utilisation,
  waiting,
} from "../../bench/sessions/simulation.ts";

const now = { roundTripsPerRefresh: 1, rowsPerSession: 1, bytesPerRow: 200 };

describe("the simulation of many sessions", () => {
  it("says for which share of the time one database is busy", () => {
    expect(utilisation(now, { sessions: 450_000, tripMilliseconds: 1 })).toBe(0.5);
    expect(utilisation(now, { sessions: 450_000, tripMilliseconds: 3 })).toBe(1.5);
    expect(utilisation(before, { sessions: 450_000, tripMilliseconds: 1 })).toBe(1);
  });
  it.each([
    [1_000_000, 1, 3, 5],
    [1_000_000, 3, 7, 14],
    [10_000_000, 1, 23, 45],
    [100_000_000, 3, 667, 1334],
    [1, 1, 1, 1],
  ])(
    "of %d sessions at %d ms a trip, %d databases are busy for half of the time, and %d with two trips",
    (sessions, tripMilliseconds, one, two) => {
      expect(databasesForLoad(now, { sessions, tripMilliseconds })).toBe(one);
      expect(databasesForLoad(before, { sessions, tripMilliseconds })).toBe(two);
    },
  );
  it("needs a database for each 10 GB", () => {
    expect([50_000_000, 50_000_001, 1].map((sessions) => databasesForSpace(now, sessions))).toEqual([1, 2, 1]);
    expect(databasesForSpace(before, 1_000_000)).toBe(23);
  });
  it("gives the same chance for the same seed, and another for another", () => {
    const three = (seed: number) => {
      const random = seeded(seed);
      return [random(), random(), random()];
    };
    expect(three(1)).toEqual(three(1));
    expect(three(1)).not.toEqual(three(2));
    const many = Array.from({ length: 10_000 }, seeded(3));
    expect(many.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(many.reduce((sum, value) => sum + value, 0) / many.length).toBeCloseTo(0.5, 1);
  });
  it("waits in a queue as the theory of queues has it: half a trip on average at half load", () => {
    const half = waiting(now, { sessions: 450_000, tripMilliseconds: 1 }, 1);
    expect(half).toEqual(waiting(now, { sessions: 450_000, tripMilliseconds: 1 }, 1));
    // M/D/1 at one half: half of the round trips wait for nothing; 1 of 100 waits for three others or more.
    expect(half?.p50Milliseconds).toBeCloseTo(0, 1);
    expect(half?.p99Milliseconds).toBeGreaterThan(2);
    expect(half?.p99Milliseconds).toBeLessThan(5);
  });
  it("waits less in one of several databases, and without an end in one that cannot keep up", () => {
    const load = { sessions: 800_000, tripMilliseconds: 1 };
    expect(waiting(now, load, 2)?.p99Milliseconds).toBeLessThan(waiting(now, load, 1)?.p99Milliseconds ?? 0);
    expect(waiting(now, { sessions: 900_000, tripMilliseconds: 1 }, 1)).toBeUndefined();
  });
  it("adds a journey for each round trip", () => {
    expect([2, 1].map((trips) => addedMilliseconds(trips, 91))).toEqual([193, 102]);
  });
});

describe("sessionsBill()", () => {
  it("charges refreshes around the clock, and what is stored beyond 5 GB", () => {
    const use = { cpuMilliseconds: 0, kvReads: 0, kvWrites: 0, rowsRead: 0, rowsWritten: 2 };
    const { refreshes, gigabytes, bill } = sessionsBill(now, use, 50_000_000);
    expect(refreshes).toBe(144_000_000_000);
    expect(gigabytes).toBe(10);
    expect(bill).toMatchObject({ rowsWritten: 287_950, kvWrites: 0, storage: 3.75 });
  });
});

describe("groupedBars()", () => {
  it("draws a bar for each series of a group, with its value", () => {
    const series = [{ label: "one", values: [50, 100], ours: true }];
    const svg = groupedBars({ title: "a < b", subtitle: "s", groups: ["x", "y"], series, logarithmic: false });
    expect(svg).toContain("<title>a &lt; b</title>");
    expect(svg).toContain('<rect class="ours" x="250" y="64" width="221.5" height="14" rx="2"/>');
    expect(svg).toContain('<rect class="ours" x="250" y="98" width="440.0" height="14" rx="2"/>');
    expect(svg).toContain(">100</text>");
  });
});

describe("the pages about sessions", () => {
  const result = JSON.parse(readFileSync(SESSIONS_FILE, "utf8")) as SessionsResult;
  it.each([
    [DOCUMENT_FILE, sessionPartsOf(result)],
    [SCALING_FILE, scalingPartsOf(result)],
  ])("have the figures of docs/performance/sessions.json: %s", (file, parts) => {
    const document = readFileSync(file, "utf8");
    expect(withParts(document, parts)).toBe(document);
  });
  it("have the pictures of that run", () => {
    for (const [name, svg] of Object.entries(sessionPicturesOf(result))) {
      expect(readFileSync(`${PICTURE_DIRECTORY}/${name}`, "utf8")).toBe(svg);
    }
  });
  it("are about a version that keeps to its targets", () => {
    const refresh = result.storeUse.find(({ kind }) => kind === "refresh");
    expect(refresh).toMatchObject({ roundTrips: 1, rowsWritten: 2, kvWrites: 0 });
    expect(designOf(result).rowsPerSession).toBe(1);
  });
});
