// Shows how far a long command is: a bar for people at a terminal, a line a step for everybody else.
// Must never write to standard output, which belongs to the command's result.

/** Where progress goes. */
type Stream = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };

/** What a command tells of its way. */
export type Progress = {
  /** A new step begins. */
  readonly step: (text: string) => void;
  /** So much of the step is done. */
  readonly at: (done: number, total: number) => void;
  /** Nothing more is coming: takes the bar away. */
  readonly end: () => void;
};

const BAR_CELLS = 24;
const WIPE = "\r\x1b[K";

/** `[######------]  50%` for a fraction of 0 to 1. */
export function bar(fraction: number): string {
  const filled = Math.round(Math.min(Math.max(fraction, 0), 1) * BAR_CELLS);
  const percent = String(Math.floor(Math.min(Math.max(fraction, 0), 1) * 100)).padStart(3);
  return `[${"#".repeat(filled)}${"-".repeat(BAR_CELLS - filled)}] ${percent}%`;
}

const nothing: Progress = { step: () => {}, at: () => {}, end: () => {} };

/** Progress on `stream`, by default standard error; none when `quiet`. */
export function openProgress(quiet: boolean, stream: Stream = process.stderr): Progress {
  if (quiet) return nothing;
  if (stream.isTTY !== true) return { ...nothing, step: (text) => void stream.write(`${text}\n`) };
  let step = "";
  let shown = "";
  const show = (text: string): void => {
    if (text === shown) return;
    shown = text;
    // Some terminals do not know their width, and say 0.
    stream.write(`${WIPE}${text.slice(0, (stream.columns || 80) - 1)}`);
  };
  return {
    step: (text) => {
      step = text;
      show(text);
    },
    at: (done, total) => show(`${bar(total === 0 ? 1 : done / total)} ${step}`),
    end: () => {
      if (shown !== "") stream.write(WIPE);
      shown = "";
    },
  };
}
