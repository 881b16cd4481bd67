// Takes out of the output of tests what workerd says of each header with a character that is not ASCII: the fuzzer sends
// thousands of them on purpose. Must never take out anything else: an exception that nobody caught is said there, too.

const isExpected = (text: unknown): boolean =>
  typeof text === "string" && /^A header value for "[^"]*" contains non-ASCII characters: /.test(text);

/** For the process in which Vitest writes down what workerd says. */
export function quietRuntime(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
    stream.write = (...given: unknown[]) => isExpected(given[0]) || write(...given);
  }
}
