// The report of an import, for people.
// Must never contain a password hash, a token, or a control character of a name.
import { type ImportPlan, leftOutRows } from "./plan.ts";
import type { Tally } from "./tally.ts";

const some = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;
const clean = (text: string): string => text.replaceAll(/\p{C}/gu, "?");

/** The lines of the report after the first, which the command prints. */
export function reportLines(plan: ImportPlan, prune: "no" | "deactivate" | "delete" = "no"): string[] {
  const { users, tokens, others } = plan;
  const lines = [
    `  users   ${users.fresh} new, ${users.changed} updated, ${users.unchanged} unchanged, ${users.invalid.length + users.leftOut.total()} left out`,
    `  tokens  ${tokens.fresh} new, ${tokens.changed} updated, ${tokens.unchanged} unchanged, ${tokens.leftOut.total()} left out` +
      `, ${tokens.expired} skipped (expired)`,
    `          ${tokens.blacklisted} of them blacklisted`,
  ];
  if (users.renamed > 0) lines.push(`  ${some(users.renamed, "user")} renamed`);
  if (users.pruned.length > 0)
    lines.push(
      `  ${some(users.pruned.length, "user")} gone from the dump: ${prune === "delete" ? "deleted" : "deactivated"}`,
    );
  if (users.ended.ids.size > 0) lines.push(`  tokens of ${some(users.ended.ids.size, "user")} ended`);
  if (leftOutRows(plan) > 0) {
    lines.push("", "Left out:");
    lines.push(...invalidLines(users.invalid));
    for (const tally of users.leftOut.list()) lines.push(...tallyLines("user", tally));
    for (const tally of tokens.leftOut.list()) lines.push(...tallyLines("token", tally));
  }
  if (users.notes.total() + tokens.notes.total() > 0) {
    lines.push("", "Imported, with remarks:");
    for (const tally of users.notes.list()) lines.push(...tallyLines("user", tally));
    for (const tally of tokens.notes.list()) lines.push(...tallyLines("token", tally));
  }
  if (others.size > 0) {
    const list = [...others].map(([model, count]) => `${model} (${some(count, "row")})`);
    lines.push("", `Ignored: ${clean(list.join(", "))}.`);
    if (users.byName.size === 0 && users.invalid.length === 0)
      lines.push("If one of these is your AUTH_USER_MODEL, name it with --user-model.");
  }
  return lines;
}

const MOST_LINES = 100;

/** A line for each row that cannot be imported. */
export function invalidLines(invalid: readonly string[]): string[] {
  const lines = invalid.slice(0, MOST_LINES).map((line) => `  ${clean(line).slice(0, 300)}`);
  return invalid.length > MOST_LINES ? [...lines, `  and ${invalid.length - MOST_LINES} more`] : lines;
}

function tallyLines(thing: string, { reason, count, examples }: Tally): string[] {
  const head = `  ${some(count, thing)}: ${clean(reason)}`;
  if (examples.length === 0) return [head];
  const more = count > examples.length ? `, and ${count - examples.length} more` : "";
  return [head, `      ${examples.map((example) => clean(example).slice(0, 200)).join(", ")}${more}`];
}
