// The SQL of provisioning: each statement finds out by itself which changes apply, so that all of them agree in a transaction.
// Must never change a row's version before the last statement that decides has asked for it.
import type { ProvisioningTerms } from "../provisioning-contract.ts";
import { adoptSql } from "./earlier-tokens.ts";

export type ProvisioningStatement =
  | ("look" | "noteDeeds" | "noteEndings" | "adoptSessions" | "endSessions" | "deleteRows" | "noteDeletions")
  | ("moveNames" | "moveAlternates" | "forgetDeletions" | "writeRows" | "settleLosers");

/**
 * The statements, in the order in which they have to run. `?1` is the JSON list of changes. `noteDeeds` takes the time, and
 * what an entry of the audit log has of its origin. `look`, `noteEndings` and
 * `endSessions` take as `?2` the second before which tokens end; `noteEndings` until when that is to be remembered, and
 * `endSessions` the time, as `?3`; `writeRows` the time in seconds and as text. `settleLosers` takes nothing.
 */
export type ProvisioningSql = Readonly<Record<ProvisioningStatement, string>>;

/** What a user is called between two names, so that users can change names with one another (as in an import). */
const betweenNames = "char(1) || id";
/**
 * What a row has that loses its name, or its alternate id, until `settleLosers`. Not yet a lower version: the statements
 * between would take a line that is sent again for a newer one.
 */
const losersMark = "char(2) || id";
/** As `nameWithout()` in users/provisioning-line.ts has it. */
const without = "'id:' || id";

const decisive = ["id", "version", "deleted", "rehash", "password", "hash", "username", "is_active", "alternate_id"];
const others = ["last_login", "is_superuser", "first_name", "last_name", "email", "is_staff", "date_joined", "extra"];

/** The changes as rows. */
const lines = (names: readonly string[]): string =>
  `line AS MATERIALIZED (SELECT key AS at, ${names.map((name) => `value ->> '${name}' AS ${name}`).join(", ")},
    json_type(value, '$.alternate_id') IS NOT NULL AS states_alternate FROM json_each(?1))`;

/** Those that apply, each with what its row is so far. Another hash is one that is not the same password's. */
const applying = `applying AS MATERIALIZED (
  SELECT line.*, users.id IS NOT NULL AS known, users.username AS old_username, users.alternate_id AS old_alternate,
    users.id IS NOT NULL AND (line.deleted = 1 OR (line.is_active IS 0 AND users.is_active <> 0)
      OR (line.password IS NOT NULL AND line.rehash = 0
        AND users.imported_hash IS NOT line.hash AND users.password <> line.password)) AS closes
  FROM line LEFT JOIN users ON users.id = line.id LEFT JOIN deleted_users ON deleted_users.id = line.id
  WHERE line.version > MAX(COALESCE(users.version, -1), COALESCE(deleted_users.version, -1)))`;

/**
 * Who gets a name (or an alternate id) that several want: the change with the highest version. Then who has it: a row that
 * no change takes it from. That row gives it up, or keeps it if its own version is newer.
 */
function rivals(column: "username" | "alternate_id", collation: string): string {
  const states = column === "username" ? "other.username IS NOT NULL" : "other.states_alternate = 1";
  return `${column}_claim AS MATERIALIZED (
  SELECT id, version, ${column} AS claimed,
    ROW_NUMBER() OVER (PARTITION BY ${column} COLLATE ${collation} ORDER BY version DESC, at DESC) AS place
  FROM applying WHERE deleted = 0 AND ${column} IS NOT NULL),
${column}_holder AS MATERIALIZED (
  SELECT CAST(users.id AS TEXT) AS id, users.username, users.alternate_id, claim.id AS claimed_by,
    COALESCE(other.version, users.version, -1) > claim.version AS is_newer
  FROM ${column}_claim AS claim CROSS JOIN users ON users.${column} = claim.claimed COLLATE ${collation} AND users.id <> claim.id
    LEFT JOIN applying AS other ON other.id = users.id || ''
  WHERE claim.place = 1 AND (other.id IS NULL OR NOT (other.deleted = 1 OR ${states}))),
${column}_loser AS MATERIALIZED (
  SELECT id FROM ${column}_claim WHERE place > 1 UNION SELECT claimed_by FROM ${column}_holder WHERE is_newer)`;
}

