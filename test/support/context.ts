// The context of a request as app.ts makes it, and the outcome of a handler as a test wants to see it.
import { createRequestContext, type Outcome, type RequestContext } from "../../src/context.ts";
import { type Reason, Refusal } from "../../src/errors.ts";
import { openUploads } from "../../src/http/uploads.ts";

/** @param request the request that it is of; `https://gateway.example/` where it does not matter */
export function contextFor(
  change: Partial<RequestContext> = {},
  request = new Request("https://gateway.example/"),
): RequestContext {
  return {
    ...createRequestContext(request, "5f0c8d7e6b5a49382716051423324150", 1_700_000_000_000, openUploads()),
    ...change,
  };
}

/** The response of an outcome; throws what the handler failed with. */
export function responseOf(outcome: Outcome): Response {
  if ("response" in outcome) return outcome.response;
  throw outcome.error;
}

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
