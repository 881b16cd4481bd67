// Time by function out of one of V8's profiles.
// Must never add what a function has called: that is another function's time.
import type { Profile } from "./inspector.ts";

/** Self time by function, the longest first, as shares of what was sampled. */
export function selfTimes({
  nodes,
  samples,
  timeDeltas,
}: Profile): { readonly where: string; readonly share: number }[] {
  const names = new Map(
    nodes.map(({ id, callFrame }) => [id, `${callFrame.functionName || "(anonymous)"}:${callFrame.lineNumber + 1}`]),
  );
  const byName = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const microseconds = timeDeltas[index] ?? 0;
    const name = names.get(id) ?? "";
    total += microseconds;
    byName.set(name, (byName.get(name) ?? 0) + microseconds);
  }
  return [...byName]
    .map(([where, microseconds]) => ({ where, share: microseconds / total }))
    .sort((one, other) => other.share - one.share);
}