/** @param terms what they depend on, of which only columns and collations are written into them */
export function provisioningSql({ named, names }: Pick<ProvisioningTerms, "named" | "names">): ProvisioningSql {
  const alternates = named === "alternate_id";
  const given = alternates ? ["username_holder", "alternate_id_holder"] : ["username_holder"];
  const losing = given
    .map((holder) => `SELECT id, username, alternate_id FROM ${holder} WHERE NOT is_newer`)
    .join(" UNION ");
  const displaces = given.map((holder) => `SELECT claimed_by FROM ${holder} WHERE NOT is_newer`).join(" UNION ALL ");
  const renamed = {
    id: "0",
    username: "final_name IS NOT NULL AND old_username <> final_name",
    alternate_id: "states_alternate = 1 AND old_alternate IS NOT final_alternate",
  }[named];
  const states = { id: "0", username: "username IS NOT NULL", alternate_id: "alternate_id IS NOT NULL" }[named];
  /** `takes`: tokens that name the new user may be those of a former one (endFormerTokensSql in users.ts). */
  const deeds = `final AS MATERIALIZED (
  SELECT applying.*, id IN (SELECT id FROM username_loser) AS loses_name,
    CASE WHEN id IN (SELECT id FROM username_loser) THEN ${without} ELSE username END AS final_name,
    ${alternates ? "CASE WHEN id NOT IN (SELECT id FROM alternate_id_loser) THEN alternate_id END" : "alternate_id"} AS final_alternate,
    ${alternates ? "id IN (SELECT id FROM alternate_id_loser)" : "0"} AS loses_alternate
  FROM applying),
deed AS MATERIALIZED (
  SELECT final.*, closes OR (known AND ((loses_name AND old_username <> final_name) OR (${renamed}))) AS ends,
    known = 0 AND ${states} AS is_named, id IN (${displaces}) AS displaces
  FROM final)`;
  const ending = `ended AS MATERIALIZED (
  SELECT id, ?2 AS issued_before FROM deed WHERE ends
  UNION ALL SELECT id, ?2 - 1 + displaces FROM deed
    WHERE is_named AND (displaces OR (SELECT MAX(user_id) FROM user_cutoffs) IS NOT NULL)
  UNION ALL SELECT id, ?2 FROM (${losing}))`;
  const common = [
    applying,
    rivals("username", names === "insensitive" ? "NOCASE" : "BINARY"),
    ...(alternates ? [rivals("alternate_id", "BINARY")] : []),
    deeds,
  ];
  const withDeeds = (...more: readonly string[]) => `WITH ${[lines(decisive), ...common, ...more].join(",\n")}`;
  return {
    look: `${withDeeds(ending)}
SELECT line.at, line.id, COALESCE(deed.old_username, deed.final_name) AS username,
  COALESCE(deed.old_alternate, deed.final_alternate) AS alternate_id,
  NULLIF(MAX(COALESCE(users.version, -1), COALESCE(deleted_users.version, -1)), -1) AS kept,
  deed.at IS NOT NULL AS applies, deed.known, ended.issued_before, deed.loses_name
FROM line LEFT JOIN users ON users.id = line.id LEFT JOIN deleted_users ON deleted_users.id = line.id
  LEFT JOIN deed ON deed.at = line.at LEFT JOIN ended ON ended.id = deed.id
UNION ALL SELECT NULL, id, username, alternate_id, NULL, 0, 1, ?2,
  id IN (SELECT id FROM username_holder WHERE NOT is_newer) FROM (${losing})`,
    noteDeeds: `${withDeeds()}
INSERT INTO audit (at, source, action, user_id, actor, place, request_id, detail)
SELECT ?2, ?3, CASE WHEN deleted = 1 THEN 'user_deleted' WHEN known THEN 'user_changed' ELSE 'user_created' END, id, ?4, ?5, ?6,
  json_object('version', version, 'tokens_ended', json(CASE WHEN ends THEN 'true' ELSE 'false' END)) FROM deed`,
    noteEndings: `${withDeeds(ending)}
INSERT INTO user_cutoffs (user_id, issued_before, expires_at) SELECT id, issued_before, ?3 FROM ended WHERE true
ON CONFLICT (user_id) DO UPDATE SET issued_before = MAX(user_cutoffs.issued_before, excluded.issued_before),
  expires_at = MAX(user_cutoffs.expires_at, excluded.expires_at)`,
    adoptSessions: `${withDeeds(ending)} ${adoptSql("earlier.user_id IN (SELECT id FROM ended)")}`,
    endSessions: `${withDeeds(ending)}
UPDATE sessions SET blacklisted_at = ?3
WHERE user_id IN (SELECT id FROM ended) AND blacklisted_at IS NULL AND created_at < ?2`,
    deleteRows: `${withDeeds()} DELETE FROM users WHERE id IN (SELECT id FROM deed WHERE deleted = 1)`,
    noteDeletions: `${withDeeds()} INSERT INTO deleted_users (id, version) SELECT id, version FROM deed WHERE deleted = 1
ON CONFLICT (id) DO UPDATE SET version = excluded.version`,
    moveNames: `${withDeeds()}, moved AS MATERIALIZED (
  SELECT id, ${losersMark} AS name, 1 AS loses FROM username_holder WHERE NOT is_newer
  UNION ALL SELECT id, ${betweenNames}, 0 FROM deed WHERE known AND deleted = 0 AND final_name <> old_username)
UPDATE users SET username = moved.name, session_version = session_version + moved.loses
FROM moved WHERE users.id = moved.id`,
    moveAlternates: alternates
      ? `${withDeeds()}, moved AS MATERIALIZED (
  SELECT id, ${losersMark} AS key, 1 AS loses FROM alternate_id_holder WHERE NOT is_newer
  UNION ALL SELECT id, NULL, 0 FROM deed WHERE known AND deleted = 0 AND alternate_id IS NOT NULL AND final_alternate IS NOT old_alternate)
UPDATE users SET alternate_id = moved.key, session_version = session_version + moved.loses
FROM moved WHERE users.id = moved.id`
      : "SELECT ?1",
    forgetDeletions: `${withDeeds()} DELETE FROM deleted_users WHERE id IN (SELECT id FROM deed WHERE deleted = 0)`,
    writeRows: `WITH ${[lines([...decisive, ...others]), ...common].join(",\n")}
${writeRows}`,
    settleLosers: `UPDATE users SET version = NULLIF(version - 1, -1),
  username = CASE WHEN username = ${losersMark} THEN ${without} ELSE username END, alternate_id = NULLIF(alternate_id, ${losersMark})
WHERE (${isMarked("username")}) OR (${isMarked("alternate_id")})`,
  };
}

