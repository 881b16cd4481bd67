-- The gateway's tables in D1. Safe to run again: nothing is dropped, and no row of yours is changed.
-- Times are ISO 8601 UTC text in the columns that come from Django, whole seconds since the epoch everywhere else.

-- Django's auth_user by the same names, so that rows can move either way.
CREATE TABLE IF NOT EXISTS users (
  id           TEXT    PRIMARY KEY NOT NULL,   -- Django's primary key as text, str(pk); kept by an import
  password     TEXT    NOT NULL,               -- Django's encoded hash; "!..." is unusable
  last_login   TEXT,                           -- written when UPDATE_LAST_LOGIN is on
  is_superuser INTEGER NOT NULL DEFAULT 0,     -- 0 or 1, as all is_ columns
  username     TEXT    NOT NULL UNIQUE,        -- the value of USERNAME_FIELD
  first_name   TEXT    NOT NULL DEFAULT '',
  last_name    TEXT    NOT NULL DEFAULT '',
  email        TEXT    NOT NULL DEFAULT '',
  is_staff     INTEGER NOT NULL DEFAULT 0,
  is_active    INTEGER NOT NULL DEFAULT 1,     -- 0: no login, no refresh, no route with auth = "user"
  date_joined  TEXT    NOT NULL,
  session_version INTEGER NOT NULL DEFAULT 0,  -- raised by each statement that changes password, is_active, or a username that tokens name
  imported_hash TEXT,                          -- SHA-256 of the hash imported last, while password is a hash of the same password; NULL otherwise
  alternate_id TEXT,                           -- the value of USER_ID_FIELD where that is neither the primary key nor USERNAME_FIELD; else whom another issuer means (reissue of ISSUERS)
  extra        TEXT,                           -- JSON object of further fields from the API; `user.extra` in hooks
  version      INTEGER,                        -- of the last change that came from the API; NULL without one
  imported_row TEXT,                           -- SHA-256 of the row as it was imported last; 'login' for one that a log-in at the API brought, 'provisioned' for one that the API sent; NULL for users made here
  confirmed_at INTEGER                         -- when the API confirmed the password last (LOGIN = "fallback"); NULL: never
);

-- Users whom the API deleted, so that an older change does not bring them back. A user who is made again has no row here.
CREATE TABLE IF NOT EXISTS deleted_users (
  id             TEXT    PRIMARY KEY NOT NULL,
  version        INTEGER NOT NULL              -- of the deletion
) WITHOUT ROWID;

-- Alternate ids of deleted users: a token of another issuer that is older makes no new row (provision of ISSUERS).
CREATE TABLE IF NOT EXISTS deleted_alternate_ids (
  alternate_id   TEXT    PRIMARY KEY NOT NULL,
  user_id        TEXT    NOT NULL,             -- whose it was; if the API deleted the user (deleted_users), no token makes a new row
  deleted_at     INTEGER NOT NULL,
  expires_at     INTEGER                       -- when the row is deleted: for erased users; NULL: never
) WITHOUT ROWID;

-- Events that are to be sent to the API (EVENTS, EVENTS_URL), written with the change that each tells of. Never a secret.
CREATE TABLE IF NOT EXISTS events (
  sequence       INTEGER PRIMARY KEY AUTOINCREMENT, -- grows with each event, so also with each event of one user
  user_id        TEXT    NOT NULL,
  type           TEXT    NOT NULL,             -- 'login', 'logout', 'refresh_reuse', 'user_changed', 'user_deleted'
  created_at     INTEGER NOT NULL,
  data           TEXT    NOT NULL DEFAULT '{}' -- JSON object: what else the event says
);

-- The last import of users, by which further imports, new ids and exports know the user model. One row.
CREATE TABLE IF NOT EXISTS user_imports (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  imported_at    INTEGER NOT NULL,
  user_model     TEXT    NOT NULL,             -- as dumpdata writes it: "auth.user"
  username_field TEXT    NOT NULL,             -- the model's USERNAME_FIELD
  id_field       TEXT,                         -- the field that alternate_id holds; NULL when there is none
  id_type        TEXT    NOT NULL,             -- of the primary key: 'integer', 'uuid' or 'text'
  fields         TEXT    NOT NULL              -- JSON list of the model's fields that were imported
);

