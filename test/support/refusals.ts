// What a piece of work refused.
import { type Reason, Refusal } from "../../src/errors.ts";

/** The refusal that `work` threw; anything else that it throws goes on, and throwing nothing is an error. */
export async function refusalOf(work: () => unknown): Promise<Refusal> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

export async function reasonOf(work: () => unknown): Promise<Reason> {
  return (await refusalOf(work)).reason;
}
