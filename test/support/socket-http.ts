// HTTP over a bare socket, for answers whose bytes fetch() would decode, and for connections that break off.
// Must never interpret a body beyond taking its chunks apart.
import { connect, type Socket } from "node:net";

export interface SocketAnswer {
  readonly status: number;
  /** In the order they came, names in small letters. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** The bytes as they were on the wire, but for chunks. */
  readonly body: Buffer;
}

/** Sends a request and reads the answer to the end of the connection. `Host` and `Connection: close` are added. */
export async function socketExchange(
  host: string,
  requestLine: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<SocketAnswer> {
  const all = Object.entries({ Host: host, Connection: "close", ...headers });
  const socket = openSocket(host);
  socket.write(`${[requestLine, ...all.map((pair) => pair.join(": "))].join("\r\n")}\r\n\r\n`);
  const received: Buffer[] = [];
  for await (const bytes of socket) received.push(bytes as Buffer);
  return parseAnswer(Buffer.concat(received));
}

/** @param host `127.0.0.1:port` */
export function openSocket(host: string): Socket {
  const [address = "", port] = host.split(":");
  return connect(Number(port), address);
}

/** The values of a header. */
export function valuesOf(answer: SocketAnswer, name: string): string[] {
  return answer.headers.filter(([one]) => one === name).map(([, value]) => value);
}

export function parseAnswer(bytes: Buffer): SocketAnswer {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const rest = bytes.subarray(end + 4);
  const chunked = headers.some(([name, value]) => name === "transfer-encoding" && value === "chunked");
  return { status: Number(statusLine.split(" ")[1]), headers, body: chunked ? withoutChunks(rest) : rest };
}

function withoutChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
