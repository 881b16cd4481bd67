// An API that keeps what reached it, header lines and body byte for byte, and says yes to everything.
// Must never tidy what it keeps.
import type { IncomingMessage, ServerResponse } from "node:http";
import { startOrigin } from "../support/http-origin.ts";

/** A request as it was on the wire. */
export interface Received {
  readonly method: string;
  readonly url: string;
  /** In the order they came, names as they were sent. */
  readonly lines: ReadonlyArray<readonly [name: string, value: string]>;
  readonly body: string;
  /** False when the connection broke before the body's own end. */
  readonly whole: boolean;
}

export interface RecordingOrigin {
  readonly url: string;
  readonly host: string;
  /** What came since this was last asked. */
  taken(): Received[];
  close(): void;
}

/** @param answer once the request was read; `{}` with 200 where left out */
export async function startRecordingOrigin(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
    void response.writeHead(200, { "content-type": "application/json", "content-length": 2 }).end("{}"),
): Promise<RecordingOrigin> {
  let received: Received[] = [];
  const { url, host, close } = await startOrigin(async (request, response) => {
    const { rawHeaders } = request;
    const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ""] as const] : []));
    const chunks: Buffer[] = [];
    let whole = true;
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      whole = false;
    }
    const body = Buffer.concat(chunks).toString("latin1");
    received.push({ method: request.method ?? "", url: request.url ?? "", lines, body, whole });
    if (whole) answer(request, response);
  });
  return {
    url,
    host,
    close,
    taken: () => {
      const taken = received;
      received = [];
      return taken;
    },
  };
}

/** The values of every line whose name a server could take for this one: any character may stand for a dash. */
export function everySpelling({ lines }: Received, name: string): string[] {
  const same = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "-");
  return lines.filter(([one]) => same(one) === name.toLowerCase()).map(([, value]) => value);
}
