// The two shapes of the demo's answers: data, and a refusal in DRF's words.
// Must never be asked to cache anything: what it says depends on who asks.
/** Whatever JSON.stringify takes. */
export type Body = object;

/** JSON with a status and, if need be, more headers. */
export const answer = (status: number, body: Body, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers: { "Cache-Control": "no-store", ...headers } });

/** A refusal as DRF writes it: `{"detail": …}`. */
export const refuse = (status: number, detail: string, headers: Record<string, string> = {}): Response =>
  answer(status, { detail }, headers);