/** The range is for the index. */
function isMarked(column: "username" | "alternate_id"): string {
  return `${column} >= char(2) AND ${column} < char(3) AND ${column} = ${losersMark}`;
}

/** What is not stated stays; of a new row it is what Django gives it. A better hash of the stated password stays, too. */
const written: Readonly<Record<string, string>> = {
  password: `CASE WHEN deed.password IS NULL THEN COALESCE(users.password, '!' || hex(randomblob(20)))
    WHEN users.imported_hash IS deed.hash THEN users.password ELSE deed.password END`,
  imported_hash: "COALESCE(deed.hash, users.imported_hash)",
  // Not made here: an import may change the row, or prune it.
  imported_row: "COALESCE(users.imported_row, 'provisioned')",
  confirmed_at: "CASE WHEN deed.hash IS NULL THEN users.confirmed_at ELSE ?2 END",
  last_login:
    "CASE WHEN deed.last_login > COALESCE(users.last_login, '') THEN deed.last_login ELSE users.last_login END",
  username: "COALESCE(deed.final_name, users.username, 'id:' || deed.id)",
  alternate_id: "CASE WHEN deed.states_alternate THEN deed.final_alternate ELSE users.alternate_id END",
  first_name: "COALESCE(deed.first_name, users.first_name, '')",
  last_name: "COALESCE(deed.last_name, users.last_name, '')",
  email: "COALESCE(deed.email, users.email, '')",
  is_active: "COALESCE(deed.is_active, users.is_active, 1)",
  is_staff: "COALESCE(deed.is_staff, users.is_staff, 0)",
  is_superuser: "COALESCE(deed.is_superuser, users.is_superuser, 0)",
  date_joined: "COALESCE(deed.date_joined, users.date_joined, ?3)",
  extra: "COALESCE(deed.extra, users.extra)",
  session_version: `COALESCE(users.session_version
    + (deed.ends OR (deed.is_active IS NOT NULL AND deed.is_active <> users.is_active)), 0)`,
  // Below zero is none, which takes any line.
  version: "NULLIF(deed.version - (deed.loses_name OR deed.loses_alternate), -1)",
};

const columns = Object.keys(written);

const writeRows = `INSERT INTO users (id, ${columns.join(", ")})
SELECT deed.id, ${Object.values(written).join(",\n  ")}
FROM deed LEFT JOIN users ON users.id = deed.id WHERE deed.deleted = 0
ON CONFLICT (id) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}`;
