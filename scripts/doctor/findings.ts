// What `doctor` has found: how bad it is, what is wrong, and what to do.
// Must never hold a secret, a token or a key.

/** `skipped`: could not be looked at, and why. */
export type Level = "error" | "warning" | "skipped" | "ok";

export interface Finding {
  readonly level: Level;
  /** What was looked at, in a word or two. */
  readonly about: string;
  /** One or more sentences. */
  readonly what: string;
  /** A sentence; left out where `what` says it, or where there is nothing to do. */
  readonly todo?: string;
}

/** Findings about one thing. */
export interface Reporter {
  ok(what: string): Finding;
  warning(what: string, todo?: string): Finding;
  error(what: string, todo?: string): Finding;
  skipped(what: string, todo?: string): Finding;
}

export function reporting(about: string): Reporter {
  const finding =
    (level: Level) =>
    (what: string, todo?: string): Finding => ({ level, about, what, ...(todo === undefined ? {} : { todo }) });
  return { ok: finding("ok"), warning: finding("warning"), error: finding("error"), skipped: finding("skipped") };
}

/** What several looks have found, each once. The worst comes first, otherwise in their order. */
export function sortedFindings(findings: readonly Finding[]): readonly Finding[] {
  const levels: readonly Level[] = ["error", "warning", "skipped", "ok"];
  const once = findings.filter(({ what }, index) => findings.findIndex((other) => other.what === what) === index);
  return once.toSorted((one, other) => levels.indexOf(one.level) - levels.indexOf(other.level));
}
