// One walk through every method of a DRF ModelViewSet, good requests and bad ones.
// Must never hold what differs from run to run, so that two walks can be compared.
import type { Ask, Side } from "./side.ts";

/** What was asked; status, Content-Type, Allow and body of the answer. Its length is Cloudflare's to change: it compresses. */
export type Step = readonly [string, number, string | null, string | null, string];

const steps: ReadonlyArray<readonly [method: string, path: string, ask?: Ask]> = [
  ["OPTIONS", "/api/notes/"],
  ["GET", "/api/notes/"],
  ["POST", "/api/notes/", { json: { title: "first", text: "ünï 密码 🔑" } }],
  ["POST", "/api/notes/", { body: new URLSearchParams({ title: "second", text: "a&b=c d" }) }],
  ["POST", "/api/notes/", { json: { title: "first" } }],
  ["POST", "/api/notes/", { json: {} }],
  ["POST", "/api/notes/", { body: "{", headers: { "content-type": "application/json" } }],
  ["POST", "/api/notes/", { body: "x", headers: { "content-type": "text/csv" } }],
  ["POST", "/api/notes/"],
  ["GET", "/api/notes/?page=1"],
  ["HEAD", "/api/notes/"],
  ["GET", "/api/notes/?page=9"],
  ["GET", "/api/notes/first/"],
  ["GET", "/api/notes/first/", { headers: { accept: "text/html" } }],
  ["PUT", "/api/notes/first/", { json: { title: "first", text: "put" } }],
  ["PATCH", "/api/notes/first/", { json: { text: "patched" } }],
  ["PUT", "/api/notes/", { json: {} }],
  ["DELETE", "/api/notes/second/"],
  ["DELETE", "/api/notes/first/"],
  ["GET", "/api/notes/first/"],
  ["GET", "/api/n%C3%B6where/?q=%2F"],
];

/** Takes all steps in order; leaves no notes behind. */
export async function walkOfNotes(side: Side, token: string): Promise<Step[]> {
  const walked: Step[] = [];
  for (const [method, path, ask] of steps) {
    const { status, headers, text } = await side.ask(path, { ...ask, method, token });
    walked.push([`${method} ${path}`, status, headers.get("content-type"), headers.get("allow"), text]);
  }
  return walked;
}
