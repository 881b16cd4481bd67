// HTTP by hand over a socket: the bytes of the request line and the headers are exactly those that a test writes.
// Must never tidy a path or a header; that is what ordinary clients do.
import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends one request and reads the answer until the server closes. */
export function rawRequest(
  port: number,
  target: string,
  { method = "GET", headers = [] as readonly string[] } = {},
): Promise<RawAnswer> {
  const lines = [`${method} ${target} HTTP/1.1`, "Host: gateway.test", "Connection: close", ...headers, "", ""];
  return new Promise((done, fail) => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("error", fail);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => done(parsed(Buffer.concat(chunks).toString("latin1"))));
    socket.write(Buffer.from(lines.join("\r\n"), "latin1"));
  });
}

function parsed(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const head = end < 0 ? text : text.slice(0, end);
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: end < 0 ? "" : text.slice(end + 4),
  };
}
