// What a target of the fuzzer is: how its inputs are made, and what has to hold for each of them.
// Must never make an input that JSON cannot hold: a corpus keeps those that were found.
import type fc from "fast-check";

/** Throws where something does not hold for the input. */
export type Check<Input> = (input: Input) => Promise<void> | void;

/** Work whose cost must grow no faster than its input. `of` prepares it, so that only the work itself is measured. */
export interface Growth {
  readonly name: string;
  /** The smaller one of two sizes in characters, if not the usual one. */
  readonly small?: number;
  readonly of: (size: number) => () => unknown;
}

export interface Target<Input> {
  readonly name: string;
  /** What holds for every input, as a sentence. */
  readonly holds: string;
  readonly inputs: fc.Arbitrary<Input>;
  /** Prepares what all cases share. */
  readonly open: () => Promise<Check<Input>>;
  readonly growth: readonly Growth[];
}

/** A target whose inputs nobody outside looks at: they come from its own `inputs`, or from its corpus. */
export type AnyTarget = Target<unknown>;

export const anyTarget = <Input>(target: Target<Input>): AnyTarget => target as unknown as AnyTarget;

/** Fails the case. */
export function ensure(holds: boolean, sentence: () => string): asserts holds {
  if (!holds) throw new Error(sentence());
}
