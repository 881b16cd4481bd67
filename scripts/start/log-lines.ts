// Tells wrangler's chatter from what a person wants to see of the gateway.
// Must never drop an error, nor a line that the Worker wrote about a request unless this was asked for.
import { stripVTControlCharacters } from "node:util";

/** What wrangler says about itself, whatever the Worker does. */
const CHATTER = [
  /^\s*$/,
  /^⎔ /,
  /^\[wrangler:info\] Ready on /,
  /^\[wrangler:info\] GET \/_gateway\/health\//,
  /^\[wrangler:warn\] Unable to fetch the `Request\.cf` object/,
  /^Cloudflare collects anonymous telemetry/,
  /^Using secrets defined in /,
  /^Your Worker has access to the following bindings:$/,
  /^Your Worker and resources are simulated locally/,
  /^Binding +Resource +Mode$/,
  /^env\.\S+.* {2,}(local|remote|not connected|not supported)$/,
  /^Scheduled Workers are not automatically triggered/,
  /^(Local|Production) schedules?:? /,
  /^🪵 /u,
];

/** What the Worker writes each time it is loaded: npm start has shown the warnings, and the rest is its own doing. */
const AT_EACH_LOAD = /^\{"event":"(?:settings_warnings|gateway_started)",/;

/** How much is shown: only what needs attention, what requests do, or everything. */
export type Verbosity = "quiet" | "normal" | "verbose";

/** The line as it should be shown, without colours and wrangler's mark, or null when it should not. */
export function logLine(raw: string, verbosity: Verbosity = "normal"): string | null {
  const line = stripVTControlCharacters(raw).trimEnd();
  const shown = line.replace(/^\[wrangler:info\] /, "");
  if (verbosity === "verbose") return line === "" ? null : shown;
  if (AT_EACH_LOAD.test(line) || CHATTER.some((pattern) => pattern.test(line))) return null;
  if (verbosity === "quiet" && isRoutine(shown)) return null;
  return shown;
}

/** A request that did not fail in the gateway, or one line of JSON about it. */
const isRoutine = (line: string): boolean =>
  /^[A-Z]+ \S+ [1-4]\d\d /.test(line) || (/^\{"event":/.test(line) && !/"status":5\d\d/.test(line));

/** True for a line in which wrangler reports that the Worker could not be built or started. */
export const isError = (line: string): boolean => /^(✘ )?\[(wrangler:)?error\]/i.test(line);
