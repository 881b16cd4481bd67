// The yardstick: a Worker that only calls fetch with the request it got.
// Must never do anything else: every ratio is against this.

interface Env {
  readonly ORIGIN_URL: string;
}

export default {
  fetch: (request: Request, env: Env) => fetch(env.ORIGIN_URL + pathOf(request.url), request),
};

/** Path and query as they were sent; the cheapest way to them. */
function pathOf(url: string): string {
  return url.slice(url.indexOf("/", 8));
}
