// Bars with whiskers as SVG: one row for each, a label, the median, and how far the rounds were apart.
// Must never need a colour of the page behind it: legible on light and on dark.
import type { Spread } from "./statistics.ts";

export interface Bar {
  readonly label: string;
  readonly spread: Spread;
  /** Drawn in the colour of what the picture is about. */
  readonly ours: boolean;
}

export interface BarChart {
  readonly title: string;
  /** Below the title: what is measured, in which unit. */
  readonly subtitle: string;
  readonly bars: readonly Bar[];
  readonly digits: number;
  /** A line across all bars, such as a target. */
  readonly mark?: { readonly at: number; readonly label: string };
}

const WIDTH = 760;
const LABEL_WIDTH = 210;
const VALUE_WIDTH = 150;
const ROW_HEIGHT = 30;
const TOP = 64;
const BAR_HEIGHT = 16;

/** Its own background in both schemes, as an image in a page cannot see the page's. */
export const style = `
  .back { fill: #ffffff; } .text { fill: #1f2328; } .soft { fill: #59636e; } .line { stroke: #59636e; }
  .other { fill: #9aa7b4; } .ours { fill: #c2410c; } .mark { stroke: #0969da; } .marktext { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117; } .text { fill: #f0f6fc; } .soft { fill: #9198a1; } .line { stroke: #c9d1d9; }
    .other { fill: #57606a; } .ours { fill: #fb923c; } .mark { stroke: #58a6ff; } .marktext { fill: #58a6ff; }
  }
  text { font: 13px system-ui, "DejaVu Sans", sans-serif; } .title { font-weight: 600; font-size: 15px; }`;

/** A whole SVG document. */
export function barChart({ title, subtitle, bars, digits, mark }: BarChart): string {
  const most = Math.max(...bars.map(({ spread }) => spread.max), mark?.at ?? 0);
  const x = (value: number) => LABEL_WIDTH + (value / most) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH);
  const height = TOP + bars.length * ROW_HEIGHT + (mark ? 34 : 14);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text class="text title" x="16" y="26">${escaped(title)}</text>`,
    `<text class="soft" x="16" y="46">${escaped(subtitle)}</text>`,
    ...bars.flatMap((bar, row) => barLines(bar, row, x, digits)),
    ...(mark ? markLines(mark, bars.length, x) : []),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function barLines({ label, spread, ours }: Bar, row: number, x: (value: number) => number, digits: number): string[] {
  const top = TOP + row * ROW_HEIGHT;
  const middle = top + BAR_HEIGHT / 2;
  const [least, median, most] = [spread.min, spread.median, spread.max].map((value) => x(value).toFixed(1));
  const width = (x(spread.median) - LABEL_WIDTH).toFixed(1);
  const value = `${spread.median.toFixed(digits)} (${spread.min.toFixed(digits)}-${spread.max.toFixed(digits)})`;
  return [
    `<text class="text" x="${LABEL_WIDTH - 10}" y="${middle + 5}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${ours ? "ours" : "other"}" x="${LABEL_WIDTH}" y="${top}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`,
    `<path class="line" fill="none" d="M${least} ${middle}H${most}M${least} ${middle - 4}v8M${most} ${middle - 4}v8"/>`,
    `<text class="text" x="${(Math.max(Number(most), Number(median)) + 8).toFixed(1)}" y="${middle + 5}">${value}</text>`,
  ];
}

function markLines({ at, label }: NonNullable<BarChart["mark"]>, rows: number, x: (value: number) => number): string[] {
  const bottom = TOP + rows * ROW_HEIGHT;
  const place = x(at).toFixed(1);
  return [
    `<path class="mark" stroke-dasharray="4 3" d="M${place} ${TOP - 6}V${bottom}"/>`,
    `<text class="marktext" x="${place}" y="${bottom + 18}" text-anchor="middle">${escaped(label)}</text>`,
  ];
}

/** As the text of an element. */
export const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
