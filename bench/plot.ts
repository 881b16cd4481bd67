// The pictures of docs/performance.md, by their file names.
// Must never show a figure that the tables do not have.
import { cpuRatio, spreadOfFigure } from "./figures.ts";
import type { RoundFigures, ShapeResult } from "./race.ts";
import type { BenchResult } from "./result.ts";
import { type Bar, barChart } from "./svg.ts";

/** File name to SVG; none for a shape that was not run. */
export function picturesOf({ shapes }: BenchResult): Readonly<Record<string, string>> {
  const named = (name: string) => shapes.filter((shape) => shape.name === name);
  const pictures: Record<string, string> = {};
  for (const shape of named("warm")) {
    pictures["warm.svg"] = barChart({
      title: "CPU per request, known tokens",
      subtitle:
        "microseconds of the server process, median and range of all rounds; Django, off this scale, is in the table",
      bars: barsOf(shape, "cpuMicroseconds").filter(({ label }) => !label.startsWith("django")),
      digits: 0,
    });
  }
  const unseen = shapes.filter(({ name }) => name.startsWith("unseen-"));
  if (unseen.length > 0) {
    pictures["unseen.svg"] = barChart({
      title: "CPU for new tokens, relative to header editing",
      subtitle: "ratio of the gateway's CPU per request to that of the header-editing floor",
      bars: unseen.flatMap((shape) => ratioBar(shape)),
      digits: 2,
      mark: { at: 1, label: "header editing: 1.00" },
    });
  }
  for (const shape of named("login-storm")) {
    pictures["storm.svg"] = barChart({
      title: "Proxied requests with and without log-ins, one isolate",
      subtitle: "99th percentile of the latency in milliseconds",
      bars: barsOf(shape, "p99Milliseconds"),
      digits: 0,
    });
  }
  return pictures;
}

function barsOf(shape: ShapeResult, figure: keyof RoundFigures): Bar[] {
  return shape.contestants.flatMap((contestant) => {
    const spread = spreadOfFigure(contestant, figure);
    return spread ? [{ label: contestant.name, spread, ours: contestant.name.startsWith("gateway") }] : [];
  });
}

function ratioBar(shape: ShapeResult): Bar[] {
  const spread = cpuRatio(shape, "gateway", "floor");
  return spread ? [{ label: shape.name, spread, ours: true }] : [];
}
