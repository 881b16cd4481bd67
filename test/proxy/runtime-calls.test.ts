// What a request asks of the runtime, call by call: most of what the gateway costs. One call more fails here.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
// @ts-expect-error Vite knows what "?raw" is: the file's text.
import document from "../../docs/performance.md?raw";
import type { App } from "../../src/app.ts";
import { appWith } from "../support/app.ts";
import { craft } from "../support/craft.ts";
import { runtimeCallsOf } from "../support/runtime-calls.ts";

const tokenOf = (jti: string) =>
  craft({ claims: { token_type: "access", exp: 4_000_000_000, iat: 1, jti, user_id: "7" } });

/** What a browser's script and Cloudflare send, as in bench/requests.ts: eleven headers beside the token. */
const headers = {
  host: "api.example.com",
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
  accept: "application/json",
  "accept-language": "en-GB,en;q=0.9",
  "accept-encoding": "gzip, br",
  "cf-connecting-ip": "203.0.113.7",
  "cf-ipcountry": "NL",
  "cf-ray": "8f0c1d2e3a4b5c6d-AMS",
  "cf-visitor": '{"scheme":"https"}',
  "x-forwarded-for": "203.0.113.7",
  "x-forwarded-proto": "https",
};

let app: App;
beforeAll(async () => {
  const vars = { ORIGIN_URL: "https://origin.example", REVOCATION: "off", ROUTES: [{ path: "/*", auth: "token" }] };
  app = await appWith(vars);
});
afterAll(() => void vi.unstubAllGlobals());

/** The calls for one request, the API's own Response not among them. */
async function callsOf(token: string | undefined, wanted: number): Promise<Readonly<Record<string, number>>> {
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const request = new Request("https://api.example.com/api/notes/?page=2", { headers: { ...headers, ...bearer } });
  const answer = new Response("[]", { headers: { "content-type": "application/json" } });
  vi.stubGlobal("fetch", async () => answer);
  let response: Response | undefined;
  const calls = await runtimeCallsOf(async () => {
    response = await app.fetch(request);
  });
  expect(response?.status).toBe(wanted);
  return calls;
}

/** The rows of the table in docs/performance.md: a call, and how often it is made for each kind of request. */
const rows = [...(document as string).matchAll(/^\| `([^`]+)` \| (\d+) \| (\d+) \| (\d+) \|/gm)].map(
  ([, call = "", ...counts]): Row => ({ call, counts: counts.map(Number) }),
);
interface Row {
  readonly call: string;
  readonly counts: readonly number[];
}

const documented = (column: number) =>
  Object.fromEntries(rows.map(({ call, counts }) => [call, counts[column]]).filter(([, count]) => count !== 0));

describe("the table of calls into the runtime has exactly those of", () => {
  it.each<[string, number, () => string | undefined, number]>([
    ["a token that is known", 0, () => tokenOf("1"), 200],
    ["a new HS256 token", 1, () => tokenOf(crypto.randomUUID()), 200],
    ["a 401 without a token", 2, () => undefined, 401],
  ])("%s", async (_, column, tokenFor, status) => {
    // Once to learn the header of tokens, once to learn the names of headers.
    for (let time = 0; time < 2; time++) await callsOf(tokenFor(), status);
    expect(await callsOf(tokenFor(), status)).toEqual(documented(column));
  });
});
