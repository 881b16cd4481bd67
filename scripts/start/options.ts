// The command line of `npm start`.
// Must never accept an origin that the gateway would refuse later, or the gateway itself.
import { Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { refuseKeptFlags, verbosityOfNpm } from "../shared/npm-flags.ts";
import type { Verbosity } from "./log-lines.ts";

/** What `npm start` was asked to do. */
export interface StartOptions {
  readonly help: boolean;
  /** Where the gateway listens, on 127.0.0.1. */
  readonly port: number;
  /** The API to put the gateway in front of; undefined means the demo. Without a slash at the end. */
  readonly origin: string | undefined;
  /** How much is printed. */
  readonly verbosity: Verbosity;
  /** The verbosity is npm's, perhaps from .npmrc. */
  readonly isVerbosityOfNpm: boolean;
}

const DEFAULT_PORT = 8787;

export const startHelp = `npm start -- [flags]

Starts the gateway on this machine in front of a demo API, and prints commands to try it.
It also prints the address of the console, a page that does the same in a browser. A deployed gateway has the console
only if CONSOLE is true. The first start creates tables, .dev.vars with a signing key, and the user demo, whose password
is in .wrangler/state/demo-password; later starts use them again.

wrangler.toml, .dev.vars and src/ are watched. Each save is checked and either takes effect ("reloaded") or is reported with
file, line and column, and then the last good settings stay in effect. While src/ does not build, requests get 503.

  --origin URL   put the gateway in front of this API instead of the demo: http(s)://host[:port][/base]
  --port N       the port on 127.0.0.1 (default ${DEFAULT_PORT})
  --quiet, -q    print the address, errors, and what saves do
  --verbose      print every step to try, and all that wrangler says
  --help         show this text

npm start --quiet and npm start --verbose do the same: npm takes them as its own log level, and passes that on.

npm run manage manages users. Ctrl-C stops everything.

  npm start
  npm start -- --origin http://127.0.0.1:8000 --port 8788`;

const OPTIONS = {
  origin: { type: "string" },
  port: { type: "string" },
  quiet: { type: "boolean", short: "q" },
  verbose: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Reads the command line of `npm start`. */
export function readStartOptions(argv: readonly string[]): StartOptions {
  refuseKeptFlags("start", argv, OPTIONS);
  const { values } = readFlags(argv, OPTIONS);
  const port = readPort(values.port);
  const own = readVerbosity(values.quiet === true, values.verbose === true);
  const ofNpm = own === undefined ? verbosityOfNpm("start") : undefined;
  return {
    help: values.help === true,
    port,
    origin: readOrigin(values.origin, port),
    verbosity: own ?? ofNpm ?? "normal",
    isVerbosityOfNpm: ofNpm !== undefined,
  };
}

function readVerbosity(quiet: boolean, verbose: boolean): Verbosity | undefined {
  if (quiet && verbose) throw usage("--quiet and --verbose exclude each other.");
  if (quiet) return "quiet";
  return verbose ? "verbose" : undefined;
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw usage(`--port must be a number from 1 to 65535; it is '${text}'.`);
  return port;
}

function readOrigin(text: string | undefined, port: number): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const web = url?.protocol === "http:" || url?.protocol === "https:";
  // The text is not repeated: an address with a password in it is one of the ways to be wrong here.
  if (url === undefined || !web || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new Failure("--origin must be http(s)://host[:port][/base], such as http://127.0.0.1:9000.");
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (local && Number(url.port === "" ? (url.protocol === "http:" ? 80 : 443) : url.port) === port)
    throw new Failure(`--origin is the gateway's own address, port ${port}. Give one of them another port.`);
  return url.href.replace(/\/$/, "");
}
