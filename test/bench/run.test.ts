// `npm run bench` as it is called, in its smallest form.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { BenchResult } from "../../bench/result.ts";

const project = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bench(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["bench/run.ts", ...args], { cwd: project });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, stdout, stderr };
}

describe("npm run bench", () => {
  it("races two contestants over one shape and writes down what came of it", async () => {
    const file = join(folder, "result.json");
    const { code, stdout, stderr } = await bench(
      ...[
        "--quick",
        "--shapes",
        "no-token",
        "--only",
        "bare,gateway,by-hand",
        "--rounds",
        "1",
        "--seconds",
        "0.3",
        "--rows",
        "200",
        "--ids",
        "20",
        "--json",
        file,
      ],
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const result = JSON.parse(readFileSync(file, "utf8")) as BenchResult;
    expect(result.shapes.map(({ name }) => name)).toEqual(["no-token"]);
    const contestants = result.shapes[0]?.contestants ?? [];
    expect(contestants.map(({ name, rounds }) => [name, rounds.length])).toEqual([
      ["bare", 1],
      ["gateway", 1],
      ["by-hand", 1],
    ]);
    for (const { rounds } of contestants) {
      const { requests, requestsPerSecond, p50Milliseconds, p99Milliseconds } = rounds[0] ?? {};
      expect(requests).toBeGreaterThan(0);
      expect(requestsPerSecond).toBeGreaterThan(0);
      expect(p50Milliseconds).toBeGreaterThan(0);
      expect(p99Milliseconds).toBeGreaterThanOrEqual(p50Milliseconds ?? Number.NaN);
    }
    expect(result.options).toMatchObject({ rounds: 1, seconds: 0.3, connections: 32 });
    expect(result.small.gzipBytes).toBeGreaterThan(50_000);
    expect(result.small.startUpMilliseconds).toBeNull();
    expect(stdout).toContain("no-token: a route that requires a token, without one: 401");
  });
  it.each([
    [["--shapes", "warn"], "--shapes: there is no warn."],
    [["--only", "nobody"], "--only: there is no nobody."],
    [["--gate", "--shapes", "warm"], "--gate has shapes of its own: leave out --shapes, --only, --before and --docs."],
    [["--rounds", "0"], "--rounds must be a number above 0."],
    [["--fast"], "Unknown option '--fast'"],
  ])("refuses %j before anything is started", async (args, sentence) => {
    const { code, stderr } = await bench(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
