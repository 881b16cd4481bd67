// The soak's HTTP client: one request at a time with its times, and clients that leave in the middle.
// Must never send a request again by itself: the model counts each.
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { During } from "./model.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** In pieces, without a length that is declared. */
  readonly chunked?: boolean;
  /** On a connection of its own, which the gateway may close. */
  readonly alone?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  /** False where the connection broke before the body's end. */
  readonly whole: boolean;
  readonly at: During;
  readonly milliseconds: number;
}

/** When a client leaves: so long after it has sent everything, or in the middle of one of the two bodies. */
export type Leaving = { readonly afterMilliseconds: number } | "in the request's body" | "in the answer's body";

export interface Client {
  send(asked: Asked): Promise<Answer>;
  /** Sends a request and breaks the connection off. Gives between which seconds the gateway may have done it. */
  leave(asked: Asked, when: Leaving): Promise<During>;
  close(): void;
}

/** workerd closes a connection that was idle for five seconds; a request may not meet that. */
const idleMilliseconds = 3000;
/** A machine that others use can be ten times slower. */
const longestMilliseconds = 180_000;
const pieceBytes = 16 * 1024;
/** workerd reads the clock when it has new events, so that its time may be behind while it computes. */
const behindMilliseconds = 1000;
/** How long a request may lie around whose client has left. */
const lateSeconds = 5;

export function openClient(host: string): Client {
  const [hostname = "", port = ""] = host.split(":");
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64, timeout: idleMilliseconds });
  const begin = ({ method, path, headers = {}, body, chunked }: Asked, more: { readonly agent: Agent | false }) => {
    const length = body === undefined || chunked ? {} : { "content-length": String(Buffer.byteLength(body)) };
    return httpRequest({ hostname, port, method, path, headers: { ...length, ...headers }, ...more });
  };
  return {
    async send(asked) {
      const began = performance.now();
      const from = Date.now();
      const sent = begin(asked, { agent: asked.alone ? false : agent });
      const late = setTimeout(() => sent.destroy(new Error("no answer within three minutes")), longestMilliseconds);
      try {
        const answering = answerOf(sent);
        writeBody(sent, asked);
        const response = await answering;
        const { body, whole } = await read(response);
        return {
          ...{ status: response.statusCode ?? 0, headers: response.headers, body, whole },
          at: during(from),
          milliseconds: performance.now() - began,
        };
      } finally {
        clearTimeout(late);
      }
    },
    async leave(asked, when) {
      const from = Date.now();
      const sent = begin(asked, { agent: false });
      const answering = answerOf(sent);
      // It breaks off, sooner or later.
      answering.catch(() => {});
      if (when === "in the request's body") {
        const body = Buffer.from(asked.body ?? "");
        sent.write(body.subarray(0, body.length / 2));
        await sleep(20);
      } else {
        writeBody(sent, asked);
        if (when === "in the answer's body") await firstBytes(await answering);
        else {
          await written(sent);
          await sleep(when.afterMilliseconds);
        }
      }
      sent.destroy();
      return { ...during(from), to: seconds(Date.now()) + lateSeconds };
    },
    close: () => agent.destroy(),
  };
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
const during = (from: number): During => ({ from: seconds(from - behindMilliseconds), to: seconds(Date.now()) });

function answerOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    // A second one, after the answer, changes nothing.
    sent.on("error", reject);
  });
}

/** A chunked body stops when the answer comes first. */
function writeBody(sent: ClientRequest, { body, chunked }: Asked): void {
  if (!chunked) return void sent.end(body);
  const bytes = Buffer.from(body ?? "");
  for (let at = 0; at < bytes.length; at += pieceBytes) sent.write(bytes.subarray(at, at + pieceBytes));
  sent.end();
}

const written = (sent: ClientRequest) =>
  new Promise<void>((resolve) => {
    sent.once("finish", () => resolve());
    sent.once("close", () => resolve());
    if (sent.writableFinished) resolve();
  });

async function read(response: IncomingMessage): Promise<{ readonly body: string; readonly whole: boolean }> {
  const parts: Buffer[] = [];
  try {
    for await (const part of response) parts.push(part as Buffer);
  } catch {
    return { body: "", whole: false };
  }
  return { body: Buffer.concat(parts).toString(), whole: response.complete };
}

function firstBytes(response: IncomingMessage): Promise<void> {
  response.on("error", () => {});
  return new Promise((resolve) => {
    response.once("data", () => resolve());
    response.once("close", () => resolve());
  });
}
