// An exchange as app.ts opens one: nothing known yet but the request.
import type { RequestContext } from "../../src/context.ts";
import { openUploads } from "../../src/http/uploads.ts";
import { openContext } from "../../src/open-context.ts";

export function contextFor(change: Partial<RequestContext> = {}): RequestContext {
  const request = new Request("https://gateway.example/");
  return { ...openContext(request, "5f0c8d7e6b5a49382716051423324150", 1_700_000_000_000, openUploads()), ...change };
}
