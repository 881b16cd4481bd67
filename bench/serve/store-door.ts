// D1 and KV by the wire protocols of their bindings, so that a Worker in another process can have them.
// Must never answer by itself: local D1 and KV do.

interface Env {
  readonly DB: { readonly fetcher: Fetcher };
  readonly BLACKLIST: KVNamespace;
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const isD1 = url.pathname === "/query" || url.pathname === "/execute";
    return isD1 ? env.DB.fetcher.fetch(request) : answerKv(request, url, env.BLACKLIST);
  },
};

async function answerKv(request: Request, url: URL, kv: KVNamespace): Promise<Response> {
  if (request.method === "POST") {
    const { keys } = (await request.json()) as { keys: string[] };
    return Response.json(Object.fromEntries(await kv.get(keys)));
  }
  const key = decodeURIComponent(url.pathname.slice(1));
  if (request.method === "GET") {
    const value = await kv.get(key);
    return value === null ? new Response(null, { status: 404 }) : new Response(value);
  }
  if (request.method !== "PUT") return new Response(null, { status: 405 });
  await kv.put(key, await request.text(), { expiration: Number(url.searchParams.get("expiration")) });
  return new Response();
}
