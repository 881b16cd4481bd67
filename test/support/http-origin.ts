// An origin on node:http for one test file: a handler, its address, a clean end.
// Must never answer by itself.
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface HttpOrigin {
  readonly url: string;
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly server: Server;
  close(): void;
}

export async function startOrigin(handler: RequestListener): Promise<HttpOrigin> {
  const server = createServer(handler);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    server,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What became of a request's body. */
export interface BodySeen {
  readonly bytes: number;
  /** False when the connection broke before the body's own end. */
  readonly whole: boolean;
}

/** Reads a body without keeping it. */
export async function drain(request: IncomingMessage): Promise<BodySeen> {
  let bytes = 0;
  try {
    for await (const chunk of request) bytes += (chunk as Buffer).length;
  } catch {
    return { bytes, whole: false };
  }
  return { bytes, whole: request.complete };
}

/** A promise to be kept by somebody else. */
export function promised<T = void>(): { readonly promise: Promise<T>; readonly keep: (value: T) => void } {
  let keep: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    keep = done;
  });
  return { promise, keep };
}

/** A stream of zeros in pieces of 64 KiB, made as they are asked for. */
export function zeros(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      const size = Math.min(left, 64 * 1024);
      left -= size;
      controller.enqueue(new Uint8Array(size));
    },
  });
}
