// A platform whose clock is ahead by as many seconds as a request says: hours pass without waiting.
// Must never touch the gateway: only what Date.now() gives it.

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
