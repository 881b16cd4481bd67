// Why wrangler could not build or load a Worker, one line for each error, with its place where there is one.
import { reasonOf } from "../shared/failure.ts";

/** A message of esbuild; its columns begin at 0. */
interface BuildMessage {
  readonly text: string;
  readonly location?: { readonly file: string; readonly line: number; readonly column: number } | null;
}

const messageLine = ({ text, location }: BuildMessage): string =>
  location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text;

const property = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;

/** @param error what was thrown, or an event of wrangler with it as its cause */
export function errorLines(error: unknown): readonly string[] {
  for (let at = error, depth = 0; at !== undefined && depth < 5; at = property(at, "cause"), depth++) {
    const messages = property(at, "errors");
    if (Array.isArray(messages) && messages.length > 0) return (messages as BuildMessage[]).map(messageLine);
    // The Worker's own error while it is loaded, out of workerd's log.
    const [uncaught] = /Uncaught [^"\n\\]+/.exec(String(property(at, "message") ?? "")) ?? [];
    if (uncaught !== undefined) return [uncaught];
  }
  const cause = property(error, "cause");
  return [reasonOf(error instanceof Error ? error : (cause ?? error))];
}
