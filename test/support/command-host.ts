// Runs `npm run manage` commands of a copied project, one after another in one process: loading wrangler takes longer
// than most commands do. Started by projects.ts in the copy's folder; listens on the socket that it is given.
// Must never let a command see what the one before it left: arguments, standard input, environment, exit code.
import "./faster-miniflare.ts";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

/** A command line of `manage`, with what it gets on standard input and, beside the host's own, in its environment. */
export interface HostRequest {
  readonly words: readonly string[];
  readonly input: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What it left: the exit code, and all it wrote in the order in which it did. */
export interface HostAnswer {
  readonly code: number;
  readonly written: ReadonlyArray<readonly ["stdout" | "stderr", string]>;
}

const exited = Symbol("process.exit() was called");
let runs = 0;

async function answer({ words, input, env }: HostRequest): Promise<HostAnswer> {
  const written: Array<["stdout" | "stderr", string]> = [];
  const real = { argv: process.argv, env: process.env, exit: process.exit, stdin: process.stdin };
  const writers = (["stdout", "stderr"] as const).map((name) => {
    const { write } = process[name];
    const listeners = process[name].listeners("error");
    process[name].write = ((chunk: string | Uint8Array, ...more: unknown[]) => {
      written.push([name, typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()]);
      const done = more.find((one) => typeof one === "function");
      if (done) queueMicrotask(() => done());
      return true;
    }) as typeof write;
    return () => {
      process[name].write = write;
      for (const one of process[name].listeners("error")) {
        if (!listeners.includes(one)) process[name].off("error", one as () => void);
      }
    };
  });
  const script = join(process.cwd(), "scripts/manage.ts");
  process.argv = [process.execPath, script, ...words];
  process.env = { ...process.env, ...env };
  process.exitCode = undefined;
  process.exit = () => {
    throw exited;
  };
  Object.defineProperty(process, "stdin", { value: Readable.from(input === "" ? [] : [Buffer.from(input)]) });
  try {
    runs++;
    // The query makes it a module that has not run yet; what it imports is loaded once.
    await import(`${pathToFileURL(script)}?run=${runs}`);
    throw new Error("scripts/manage.ts ended without process.exit()");
  } catch (error) {
    if (error !== exited) throw error;
    return { code: Number(process.exitCode ?? 0), written };
  } finally {
    for (const giveBack of writers) giveBack();
    process.argv = real.argv;
    process.env = real.env;
    process.exit = real.exit;
    Object.defineProperty(process, "stdin", { value: real.stdin });
  }
}

const [socket = ""] = process.argv.slice(2);
let last: Promise<unknown> = Promise.resolve();
const server = createServer({ allowHalfOpen: true }, (connection) => {
  last = last.then(async () => {
    const request = JSON.parse(await text(connection)) as HostRequest;
    connection.end(JSON.stringify(await answer(request)));
  });
});
server.listen(socket, () => process.stdout.write("listening\n"));

// The test run holds the other end: when it is gone, however it went, so is this.
process.stdin.on("end", () => {
  rmSync(socket, { force: true });
  process.exit();
});
process.stdin.resume();
