// The report of an import, for people.
// Must never contain a password hash, a token, or a control character of a name.
import { type ImportPlan, leftOutRows } from "./plan.ts";
import type { Tally } from "./tally.ts";

const some = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;
const clean = (text: string): string => text.replaceAll(/\p{C}/gu, "?");

/** The lines of the report after the first, which the command prints. */
export function reportLines(plan: ImportPlan): string[] {
  const { users, tokens, others } = plan;
  const lines = [
    `  users   ${users.fresh} new, ${users.changed} updated, ${users.unchanged} unchanged, ${users.leftOut.total()} left out`,
    `  tokens  ${tokens.fresh} new, ${tokens.changed} updated, ${tokens.unchanged} unchanged, ${tokens.leftOut.total()} left out` +
      `, ${tokens.expired} skipped (expired)`,
    `          ${tokens.blacklisted} of them blacklisted`,
  ];
  if (leftOutRows(plan) > 0) {
    lines.push("", "Left out:");
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
    if (users.byName.size === 0) lines.push("If one of these is your AUTH_USER_MODEL, name it with --user-model.");
  }
  return lines;
}

function tallyLines(thing: string, { reason, count, examples }: Tally): string[] {
  const head = `  ${some(count, thing)}: ${clean(reason)}`;
  if (examples.length === 0) return [head];
  const more = count > examples.length ? `, and ${count - examples.length} more` : "";
  return [head, `      ${examples.map((example) => clean(example).slice(0, 200)).join(", ")}${more}`];
}
