// An origin on plain TCP that writes the first bytes of an answer and closes, as the path of the request says.

import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

/** FIN closes in order; RST is what a crashed server, or a firewall, sends. */
export type Closing = "FIN" | "RST";

export interface RawOrigin {
  readonly url: string;
  close(): void;
}

/** Gives an answer to a request whose head is this. */
export type RawAnswer = (head: string) => Buffer;

/** @param answers by name; `GET /<name>/<bytes>/<FIN or RST>` gets so many bytes of one */
export async function startRawOrigin(answers: Readonly<Record<string, RawAnswer>>): Promise<RawOrigin> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let head = "";
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => {
      if (head.includes("\r\n\r\n")) return;
      head += bytes.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      const [, name = "", count = "", closing = ""] = /^GET \/([^/]+)\/(\d+)\/(FIN|RST) /.exec(head) ?? [];
      const part = answers[name]?.(head).subarray(0, Number(count)) ?? Buffer.alloc(0);
      const close = () => (closing === "RST" ? socket.resetAndDestroy() : socket.end());
      if (part.length === 0) close();
      // What was written before a reset may not have been read: the reader must not lose it before it is reset.
      else socket.write(part, () => setTimeout(close, closing === "RST" ? 20 : 0));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
