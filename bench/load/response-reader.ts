// Reads HTTP/1.1 answers off one keep-alive connection, one at a time.
// Must never guess where an answer ends: what it cannot read is an error.

/** One whole answer. */
export interface ReadResponse {
  readonly status: number;
  readonly body: string;
}

type Framing = { readonly bytes: number } | "chunked";

/** Takes what arrives and gives the answer once it is whole; bytes beyond it are an error, as nothing more was asked. */
export function responseReader(): (chunk: Buffer) => ReadResponse | undefined {
  let held: Buffer | undefined;
  return (chunk) => {
    const bytes = held === undefined ? chunk : Buffer.concat([held, chunk]);
    held = bytes;
    const headEnd = bytes.indexOf("\r\n\r\n");
    if (headEnd < 0) return undefined;
    const head = bytes.toString("latin1", 0, headEnd);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    if (!status) throw new Error(`not an answer: ${head.slice(0, 80)}`);
    const body = bodyOf(bytes.subarray(headEnd + 4), framingOf(status, head));
    if (body === undefined) return undefined;
    held = undefined;
    return { status, body };
  };
}

/** RFC 9112 section 6.3, less answers that end with the connection. */
function framingOf(status: number, head: string): Framing {
  if (status === 204 || status === 304) return { bytes: 0 };
  if (/^transfer-encoding: *chunked/im.test(head)) return "chunked";
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer of unknown length: ${head.slice(0, 80)}`);
  return { bytes: Number(length) };
}

function bodyOf(rest: Buffer, framing: Framing): string | undefined {
  if (framing === "chunked") return chunkedBody(rest);
  if (rest.length > framing.bytes) throw new Error("more bytes than the answer's length");
  return rest.length < framing.bytes ? undefined : rest.toString("utf8");
}

function chunkedBody(rest: Buffer): string | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.toString("latin1", at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error("a chunk without a size");
    const end = lineEnd + 2 + size + 2;
    if (rest.length < end) return undefined;
    if (size === 0) return Buffer.concat(parts).toString("utf8");
    parts.push(rest.subarray(lineEnd + 2, end - 2));
    at = end;
  }
}
