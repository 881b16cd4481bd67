// Small line charts over one time axis as SVG, a panel for each subject.
// Must never need a colour of the page behind it: legible on light and on dark.
import { escaped, style } from "./svg.ts";

export type Point = readonly [x: number, y: number];

export interface Line {
  readonly label: string;
  readonly points: readonly Point[];
  /** In the colour of what the picture is about. */
  readonly ours: boolean;
  /** Single points instead of a line. */
  readonly dots?: boolean;
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

export interface LineCharts {
  readonly title: string;
  /** Below the title: what is shown, in which unit. */
  readonly subtitle: string;
  readonly panels: readonly Panel[];
  readonly columns: number;
  readonly panelHeight: number;
  /** Where the time axis ends, and what is written there. */
  readonly end: { readonly x: number; readonly label: string };
  /** A line across each panel, such as the end of the warm-up. */
  readonly mark?: { readonly x: number; readonly label: string };
  readonly digits: number;
}

const WIDTH = 760;
const MARGIN = 16;
const GAP = 18;
const TOP = 84;
const TITLE_HEIGHT = 22;
const AXIS_HEIGHT = 22;
/** The greatest value does not touch the title. */
const HEADROOM = 1.1;

/** A whole SVG document. Each panel begins at 0 and ends above its own greatest value, which is written there. */
export function lineCharts(charts: LineCharts): string {
  const { title, subtitle, panels, columns, panelHeight, mark } = charts;
  const panelWidth = (WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns;
  const rowHeight = TITLE_HEIGHT + panelHeight + AXIS_HEIGHT;
  const height = TOP + Math.ceil(panels.length / columns) * rowHeight + 8;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style} .plot { fill: none; stroke-width: 1.5; } .plot.ours { stroke: #c2410c; } .plot.other { stroke: #9aa7b4; }
  .frame { fill: none; stroke: #59636e; stroke-opacity: 0.35; }
  @media (prefers-color-scheme: dark) { .plot.ours { stroke: #fb923c; } .plot.other { stroke: #57606a; } }
  .small { font-size: 11px; }</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text class="text title" x="${MARGIN}" y="26">${escaped(title)}</text>`,
    `<text class="soft" x="${MARGIN}" y="46">${escaped(subtitle)}</text>`,
    ...legend(panels[0]?.lines ?? [], mark),
    ...panels.flatMap((panel, index) => {
      const left = MARGIN + (index % columns) * (panelWidth + GAP);
      const top = TOP + Math.floor(index / columns) * rowHeight;
      return panelParts(charts, panel, { left, top: top + TITLE_HEIGHT, width: panelWidth, height: panelHeight });
    }),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function legend(lines: readonly Line[], mark: LineCharts["mark"]): string[] {
  const entries = [
    ...lines.map(({ label, ours }) => ({ label, mark: `class="plot ${ours ? "ours" : "other"}"` })),
    ...(mark ? [{ label: mark.label, mark: 'class="mark" stroke-dasharray="4 3"' }] : []),
  ];
  return entries.flatMap(({ label, mark: drawn }, index) => {
    const x = MARGIN + index * 190;
    return [
      `<path ${drawn} d="M${x} 63h20"/>`,
      `<text class="soft small" x="${x + 26}" y="67">${escaped(label)}</text>`,
    ];
  });
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function panelParts({ end, mark, digits }: LineCharts, { title, lines }: Panel, box: Box): string[] {
  const most = Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y)), 0);
  const x = (value: number) => (box.left + (value / end.x) * box.width).toFixed(1);
  const y = (value: number) => (box.top + box.height * (1 - value / (most * HEADROOM || 1))).toFixed(1);
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  const text = (at: number, below: number, said: string, anchor: string) =>
    `<text class="soft small" x="${at.toFixed(1)}" y="${below}" text-anchor="${anchor}">${escaped(said)}</text>`;
  return [
    `<text class="text small" x="${box.left.toFixed(1)}" y="${box.top - 7}">${escaped(title)}</text>`,
    text(right, box.top - 7, `up to ${most.toFixed(digits)}`, "end"),
    `<rect class="frame" x="${box.left.toFixed(1)}" y="${box.top}" width="${box.width.toFixed(1)}" height="${box.height}"/>`,
    ...(mark ? [`<path class="mark" stroke-dasharray="4 3" d="M${x(mark.x)} ${box.top}V${bottom}"/>`] : []),
    ...lines.map((line) => linePart(line, x, y)),
    text(box.left, bottom + 14, "0", "start"),
    text(right, bottom + 14, end.label, "end"),
  ];
}

function linePart({ points, ours, dots }: Line, x: (value: number) => string, y: (value: number) => string): string {
  const name = ours ? "ours" : "other";
  if (dots) {
    return points.map(([at, value]) => `<circle class="${name}" cx="${x(at)}" cy="${y(value)}" r="1.5"/>`).join("");
  }
  const path = points.map(([at, value], index) => `${index === 0 ? "M" : "L"}${x(at)} ${y(value)}`).join("");
  return `<path class="plot ${name}" d="${path}"/>`;
}
