// `sessions spread`: moves sessions from DB to databases of their own, or between these.
// Must never move them to a database that is not bound.
import { isSessionsBinding } from "../../src/settings/checks/check-bindings.ts";
import { usersDatabase } from "../../src/stores/spread/databases.ts";
import { userIdColumn } from "../../src/users/user-id.ts";
import { type Bindings, numberOf } from "../database/bindings.ts";
import { spreadSessions } from "../database/spread-sessions.ts";
import { Failure, usage } from "../shared/failure.ts";
import type { Progress } from "../shared/progress.ts";
import { userModelOf } from "./command.ts";

/** Reads --over; undefined for all that are bound. */
export function readOver(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  const wrong = names.find((name) => name !== usersDatabase && !isSessionsBinding(name));
  if (wrong !== undefined)
    throw usage(`--over needs bindings such as SESSIONS_1,SESSIONS_2; '${wrong}' cannot be one.`);
  return names;
}

/** Returns the sentence to print. @param over where sessions are to be; undefined for all databases that are bound */
export async function spread(
  bindings: Bindings,
  over: readonly string[] | undefined,
  nowSeconds: number,
  progress: Progress,
): Promise<string> {
  const { database, sessions } = bindings;
  const bound = [...sessions.keys()];
  const target = over ?? bound;
  if (target.length === 0) {
    throw new Failure("wrangler.toml binds no database for sessions alone, such as SESSIONS_1 (docs/scaling.md).");
  }
  const databases = new Map([
    [usersDatabase, database],
    ...[...sessions].map(([name, { database: one }]) => [name, one] as const),
  ]);
  const moved = await spreadSessions({
    databases,
    target,
    column: userIdColumn(userModelOf(bindings)),
    nowSeconds,
    remote: database.place === "remote",
    step: progress.step,
    at: progress.at,
  });
  const where = `in ${target.join(", ")}`;
  if (moved === undefined) return `All ${database.place} sessions are ${where} already. Nothing was moved.`;
  const users = moved === 1 ? "1 user" : `${moved} users`;
  return `Moved the sessions of ${users}. All ${database.place} sessions are now ${where}.${emptyOnes(bound, target)}`;
}

/** Says which databases can be unbound because they hold no sessions any more. */
function emptyOnes(bound: readonly string[], target: readonly string[]): string {
  const highest = Math.max(...target.map(numberOf));
  const empty = bound.filter((name) => !target.includes(name));
  const removable = empty.filter((name) => numberOf(name) > highest);
  const staying = empty.filter((name) => numberOf(name) < highest);
  const out = removable.length === 0 ? "" : ` ${removable.join(", ")} can be taken out of wrangler.toml.`;
  if (staying.length === 0) return out;
  return `${out} ${staying.join(", ")} must stay there, because the numbers may have no gap.`;
}
