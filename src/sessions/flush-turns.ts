// Which database's turn it is when expired rows are deleted from several.
// Must never let one wait for ever because others always have something to do.
import { Refusal } from "../errors.ts";

/** How many batches one run may do. */
export interface Share {
  readonly ofEach: number;
  /** Of all databases together. */
  readonly ofAll: number;
}

/**
 * Which of `count` databases begins. Multiples of the golden ratio reach all of them about as often, whatever the time
 * between runs is; by the number of the hour, a daily run would begin with the same one of twelve each time.
 */
export function firstOf(count: number, nowSeconds: number): number {
  const minute = Math.floor(nowSeconds / 60);
  return Math.floor(((minute * ((Math.sqrt(5) - 1) / 2)) % 1) * count);
}

/**
 * Lets each work in turn, one batch at a time, until none has more to do or the share is done. Where one fails the others go
 * on; the first failure is given along.
 *
 * @param batch does one batch with one of them; false when nothing is left there
 */
export async function inTurns<T>(
  parts: readonly T[],
  first: number,
  { ofEach, ofAll }: Share,
  batch: (part: T) => Promise<boolean>,
): Promise<Refusal | undefined> {
  const queue = [...parts.slice(first), ...parts.slice(0, first)].map((part) => ({ part, left: ofEach }));
  let failure: Refusal | undefined;
  for (let left = ofAll; left > 0; left--) {
    const turn = queue.shift();
    if (turn === undefined) break;
    try {
      const more = await batch(turn.part);
      if (more && turn.left > 1) queue.push({ part: turn.part, left: turn.left - 1 });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      failure ??= error;
    }
  }
  return failure;
}
