// Whether the databases for sessions alone are those that the Worker needs. For `check`.
// Must never write.
import { usersDatabase } from "../../src/stores/spread/databases.ts";
import { numberOf } from "./bindings.ts";
import type { Database, Row } from "./database.ts";

type Readable = Pick<Database, "read">;

/** What a person has to do about them. @param sessions by their bindings */
export async function sessionWarnings(
  users: Readable,
  sessions: ReadonlyMap<string, Readable>,
): Promise<readonly string[]> {
  const said = await placementOf(users);
  // Tables of an earlier version, about which there is another warning.
  if (said === undefined) return [];
  const lists = [said.current, said.next].map((list) =>
    typeof list === "string" ? (JSON.parse(list) as string[]) : [],
  );
  const [current = [], next = []] = lists;
  const used = [...new Set([...current, ...next])].filter((name) => name !== usersDatabase);
  const missing = used.filter((name) => !sessions.has(name));
  const warnings = missing.map(
    (name) =>
      `${name} has sessions and is not bound: the Worker answers 503 wherever it needs one of them. Bind it again.`,
  );
  for (const name of used.filter((one) => !missing.includes(one))) {
    const found = await placementOf(sessions.get(name) ?? users);
    if (found?.name === name) continue;
    const is = found === undefined ? "a database without sessions" : `the database ${String(found.name)}`;
    warnings.push(`${name} is bound to ${is}: the Worker answers 503 wherever it needs a session of it.`);
  }
  if (next.length > 0) {
    warnings.push(
      `Sessions are being moved to ${next.join(", ")}. Finish it: npm run manage -- sessions spread --over ${next.join(",")}`,
    );
  } else if (missing.length === 0) {
    const unused = [...sessions.keys()].filter((name) => !used.includes(name));
    const [are, have] = unused.length === 1 ? ["is", "has"] : ["are", "have"];
    const highest = Math.max(0, ...used.map(numberOf));
    const canGo = unused.every((name) => numberOf(name) > highest);
    const instead = canGo ? ` Or take ${unused.length === 1 ? "it" : "them"} out of wrangler.toml.` : "";
    if (unused.length > 0) {
      warnings.push(
        `${unused.join(", ")} ${are} bound and ${have} no sessions. Move sessions there: npm run manage -- sessions spread.${instead}`,
      );
    }
  }
  return warnings;
}

/** What a database says of itself; undefined where it has no such table. */
async function placementOf(database: Readable): Promise<Row | undefined> {
  const rows = await database.read("SELECT name, current, next FROM placement WHERE id = 1").catch(() => []);
  return rows[0];
}
