// Prompts on a terminal, line by line, optionally without echo.
// Must never echo, keep or print the answer to a hidden question.
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Failure } from "./failure.ts";

/** Asks one question after the other. Fails with exit code 130 on Ctrl-C or Ctrl-D. */
export interface Prompter {
  ask(question: string): Promise<string>;
  askHidden(question: string): Promise<string>;
  close(): void;
}

/** One prompter serves all questions, so that input typed ahead or pasted answers the next one. */
export function openPrompter(): Prompter {
  let muted = false;
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!muted) process.stdout.write(chunk);
      done();
    },
  });
  const lines: string[] = [];
  let wanted: { resolve(line: string): void; reject(error: Failure): void } | undefined;
  let left = false;
  const readline = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  readline.on("line", (line) => {
    if (wanted === undefined) lines.push(line);
    else wanted.resolve(line);
    wanted = undefined;
  });
  readline.on("SIGINT", () => readline.close());
  readline.on("close", () => {
    left = true;
    // The cursor is still behind the question.
    if (wanted !== undefined) process.stdout.write("\n");
    wanted?.reject(new Failure("stopped; nothing was changed.", 130));
  });

  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const line = lines.shift();
      if (line !== undefined) resolve(line);
      else if (left) reject(new Failure("stopped; nothing was changed.", 130));
      else wanted = { resolve, reject };
    });

  return {
    async ask(question) {
      readline.setPrompt(question);
      readline.prompt();
      return next();
    },
    async askHidden(question) {
      process.stdout.write(question);
      readline.setPrompt("");
      muted = true;
      try {
        return await next();
      } finally {
        muted = false;
        process.stdout.write("\n");
      }
    },
    close: () => readline.close(),
  };
}
