// The API behind the gateway in a soak: says what reached it, and is slow, broken or gone where its path says so.
// Must never answer for another request than the one that it got.
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { drain, startOrigin } from "../support/http-origin.ts";
import { echoWebSockets } from "../support/sockets.ts";

/** What the API says of a request. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  /** X-User-Id. */
  readonly user: string | null;
  readonly bytes: number;
  readonly whole: boolean;
}

/** What a run asks at its end. */
export interface OriginCounts {
  readonly requests: number;
  /** Requests whose path says that the gateway must refuse them. */
  readonly forbidden: number;
  /** Uploads that look whole and have another length than their path says. */
  readonly cut: number;
  /** The paths of answers and sockets that are under way. */
  readonly open: readonly string[];
}

export interface SoakOrigin {
  readonly url: string;
  counts(): Promise<OriginCounts>;
  close(): void;
}

export const downloadBytes = 300_000;
export const pathOfRefused = "must-be-refused";
export const uploadWork = "upload";
const longestMilliseconds = 30_000;

type Work = (request: IncomingMessage, response: ServerResponse, about: Seen, argument: string) => Promise<unknown>;

const asJson = { "content-type": "application/json" };

/** By the second segment of the path; the third one is the argument. */
const works: Readonly<Record<string, Work>> = {
  echo: async (_, response, about) => response.writeHead(200, asJson).end(JSON.stringify(about)),
  // Without a length: the answer is in chunks.
  slow: async (_, response, about, milliseconds) => {
    await sleep(Math.min(Number(milliseconds), longestMilliseconds));
    return response.writeHead(200, asJson).end(JSON.stringify(about));
  },
  never: async () => {},
  "reset-in-head": async (request) => request.socket.destroy(),
  "reset-in-body": async (request, response) => {
    response.writeHead(200, { "content-length": "10000" }).write("a part of it");
    await sleep(20);
    request.socket.destroy();
  },
  download: async (_, response) =>
    response.writeHead(200, { "content-length": downloadBytes }).end(Buffer.alloc(downloadBytes, "x")),
  // Text would be compressed in front of a gateway, and wait there.
  trickle: async (_, response, __, pieces) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    for (let piece = 0; piece < Number(pieces) && !response.closed; piece++) {
      response.write(Buffer.alloc(1000, "x"));
      await sleep(20);
    }
    response.end();
  },
};

/** In this process. */
export async function openOrigin(): Promise<SoakOrigin> {
  const counts = { requests: 0, forbidden: 0, cut: 0 };
  const open = new Set<{ readonly path: string }>();
  /** @param ended says so by "close" */
  const begun = (path: string, ended: NodeJS.EventEmitter) => {
    counts.requests++;
    if (path.includes(pathOfRefused)) counts.forbidden++;
    const one = { path };
    open.add(one);
    ended.once("close", () => open.delete(one));
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    begun(path, response);
    request.on("error", () => {});
    response.on("error", () => {});
    const body = await drain(request);
    const user = request.headers["x-user-id"];
    const about = { method: request.method ?? "", path, user: typeof user === "string" ? user : null, ...body };
    const [, , work = "", argument = ""] = path.split("/");
    if (work === uploadWork && body.whole && body.bytes !== Number(argument)) counts.cut++;
    if (body.whole) await (works[work] ?? works.echo)?.(request, response, about, argument);
    else response.destroy();
  };
  const origin = await startOrigin((request, response) => void answer(request, response));
  origin.server.keepAliveTimeout = 600_000;
  echoWebSockets(origin.server);
  origin.server.on("upgrade", (request, socket) => {
    begun(request.url ?? "", socket);
    // A server's sockets stay half open otherwise.
    socket.once("end", () => socket.end());
  });
  return {
    url: origin.url,
    counts: async () => ({ ...counts, open: [...open].map(({ path }) => path) }),
    close: () => origin.close(),
  };
}
