// One line for each sentence that was to be proven, and the count at the end.
// Must never call a sentence proven before its work has ended well.
import { reasonOf } from "../../scripts/shared/failure.ts";

export interface Report {
  /** Runs `work` and prints whether the sentence holds. What fails does not keep the next one from being tried. */
  prove(sentence: string, work: () => Promise<void>): Promise<void>;
  /** Counts a sentence whose work could not even begin. */
  fail(sentence: string, error: unknown): void;
  /** A difference between the two sides that was seen, and that both of them can live with. */
  note(text: string): void;
  /** Prints `N passed, N failed`; true when all passed. */
  finish(): boolean;
}

export function openReport(): Report {
  const count = { passed: 0, failed: 0 };
  const notes = new Set<string>();
  const fail = (sentence: string, error: unknown) => {
    count.failed += 1;
    console.log(`FAIL ${sentence}\n${indented(error)}`);
  };
  return {
    fail,
    async prove(sentence, work) {
      try {
        await work();
      } catch (error) {
        return fail(sentence, error);
      }
      count.passed += 1;
      console.log(`ok   ${sentence}`);
    },
    note(text) {
      if (!notes.has(text)) console.log(`note ${text}`);
      notes.add(text);
    },
    finish() {
      console.log(`\n${count.passed} passed, ${count.failed} failed`);
      return count.failed === 0 && count.passed > 0;
    },
  };
}

function indented(error: unknown): string {
  const text = error instanceof Error ? error.message : reasonOf(error);
  const cause = error instanceof Error && error.cause !== undefined ? ` (${reasonOf(error.cause)})` : "";
  return `${text}${cause}`.replace(/^/gm, "     ");
}