-- One row per session: a log-in and all tokens from it. Never a token itself. The id of a token is its session's id and, as
-- 8 hexadecimal digits, the counter that it has there.
CREATE TABLE IF NOT EXISTS sessions (
  id             TEXT    PRIMARY KEY NOT NULL, -- 24 hexadecimal digits
  counter        INTEGER NOT NULL,             -- of the token that is good; those with a lower one are used up
  token_type     TEXT    NOT NULL,             -- 'refresh' or 'sliding'
  user_id        TEXT,                         -- whose; NULL for tokens without a user
  started_at     INTEGER NOT NULL,             -- when the log-in was
  created_at     INTEGER NOT NULL,             -- when that token was issued
  expires_at     INTEGER NOT NULL,             -- its exp; the row is flushed after it
  kept_until     INTEGER,                      -- and after this, where an earlier token or an end lasts longer; NULL otherwise
  blacklisted_at INTEGER,                      -- when that token was revoked; NULL while it is good
  ended_at       INTEGER,                      -- when the session was ended as a whole
  uses           TEXT,                         -- JSON list: when the last tokens before it were used up, as far as REFRESH_REUSE_GRACE can ask
  mark           TEXT,                         -- of the last rotation: by it a Worker whose reply was lost knows its own
  session        TEXT,                         -- the session's name, where that is not the id of its first token
  other_jti      TEXT,                         -- the id of its first token, where it was made elsewhere
  client         TEXT,                         -- with SESSION_METADATA: "Firefox on Windows"; NULL otherwise
  address        TEXT,                         -- with SESSION_METADATA: the network it was used from, /24 or /48
  session_version INTEGER                      -- users.session_version when the session began; NULL: not known (made elsewhere)
) WITHOUT ROWID;

