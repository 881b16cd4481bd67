// Why a path has no rule, or more than one reading, in words.
// Must never decide: what it describes was refused by matchRule().
import { Refusal } from "../../src/errors.ts";
import { nameOf } from "../../src/proxy/routes/loose-rules.ts";
import { matchRule, stricterReadingOf } from "../../src/proxy/routes/match.ts";
import type { CanonicalPath } from "../../src/proxy/routes/path.ts";
import type { Rule } from "../../src/proxy/routes/rule.ts";
import { refusalOf } from "./explain-token.ts";
import type { Wired } from "./wired.ts";

/** Which other reading of the path there is. */
export async function ambiguity({ rules, deps }: Wired, method: string, path: CanonicalPath): Promise<string> {
  const rule = await refusalOf(() => matchRule(rules, method, path, undefined));
  const stricter =
    rule instanceof Refusal ? undefined : stricterReadingOf(deps.stricterPaths, rules.indexOf(rule), method, path);
  if (stricter === undefined) return "another reading of the path has another rule";
  const loosely = "without regard to case, a slash at its end or a format suffix";
  const reading =
    deps.settings.PATHS === "loose" ? `${loosely} the path` : "without its parameters, or decoded twice, the path";
  return `${reading} reads as ${nameOf(rules, stricter)} (PATHS = ${JSON.stringify(deps.settings.PATHS)})`;
}

export function unmatched(rules: readonly Rule[], path: string): string {
  const others = rules.filter(
    ({ decoded, isPrefix }) => path === decoded || (isPrefix && path.startsWith(`${decoded}/`)),
  );
  const methods = [...new Set(others.flatMap((rule) => [...(rule.methods ?? [])]))];
  return methods.length === 0 ? "no rule of ROUTES has this path" : `this path is there for ${methods.join(", ")} only`;
}
