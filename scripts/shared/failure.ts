// The one way a command fails on purpose: a sentence for the person and an exit code for the shell.
// Must never carry a password, a key or a stack trace in its message.
/** Exit codes of every command: 1 could not do it, 2 usage error. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** A failure whose message is all there is to say. */
export class Failure extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A usage error. */
export const usage = (message: string): Failure => new Failure(message, EXIT.usage);

/** What went wrong, in the thrown thing's own first line. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";

/** Settings that the gateway would refuse to work with: one line when there is one problem, else one more for each. */
export const settingsFailure = (errors: readonly string[]): Failure =>
  new Failure(errors.length === 1 ? errors.join() : ["the settings have errors:", ...errors].join("\n  "));
