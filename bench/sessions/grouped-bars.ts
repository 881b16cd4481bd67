// Groups of bars as SVG: a group for each case, in it a bar for each series.
// Must never need a colour of the page behind it: legible on light and on dark.
import { escaped, style } from "../svg.ts";

export interface Series {
  readonly label: string;
  /** One for each group. */
  readonly values: readonly number[];
  /** Drawn in the colour of what the picture is about. */
  readonly ours: boolean;
}

export interface GroupedBars {
  readonly title: string;
  /** Below the title: what is shown, in which unit. */
  readonly subtitle: string;
  readonly groups: readonly string[];
  readonly series: readonly Series[];
  /** Bars begin at 1 and grow with the logarithm; else they begin at 0. */
  readonly logarithmic: boolean;
}

const WIDTH = 760;
const GROUP_WIDTH = 120;
const LABEL_WIDTH = 250;
const VALUE_WIDTH = 70;
const TOP = 64;
const ROW = 20;
const BAR = 14;
const GAP = 14;
/** A bar of the least value is seen, too. */
const LEAST_WIDTH = 3;

/** A whole SVG document. */
export function groupedBars({ title, subtitle, groups, series, logarithmic }: GroupedBars): string {
  const most = Math.max(...series.flatMap(({ values }) => values));
  const share = (value: number) =>
    logarithmic ? Math.log(Math.max(value, 1)) / Math.log(Math.max(most, 2)) : value / most;
  const widthOf = (value: number) => LEAST_WIDTH + share(value) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH - LEAST_WIDTH);
  const groupHeight = series.length * ROW + GAP;
  const height = TOP + groups.length * groupHeight;
  const bars = groups.flatMap((group, index) => {
    const top = TOP + index * groupHeight;
    return [
      `<text class="text" x="16" y="${top + 12}">${escaped(group)}</text>`,
      ...series.flatMap(({ label, values, ours }, row) => {
        const value = values[index] ?? 0;
        const y = top + row * ROW;
        const width = widthOf(value);
        return [
          `<text class="soft" x="${16 + GROUP_WIDTH}" y="${y + 12}">${escaped(label)}</text>`,
          `<rect class="${ours ? "ours" : "other"}" x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
          `<text class="text" x="${(LABEL_WIDTH + width + 8).toFixed(1)}" y="${y + 12}">${Math.round(value).toLocaleString("en")}</text>`,
        ];
      }),
    ];
  });
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text class="text title" x="16" y="26">${escaped(title)}</text>`,
    `<text class="soft" x="16" y="46">${escaped(subtitle)}</text>`,
    ...bars,
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}
