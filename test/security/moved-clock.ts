// What may surround the bundled Worker: a clock that can be moved, and a caller that gives up.
// Must never touch the gateway: only what Date.now() gives it, and how a call of it ends.

/** Says how many seconds the clock is ahead while the Worker handles the request; 0 where it is left out. */
export const aheadHeader = "x-test-seconds-ahead";

/** The bundle, behind a clock that can be moved. */
export function withMovedClock(script: string): string {
  const exported = /export\s*\{([^}]*)\}/.exec(script);
  const name = /(\S+) as default/.exec(exported?.[1] ?? "")?.[1];
  if (!exported || name === undefined) throw new Error("The bundle has no default export that could be surrounded.");
  return script.replace(
    exported[0],
    `const itsNow = Date.now;
let secondsAhead = 0;
Date.now = () => itsNow() + secondsAhead * 1000;
const onMovedClock = {
  ...${name},
  fetch(request, ...more) {
    secondsAhead = Number(request.headers.get("${aheadHeader}") ?? 0);
    return ${name}.fetch(request, ...more);
  },
};
export { onMovedClock as default }`,
  );
}

/** Says after how many milliseconds the call is aborted; left out, the request goes straight to the gateway. */
export const abortHeader = "x-test-abort-after";
/** What the caller answers when it has given up. */
export const gaveUp = 599;

/** The bundle with a caller around it; `SELF` has to be bound to the Worker itself. */
export function withAbortingCaller(script: string): string {
  const exported = /export\s*\{([^}]*)\}/.exec(script);
  const name = /(\S+) as default/.exec(exported?.[1] ?? "")?.[1];
  if (!exported || name === undefined) throw new Error("The bundle has no default export that could be surrounded.");
  return script.replace(
    exported[0],
    `const withAborts = {
  ...${name},
  async fetch(request, env, ...more) {
    const after = request.headers.get("${abortHeader}");
    if (after === null) return ${name}.fetch(request, env, ...more);
    const headers = new Headers(request.headers);
    headers.delete("${abortHeader}");
    const called = new Request(request, { headers, signal: AbortSignal.timeout(Number(after)) });
    return env.SELF.fetch(called).catch(() => new Response(null, { status: ${gaveUp} }));
  },
};
export { withAborts as default }`,
  );
}
