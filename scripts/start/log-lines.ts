// Tells wrangler's chatter from what a person wants to see of the gateway.
// Must never drop an error or a line that the Worker wrote.
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

/** The line as it should be shown, without colours and wrangler's mark, or null for chatter. */
export function logLine(raw: string): string | null {
  const line = stripVTControlCharacters(raw).trimEnd();
  if (CHATTER.some((pattern) => pattern.test(line))) return null;
  return line.replace(/^\[wrangler:info\] /, "");
}

/** True for a line in which wrangler reports that the Worker could not be built or started. */
export const isError = (line: string): boolean => /^(✘ )?\[(wrangler:)?error\]/i.test(line);
