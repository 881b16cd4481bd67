// What the connection says of the client and of the way it came: for the forwarding headers.
// Must never take any of it from a header that a client can set, but for what the runtime has written over.

/** What the connection says of the client. */
export interface Connection {
  readonly requestId: string;
  readonly protocol: string;
  readonly host: string;
  /** The client's own Accept-Encoding; undefined leaves the header as it is. */
  readonly acceptEncoding?: string | undefined;
}

/** Read from the URL's text: to parse it would cost more than all of this. */
export function connectionOf(request: Request, requestId: string): Connection {
  const { url } = request;
  const colon = url.indexOf("://");
  const end = url.indexOf("/", colon + 3);
  const host = url.slice(colon + 3, end < 0 ? url.length : end);
  return {
    requestId,
    protocol: url.slice(0, colon),
    // A port may be the scheme's own, and is left out then.
    host: host.includes(":") ? new URL(url).host : host,
    acceptEncoding: ownEncoding(request),
  };
}

/**
 * The runtime asks for br and gzip in every client's name. Behind Cloudflare, which marks requests with CF-Ray, the edge
 * decodes for clients that take neither; a local workerd does not, so there the origin is told what the client said.
 * `cf` is a blob that is parsed when it is first looked at: on Cloudflare that would be paid for each request.
 */
function ownEncoding(request: Request): string | undefined {
  if (request.headers.has("cf-ray")) return undefined;
  const accepted = request.cf?.clientAcceptEncoding;
  if (typeof accepted !== "string") return undefined;
  return accepted === "" ? "identity" : accepted;
}
