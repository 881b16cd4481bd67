// Waits until something answers over HTTP.
// Must never follow a redirect or send anything but a bare GET.
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, reasonOf } from "../shared/failure.ts";
import type { Service } from "./service.ts";

const START_MILLISECONDS = 60_000;
const ORIGIN_MILLISECONDS = 5_000;

const get = (url: string, milliseconds: number): Promise<Response> =>
  fetch(url, { redirect: "manual", signal: AbortSignal.timeout(milliseconds) });

/** Waits until `url` gives 200. Fails when the service dies, reports a problem, or takes longer than a minute. */
export async function untilReady(service: Service, url: string): Promise<void> {
  let ended: string | undefined;
  void service.died.then((sentence) => {
    ended = sentence;
  });
  const deadline = performance.now() + START_MILLISECONDS;
  while (performance.now() < deadline) {
    const errors = service.errors();
    if (ended !== undefined || errors.length > 0) {
      // A moment for the rest of what it has to say.
      await sleep(300);
      const said = service.errors();
      const what = said.length === 0 && ended !== undefined ? ended : `${service.name} could not start.`;
      throw new Failure([what, ...said].join("\n"));
    }
    try {
      if ((await get(url, 5_000)).status === 200) return;
    } catch {
      // Not listening yet.
    }
    await sleep(50);
  }
  throw new Failure(`${service.name} did not respond at ${url} within ${START_MILLISECONDS / 1000} seconds.`);
}

/** Fails when nothing speaks HTTP at `origin`; any status will do. */
export async function requireOrigin(origin: string): Promise<void> {
  try {
    await get(origin, ORIGIN_MILLISECONDS);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : reasonOf(cause ?? error);
    throw new Failure(`The API at --origin ${origin} does not respond (${code}). Start it first.`);
  }
}
