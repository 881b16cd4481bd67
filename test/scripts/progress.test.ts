// scripts/shared/progress.ts: a bar for a terminal, lines for a pipe, nothing when quiet.
import { describe, expect, it } from "vitest";
import { bar, openProgress } from "../../scripts/shared/progress.ts";

function stream(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => void written.push(text) };
}

describe("bar()", () => {
  it.each([
    [0, "[------------------------]   0%"],
    [0.5, "[############------------]  50%"],
    [0.999, "[########################]  99%"],
    [1, "[########################] 100%"],
    [7, "[########################] 100%"],
  ])("of %d", (fraction, text) => {
    expect(bar(fraction)).toBe(text);
  });
});

describe("openProgress()", () => {
  const walk = (quiet: boolean, to: ReturnType<typeof stream>) => {
    const progress = openProgress(quiet, to);
    progress.step("Reading");
    progress.at(1, 2);
    progress.at(1, 2);
    progress.end();
    progress.end();
    return to.written;
  };

  it("draws over one line of a terminal and takes it away", () => {
    expect(walk(false, stream(true))).toEqual([
      "\r\x1b[KReading",
      "\r\x1b[K[############------------]  50% Reading",
      "\r\x1b[K",
    ]);
  });
  it("stays within a narrow terminal", () => {
    expect(walk(false, stream(true, 31))[1]).toBe("\r\x1b[K[############------------]  50");
  });
  it("writes a line a step to anything else", () => {
    expect(walk(false, stream(false))).toEqual(["Reading\n"]);
  });
  it("writes nothing when quiet", () => {
    expect([walk(true, stream(true)), walk(true, stream(false))]).toEqual([[], []]);
  });
});
