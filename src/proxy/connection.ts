// What the connection says of the client and of the way the request came: for the forwarding headers.
// Must never take any of it from a header that a client can set, but for what the runtime has written over.
import type { RequestContext } from "../context.ts";
import { hostOf } from "../http/request-url.ts";

/** What the connection says of the client. */
export interface Connection {
  readonly requestId: string;
  readonly method: string;
  readonly protocol: string;
  readonly host: string;
  /** The client's own Accept-Encoding; undefined leaves the header as it is. */
  readonly acceptEncoding?: string | undefined;
}

export function connectionOf(request: Request, { requestId, method, url, headers }: RequestContext): Connection {
  return {
    requestId,
    method,
    protocol: url.scheme,
    host: hostOf(url),
    acceptEncoding: ownEncoding(request, headers),
  };
}

/**
 * The runtime asks for br and gzip in every client's name. Behind Cloudflare, which marks requests with CF-Ray, the edge
 * decodes for clients that take neither; a local workerd does not, so there the origin gets what the client said.
 * `cf` is a blob that is parsed when it is first looked at: on Cloudflare that would be paid for each request.
 */
function ownEncoding(request: Request, headers: Headers): string | undefined {
  if (headers.has("cf-ray")) return undefined;
  const accepted = request.cf?.clientAcceptEncoding;
  if (typeof accepted !== "string") return undefined;
  return accepted === "" ? "identity" : accepted;
}