-- Up to version 5 a token had a row of its own. Rows that are still here are adopted by `sessions` when they are used.
CREATE TABLE IF NOT EXISTS outstanding_tokens (
  jti            TEXT    PRIMARY KEY,
  token_type     TEXT    NOT NULL,
  user_id        TEXT    REFERENCES users (id) ON DELETE SET NULL,
  created_at     INTEGER NOT NULL,
  expires_at     INTEGER NOT NULL,
  blacklisted_at INTEGER,                      -- when it was used up or revoked; NULL while it is good
  successor_jti  TEXT,
  family         TEXT,                         -- its session; NULL means its own
  session_started_at INTEGER,                  -- NULL means created_at
  client         TEXT,
  address        TEXT,
  session_version INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ended_families (
  family         TEXT    PRIMARY KEY,
  ended_at       INTEGER NOT NULL,
  expires_at     INTEGER NOT NULL
) WITHOUT ROWID;

-- Per user: tokens issued before this second are ended. No reference to users, which a deleted user would undo.
CREATE TABLE IF NOT EXISTS user_cutoffs (
  user_id        TEXT    PRIMARY KEY NOT NULL,
  issued_before  INTEGER NOT NULL,
  expires_at     INTEGER NOT NULL              -- when the last of those tokens has expired; flushed after it
);

-- Tokens of everybody that were issued before this second are ended, and log-ins to the admin page (`manage logout --all`).
-- At most one row, which stays.
CREATE TABLE IF NOT EXISTS everyone_cutoff (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  issued_before  INTEGER NOT NULL
);

-- Log-ins to the admin page (ADMIN). Never the cookie's value, only its SHA-256.
CREATE TABLE IF NOT EXISTS admin_sessions (
  id_hash        TEXT    PRIMARY KEY,
  user_id        TEXT    NOT NULL,             -- who; gone when that user is
  fingerprint    TEXT    NOT NULL,             -- of the stored password at log-in: another one ends the session
  created_at     INTEGER NOT NULL,             -- at or after the user's cut-off: a later cut-off ends the session
  last_used_at   INTEGER NOT NULL,             -- to the minute
  expires_at     INTEGER NOT NULL,             -- however much it is used; flushed after it
  session_version INTEGER,                     -- users.session_version at log-in: another one ends the session
  confirmed_at   INTEGER NOT NULL DEFAULT 0    -- when the password was last typed: at log-in, or when asked for again
) WITHOUT ROWID;

-- The audit log: who did what to whom, on the admin page, with a command, or through the API. Never a secret. Entries are added
-- and never changed: triggers below refuse all but pruning after a time, and taking a person out of it.
CREATE TABLE IF NOT EXISTS audit (
  sequence       INTEGER PRIMARY KEY,          -- grows with each entry
  at             INTEGER NOT NULL,
  source         TEXT    NOT NULL,             -- 'admin', 'command', 'api' or 'issuer'
  action         TEXT    NOT NULL,             -- such as 'user_changed'
  user_id        TEXT,                         -- whom; NULL for nobody, or for everybody
  actor          TEXT,                         -- the id of the admin, or the account that ran the command; NULL: the API
  place          TEXT,                         -- the network, /24 or /48, or the name of the machine
  request_id     TEXT,                         -- as in the log
  detail         TEXT    NOT NULL DEFAULT '{}' -- JSON object: what else there is to know
);

-- API keys (API_KEYS), as djangorestframework-api-key has them. Never a key itself, only its hash.
CREATE TABLE IF NOT EXISTS api_keys (
  id             TEXT    PRIMARY KEY NOT NULL, -- the library's: prefix, a dot, and the hash that the key was made with
  prefix         TEXT    NOT NULL UNIQUE,      -- the key up to its first dot: what finds it, and what people and the API see of it
  hashed_key     TEXT    NOT NULL,             -- of the whole key: 'sha512$$...', or a password hash of Django's until its first use
  name           TEXT    NOT NULL DEFAULT '',
  user_id        TEXT,                         -- its owner: it is good only while they are there and active; NULL: it has none
  scopes         TEXT    NOT NULL DEFAULT '[]', -- JSON list of texts
  created_at     INTEGER NOT NULL,
  expires_at     INTEGER,                      -- NULL: never
  revoked_at     INTEGER,                      -- NULL while it is good; never set back
  last_used_at   INTEGER                       -- to ten minutes; NULL: not used yet
);

-- When the cron trigger has last run to its end, and how many expired rows it deleted. One row.
CREATE TABLE IF NOT EXISTS last_flush (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  at             INTEGER NOT NULL,
  deleted        INTEGER NOT NULL
);

-- Where sessions are: here, unless `manage sessions spread` has moved them to databases of their own (sessions.sql).
CREATE TABLE IF NOT EXISTS placement (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  name           TEXT    NOT NULL,             -- the binding by which this database is meant
  version        INTEGER NOT NULL,             -- one more with each change of the lists
  current        TEXT    NOT NULL,             -- JSON list of bindings: where sessions are
  next           TEXT                          -- where they are to be, while they are being spread
);
INSERT INTO placement (id, name, version, current) VALUES (1, 'DB', 0, '["DB"]') ON CONFLICT (id) DO NOTHING;
CREATE TABLE IF NOT EXISTS moved_owners (
  owner          TEXT    PRIMARY KEY NOT NULL, -- as tokens name the user
  moved_to       TEXT    NOT NULL,
  is_copied      INTEGER NOT NULL DEFAULT 0    -- whether the other database has the rows
) WITHOUT ROWID;

-- Which schema.sql this database has seen: the ready page compares it with what the Worker needs.
CREATE TABLE IF NOT EXISTS schema_version (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  version        INTEGER NOT NULL
);
INSERT INTO schema_version (id, version) VALUES (1, 8) ON CONFLICT (id) DO UPDATE SET version = max(version, excluded.version);

-- For flushing by the cron trigger, and for lists by their end.
CREATE INDEX IF NOT EXISTS sessions_expires_at ON sessions (expires_at);
-- For a user's sessions. A rotation changes none of what follows: it writes a row, and one entry of the index above.
CREATE INDEX IF NOT EXISTS sessions_user_id ON sessions (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS sessions_other_jti ON sessions (other_jti) WHERE other_jti IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_session ON sessions (session, ended_at) WHERE session IS NOT NULL;
-- A Worker of an earlier version takes a token that it does not know for a good one, and one of an adopted session for its
-- own: it has to fail, so that its client asks again and comes to a Worker that knows. Not when it ends all of a user. Where
-- sessions are in other databases, it knows none of them.
CREATE TRIGGER IF NOT EXISTS adopted_token_used BEFORE UPDATE OF blacklisted_at, successor_jti, expires_at ON outstanding_tokens
WHEN EXISTS (SELECT 1 FROM sessions WHERE other_jti = OLD.jti AND blacklisted_at IS NULL)
  AND NOT (NEW.successor_jti IS OLD.successor_jti AND NEW.expires_at = OLD.expires_at
    AND EXISTS (SELECT 1 FROM user_cutoffs WHERE user_id = OLD.user_id AND issued_before > OLD.created_at))
BEGIN SELECT RAISE(ABORT, 'this session is in the table sessions'); END;
CREATE TRIGGER IF NOT EXISTS adopted_token_written BEFORE INSERT ON outstanding_tokens
WHEN EXISTS (SELECT 1 FROM sessions WHERE id = substr(NEW.jti, 1, 24) OR other_jti = NEW.jti)
  OR EXISTS (SELECT 1 FROM placement WHERE current <> '["DB"]' OR next IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'this session is in the table sessions'); END;
CREATE TRIGGER IF NOT EXISTS adopted_session_ended BEFORE INSERT ON ended_families
WHEN (EXISTS (SELECT 1 FROM sessions WHERE session = NEW.family OR other_jti = NEW.family OR id = substr(NEW.family, 1, 24))
  AND NOT EXISTS (SELECT 1 FROM sessions WHERE ended_at IS NOT NULL AND (session = NEW.family OR other_jti = NEW.family)))
  OR EXISTS (SELECT 1 FROM placement WHERE current <> '["DB"]' OR next IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'this session is in the table sessions'); END;
-- It does not know that the tokens of everybody were ended, and must not give a successor to one of them.
CREATE TRIGGER IF NOT EXISTS ended_token_used BEFORE UPDATE OF successor_jti ON outstanding_tokens
WHEN OLD.successor_jti IS NULL AND NEW.successor_jti IS NOT NULL
  AND OLD.created_at < (SELECT issued_before FROM everyone_cutoff WHERE id = 1)
BEGIN SELECT RAISE(ABORT, 'the tokens of everybody were ended'); END;
CREATE TRIGGER IF NOT EXISTS ended_token_written BEFORE INSERT ON outstanding_tokens
WHEN NEW.successor_jti IS NOT NULL AND NEW.created_at < (SELECT issued_before FROM everyone_cutoff WHERE id = 1)
BEGIN SELECT RAISE(ABORT, 'the tokens of everybody were ended'); END;
-- It reads no session here: the end of an adopted one is written there, too.
CREATE TRIGGER IF NOT EXISTS adopted_token_blacklisted AFTER UPDATE OF blacklisted_at ON sessions
WHEN NEW.other_jti IS NOT NULL AND OLD.blacklisted_at IS NULL AND NEW.blacklisted_at IS NOT NULL
BEGIN UPDATE outstanding_tokens SET blacklisted_at = NEW.blacklisted_at WHERE jti = NEW.other_jti AND blacklisted_at IS NULL; END;
CREATE TRIGGER IF NOT EXISTS adopted_session_noted AFTER UPDATE OF ended_at ON sessions
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
  AND EXISTS (SELECT 1 FROM outstanding_tokens WHERE jti IN (NEW.other_jti, NEW.session) OR family = NEW.session)
  AND NOT EXISTS (SELECT 1 FROM ended_families WHERE family = COALESCE(NEW.session, NEW.other_jti))
BEGIN INSERT INTO ended_families (family, ended_at, expires_at) SELECT COALESCE(NEW.session, NEW.other_jti), NEW.ended_at, MAX(NEW.expires_at, COALESCE(NEW.kept_until, 0)) WHERE true ON CONFLICT (family) DO NOTHING; END;
-- When it ends all of a user, a session that was used in the very last second ends here: its row decides that second.
CREATE TRIGGER IF NOT EXISTS user_ended_first AFTER INSERT ON user_cutoffs
BEGIN UPDATE sessions SET blacklisted_at = NEW.issued_before - 1 WHERE user_id = CAST(NEW.user_id AS TEXT) AND created_at = NEW.issued_before - 1 AND blacklisted_at IS NULL; END;
CREATE TRIGGER IF NOT EXISTS user_ended_again AFTER UPDATE OF issued_before ON user_cutoffs
BEGIN UPDATE sessions SET blacklisted_at = NEW.issued_before - 1 WHERE user_id = CAST(NEW.user_id AS TEXT) AND created_at = NEW.issued_before - 1 AND blacklisted_at IS NULL; END;
-- An entry of the audit log can lose whose it was ('erased') and its details, and nothing else; and it stays for 30 days at least.
CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit
WHEN NEW.sequence IS NOT OLD.sequence OR NEW.at IS NOT OLD.at OR NEW.source IS NOT OLD.source OR NEW.action IS NOT OLD.action
  OR NEW.request_id IS NOT OLD.request_id OR (NEW.place IS NOT OLD.place AND NEW.place IS NOT NULL)
  OR (NEW.user_id IS NOT OLD.user_id AND NEW.user_id IS NOT 'erased') OR (NEW.actor IS NOT OLD.actor AND NEW.actor IS NOT 'erased')
  OR (NEW.detail IS NOT OLD.detail AND NEW.detail IS NOT '{}')
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_not_deleted BEFORE DELETE ON audit WHEN OLD.at > unixepoch() - 2592000
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE INDEX IF NOT EXISTS outstanding_tokens_expires_at ON outstanding_tokens (expires_at);
-- For listing a user's tokens by their end, and for the foreign key when a user is deleted.
CREATE INDEX IF NOT EXISTS outstanding_tokens_user_id ON outstanding_tokens (user_id, expires_at);
-- For ending a family, and for the flush of what ended.
CREATE INDEX IF NOT EXISTS outstanding_tokens_family ON outstanding_tokens (family);
CREATE INDEX IF NOT EXISTS ended_families_expires_at ON ended_families (expires_at);
CREATE INDEX IF NOT EXISTS user_cutoffs_expires_at ON user_cutoffs (expires_at);
CREATE INDEX IF NOT EXISTS events_user_id ON events (user_id);
CREATE INDEX IF NOT EXISTS admin_sessions_expires_at ON admin_sessions (expires_at);
-- For the next id of a user whose ids are integers: the highest and the lowest that were given out.
CREATE INDEX IF NOT EXISTS users_id_number ON users (CAST(id AS INTEGER));
CREATE INDEX IF NOT EXISTS user_cutoffs_user_number ON user_cutoffs (CAST(user_id AS INTEGER));
-- A column that was added to an older table has no UNIQUE of its own.
CREATE UNIQUE INDEX IF NOT EXISTS users_alternate_id ON users (alternate_id);
CREATE TRIGGER IF NOT EXISTS users_alternate_id_deleted AFTER DELETE ON users WHEN OLD.alternate_id IS NOT NULL
BEGIN INSERT INTO deleted_alternate_ids (alternate_id, user_id, deleted_at) VALUES (OLD.alternate_id, CAST(OLD.id AS TEXT), unixepoch())
  ON CONFLICT (alternate_id) DO UPDATE SET user_id = excluded.user_id, deleted_at = excluded.deleted_at, expires_at = NULL; END;
CREATE INDEX IF NOT EXISTS deleted_alternate_ids_expires_at ON deleted_alternate_ids (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS api_keys_user_id ON api_keys (user_id) WHERE user_id IS NOT NULL;
-- For the list, the newest first.
CREATE INDEX IF NOT EXISTS api_keys_created_at ON api_keys (created_at, prefix);
-- Nobody else may come to be the owner of a deleted user's keys.
CREATE TRIGGER IF NOT EXISTS api_keys_owner_deleted AFTER DELETE ON users
BEGIN UPDATE api_keys SET revoked_at = unixepoch() WHERE user_id = CAST(OLD.id AS TEXT) AND revoked_at IS NULL; END;
-- D1 stores a JavaScript number that is bound to a text column as "7.0", which no token names: here it becomes "7". Not where
-- ids are text, as the last import or another user tells.
CREATE TRIGGER IF NOT EXISTS users_id_as_text AFTER INSERT ON users
WHEN NEW.id GLOB '*[0-9].0' AND CAST(CAST(NEW.id AS REAL) AS TEXT) = NEW.id
  AND COALESCE((SELECT id_type FROM user_imports WHERE id = 1), 'integer') <> 'text'
  AND NOT EXISTS (SELECT 1 FROM users WHERE CAST(id AS INTEGER) = 0 AND id NOT IN ('0', '0.0'))
BEGIN UPDATE users SET id = CAST(CAST(NEW.id AS INTEGER) AS TEXT) WHERE rowid = NEW.rowid; END;
-- For the lists and searches of the admin page: from any place on, by the beginning of a text, staff apart.
CREATE INDEX IF NOT EXISTS users_username_nocase ON users (username COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS users_email_nocase ON users (email COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS users_last_name_nocase ON users (last_name COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS users_name_nocase ON users (first_name COLLATE NOCASE, last_name COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS users_staff ON users (username COLLATE NOCASE) WHERE is_staff = 1;
