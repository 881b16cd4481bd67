// docs/observability.md has every event, field, column and check by the name that the code uses, and no other.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { answerLive, type HealthDependencies, readiness } from "../../src/api/health.ts";
import { operations } from "../../src/context.ts";
import { refusals } from "../../src/errors.ts";
import { logEvents } from "../../src/log-events.ts";
import { analyticsMetrics } from "../../src/stores/analytics-metrics.ts";
import { contextFor } from "../support/context.ts";
import { settingsOf, withHealthKey } from "../support/settings.ts";

const text = readFileSync(resolve(import.meta.dirname, "../../docs/observability.md"), "utf8");
const cellsOf = (line: string) =>
  line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

/** The rows of the table that has this head, their cells. */
function tableWith(head: string): string[][] {
  const [, after] = text.split(`\n${head}\n`);
  if (after === undefined) throw new Error(`no table ${head}`);
  const lines = after.split("\n").slice(1);
  return lines.slice(0, lines.indexOf("")).map(cellsOf);
}

const sentence = /^[A-Z0-9`(].{3,}\.$/;

describe("the decision log", () => {
  const rows = tableWith("| field | type | meaning |");

  it("has its fields in their order, each with its meaning", () => {
    expect(rows.map(([name = ""]) => names(name)[0])).toEqual([...logEvents.request.fields]);
    for (const [, , what = ""] of rows) expect(what).toMatch(sentence);
  });

  it("shows a line as it is written", () => {
    const [, json = ""] = /```json\n(\{"event":"request".*)\n```/.exec(text) ?? [];
    const { event, ...fields } = JSON.parse(json) as Record<string, unknown>;
    expect(event).toBe("request");
    const inOrder = logEvents.request.fields.filter((field) => field in fields);
    expect(Object.keys(fields)).toEqual(inOrder);
    expect(Object.keys(refusals)).toContain(fields.reason);
  });
});

describe("the events", () => {
  const rows = tableWith("| event | alarm | fields | when |");

  it("are those of src/log-events.ts, in their order", () => {
    expect(rows.map(([name = ""]) => names(name)[0])).toEqual(Object.keys(logEvents));
  });

  it.each(Object.entries(logEvents))("%s has its fields, its alarm and its meaning", (event, { fields, ...more }) => {
    const [, alarm, listed = "", when = ""] = rows.find(([name]) => name === `\`${event}\``) ?? [];
    expect(alarm).toBe("alarm" in more ? "alarm" : "");
    expect(when).toMatch(sentence);
    if (event !== "request") expect(names(listed)).toEqual([...fields]);
  });
});

describe("the metrics", () => {
  const rows = tableWith("| column | name | meaning |").map(([column = "", name = ""]) => [names(column)[0], name]);
  const point = {
    decision: "deny",
    ...{ reason: "reason", operation: "operation", rule: "rule", method: "method" },
    ...{ country: "country", status: 1, totalMilliseconds: 2, originMilliseconds: 3, issuer: "issuer" },
  } as const;

  it("have their columns in the order in which points are written", () => {
    const written: AnalyticsEngineDataPoint[] = [];
    const dataset = { writeDataPoint: (one?: AnalyticsEngineDataPoint) => void (one && written.push(one)) };
    analyticsMetrics(dataset, () => {}).add(point);
    expect(written).toEqual([
      {
        indexes: ["deny"],
        blobs: ["deny", "reason", "operation", "rule", "method", "country", "issuer"],
        doubles: [1, 2, 3],
      },
    ]);
    expect(rows).toEqual([
      ["index1", "decision"],
      ...["decision", "reason", "operation", "rule", "method", "country", "issuer"].map((name, at) => [
        `blob${at + 1}`,
        name,
      ]),
      ...["status", "total", "origin"].map((name, at) => [`double${at + 1}`, name]),
    ]);
  });

  it("have the operations that requests are told apart by", () => {
    const [, what = ""] = /\| `blob3` \| operation \| (.*) \|\n/.exec(text) ?? [];
    expect(names(what)).toEqual([...operations]);
  });

  it("are asked for by columns that there are, and counted by the weight of the sample", () => {
    const queries = [...text.matchAll(/```sql\n([^`]+)```/g)].map(([, query = ""]) => query);
    expect(queries).toHaveLength(6);
    for (const query of queries) {
      const used = [...query.matchAll(/\b(?:blob|double|index)\d+\b/g)].map(([column]) => column);
      expect(rows.map(([column]) => column)).toEqual(expect.arrayContaining(used));
      expect(used.length).toBeGreaterThan(0);
      expect(query).toContain("_sample_interval");
      expect(query).not.toMatch(/count\(/i);
    }
  });
});

describe("health", () => {
  it("has every check of the ready page, in its order and in the example", async () => {
    const { body, answer } = await readyBody(null);
    const full = await readyBody(withHealthKey.HEALTH_KEY);
    expect(answer.status).toBe(200);
    expect(tableWith("| check | values | not ready when |").map(([name = ""]) => names(name)[0])).toEqual(
      Object.keys(full.body.checks),
    );
    const examples = [...text.matchAll(/```json\n(\{"status":"ok","checks".*)\n```/g)];
    expect(examples.map(([, example = ""]) => JSON.parse(example) as unknown)).toEqual([
      body,
      { ...full.body, checks: { ...full.body.checks, limiter: { status: "ok" } } },
    ]);
  });

  it("shows the answer of live", async () => {
    expect(text).toContain(`\`200 ${await answerLive(contextFor()).text()}\``);
  });
});

/** What a gateway without LOGIN_LIMITER, METRICS and JWK_URL says when all is well. */
async function readyBody(key: string | null) {
  const deps = {
    settings: settingsOf(withHealthKey),
    codec: { sign: async () => "", open: async () => ({}) },
    revocationCache: { ping: async () => true },
    schema: { check: async () => "ok" },
    loginLimiter: undefined,
    metrics: undefined,
    keySource: undefined,
    issuers: [],
    pause: async () => {},
  };
  const answer = await readiness(deps as unknown as HealthDependencies, [])(contextFor(), key);
  return { answer, body: (await answer.json()) as { checks: object } };
}

it("reasons among the alerts are reasons", () => {
  const alerts = tableWith("| condition | meaning |").flatMap(([when = ""]) => names(when));
  const snake = alerts.filter((name): name is string => /^[a-z]+(_[a-z]+)+$/.test(name ?? ""));
  const known = [...Object.keys(refusals), ...Object.keys(logEvents)];
  expect(snake.length).toBeGreaterThan(6);
  expect(snake.filter((name) => !known.includes(name))).toEqual([]);
});
