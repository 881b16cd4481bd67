// D1 and KV by the wire protocols of their bindings, so that a Worker in another process can have them.
// Must never answer by itself: local D1 and KV do.

interface Env {
  readonly DB: { readonly fetcher: Fetcher };
  readonly BLACKLIST: KVNamespace;
  /** Whether to count; never in a measured window. */
  readonly COUNTING: boolean;
}

/** What was asked for since the start; KV as it is billed, key by key. */
export interface StoreCounts {
  readonly kvReads: number;
  readonly kvWrites: number;
  /** To D1; a batch is one. */
  readonly roundTrips: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

type Counts = { -readonly [name in keyof StoreCounts]: number };
const counts: Counts = { kvReads: 0, kvWrites: 0, roundTrips: 0, rowsRead: 0, rowsWritten: 0 };

export default {
  fetch(request: Request, env: Env): Promise<Response> | Response {
    const url = new URL(request.url);
    if (url.pathname === "/counts") return Response.json(counts);
    const isD1 = url.pathname === "/query" || url.pathname === "/execute";
    if (!isD1) return answerKv(request, url, env.BLACKLIST);
    return env.COUNTING ? countedD1(request, env) : env.DB.fetcher.fetch(request);
  },
};

/** D1's answer says of each statement how many rows it read and wrote. */
async function countedD1(request: Request, env: Env): Promise<Response> {
  const response = await env.DB.fetcher.fetch(request);
  const answer: unknown = await response.clone().json();
  counts.roundTrips++;
  for (const { meta } of (Array.isArray(answer) ? answer : [answer]) as { meta?: Record<string, number> }[]) {
    counts.rowsRead += meta?.rows_read ?? 0;
    counts.rowsWritten += meta?.rows_written ?? 0;
  }
  return response;
}

async function answerKv(request: Request, url: URL, kv: KVNamespace): Promise<Response> {
  if (request.method === "POST") {
    const { keys } = (await request.json()) as { keys: string[] };
    counts.kvReads += keys.length;
    return Response.json(Object.fromEntries(await kv.get(keys)));
  }
  const key = decodeURIComponent(url.pathname.slice(1));
  if (request.method === "GET") {
    counts.kvReads++;
    const value = await kv.get(key);
    return value === null ? new Response(null, { status: 404 }) : new Response(value);
  }
  if (request.method !== "PUT") return new Response(null, { status: 405 });
  counts.kvWrites++;
  await kv.put(key, await request.text(), { expiration: Number(url.searchParams.get("expiration")) });
  return new Response();
}
