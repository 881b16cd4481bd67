// One window of load: so many keep-alive connections, each asking again as soon as it is answered.
// Must never count an answer with another status than the one expected.
import { connect, type Socket } from "node:net";
import { cpuMicroseconds } from "./cpu.ts";
import { responseReader } from "./response-reader.ts";

/** What to send, how long, and what to expect. */
export interface WindowPlan {
  readonly port: number;
  readonly connections: number;
  readonly warmUpMilliseconds: number;
  readonly milliseconds: number;
  /** Whole requests, taken in turn by whichever connection is free. */
  readonly requests: readonly string[];
  /**
   * `again`: from the beginning when they are used up. `once`: the window ends then. `chain`: each connection has the
   * request of its own number, and writes what `refresh` in the answer says in the place of the last token.
   */
  readonly order: "again" | "once" | "chain";
  readonly status: number;
  /** The processes whose CPU counts. */
  readonly pids: readonly number[];
  /** Those of the stores, which are counted apart. */
  readonly storePids: readonly number[];
}

export interface WindowResult {
  readonly requests: number;
  readonly seconds: number;
  readonly cpuMicroseconds: number | undefined;
  readonly storeCpuMicroseconds: number | undefined;
  /** Of each request that was answered as expected. */
  readonly latencyMilliseconds: readonly number[];
  /** What went otherwise, in words, with how often. */
  readonly wrong: Readonly<Record<string, number>>;
}

/** How much longer than planned. */
const LONGEST_EXTENSION_SECONDS = 30;

/** Resolves when the window has ended and every connection is closed. */
export async function loadWindow(plan: WindowPlan): Promise<WindowResult> {
  const state = {
    measuring: false,
    ended: false,
    next: 0,
    latencies: [] as number[],
    wrong: new Map<string, number>(),
  };
  const took = (milliseconds: number) => void (state.measuring && state.latencies.push(milliseconds));
  const failed = (why: string) => void state.wrong.set(why, (state.wrong.get(why) ?? 0) + 1);
  let allEnded = () => {};
  const usedUp = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  const take = (): string | undefined => {
    if (state.ended) return undefined;
    const request = plan.requests[plan.order === "again" ? state.next++ % plan.requests.length : state.next++];
    if (request === undefined) allEnded();
    return request;
  };
  const sockets = Array.from({ length: plan.connections }, (_, index) =>
    plan.order === "chain"
      ? converse(
          plan,
          chainOf(plan.requests[index] ?? "", () => state.ended),
          took,
          failed,
        )
      : converse(plan, take, took, failed),
  );
  await Promise.race([sleep(plan.warmUpMilliseconds), usedUp]);
  state.measuring = true;
  const cpuUsed = cpuMeter(plan.pids);
  const storeCpuUsed = cpuMeter(plan.storePids);
  const began = performance.now();
  await Promise.race([sleep(plan.milliseconds), usedUp]);
  // A window without an answer says nothing: it lasts until there is one, good or wrong.
  const deadline = began + plan.milliseconds + LONGEST_EXTENSION_SECONDS * 1000;
  while (state.latencies.length === 0 && state.wrong.size === 0 && performance.now() < deadline) await sleep(20);
  const seconds = (performance.now() - began) / 1000;
  const used = { cpuMicroseconds: cpuUsed(), storeCpuMicroseconds: storeCpuUsed() };
  state.measuring = false;
  const latencyMilliseconds = state.latencies;
  state.ended = true;
  await Promise.all(sockets.map(({ closed }) => closed));
  return {
    requests: latencyMilliseconds.length,
    seconds,
    ...used,
    latencyMilliseconds,
    wrong: Object.fromEntries(state.wrong),
  };
}

/** What the processes use from now until it is called. */
function cpuMeter(pids: readonly number[]): () => number | undefined {
  const before = cpuMicroseconds(pids);
  return () => {
    const after = cpuMicroseconds(pids);
    return before === undefined || after === undefined ? undefined : after - before;
  };
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

type Next = (lastBody: string | undefined) => string | undefined;

/** One connection; closed when there is nothing more to ask, or when something went wrong. */
function converse(
  { port, status }: WindowPlan,
  next: Next,
  took: (milliseconds: number) => void,
  failed: (why: string) => void,
): { readonly closed: Promise<void> } {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const read = responseReader();
  let sentAt = 0;
  const ask = (lastBody?: string) => {
    const request = next(lastBody);
    if (request === undefined) return void socket.destroy();
    sentAt = performance.now();
    socket.write(request);
  };
  socket.on("connect", () => ask());
  socket.on("data", (chunk) => {
    try {
      const response = read(chunk as Buffer);
      if (response === undefined) return;
      if (response.status === status) took(performance.now() - sentAt);
      else failed(`answered ${response.status} instead of ${status}`);
      ask(response.body);
    } catch (error) {
      failed(String(error));
      socket.destroy();
    }
  });
  socket.on("end", () => failed("the server closed the connection"));
  socket.on("error", (error) => failed(error.message));
  return { closed: closing(socket) };
}

const closing = (socket: Socket) => new Promise<void>((resolve) => void socket.once("close", () => resolve()));

/** A refresh after a refresh: the first request has the token in its body, as all of them will. */
function chainOf(first: string, isEnded: () => boolean): Next {
  const head = first.slice(0, first.indexOf("content-length:"));
  return (lastBody) => {
    if (isEnded()) return undefined;
    if (lastBody === undefined) return first;
    const { refresh } = JSON.parse(lastBody) as { refresh: string };
    const body = JSON.stringify({ refresh });
    return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
}
