-- A database for sessions alone: SESSIONS_1, SESSIONS_2 and so on. Safe to run again. Users stay in DB, whose tables are in
-- schema.sql; what `sessions` and its indexes are is written there.

CREATE TABLE IF NOT EXISTS sessions (
  id             TEXT    PRIMARY KEY NOT NULL,
  counter        INTEGER NOT NULL,
  token_type     TEXT    NOT NULL,
  user_id        TEXT,
  started_at     INTEGER NOT NULL,
  created_at     INTEGER NOT NULL,
  expires_at     INTEGER NOT NULL,
  kept_until     INTEGER,
  blacklisted_at INTEGER,
  ended_at       INTEGER,
  uses           TEXT,
  mark           TEXT,
  session        TEXT,
  other_jti      TEXT,
  client         TEXT,
  address        TEXT,
  session_version INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_expires_at ON sessions (expires_at);
CREATE INDEX IF NOT EXISTS sessions_user_id ON sessions (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS sessions_other_jti ON sessions (other_jti) WHERE other_jti IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_session ON sessions (session, ended_at) WHERE session IS NOT NULL;

-- The users of these sessions, as far as a refresh has to know them. Written before `users` in DB.
CREATE TABLE IF NOT EXISTS owners (
  owner          TEXT    PRIMARY KEY NOT NULL, -- as tokens name the user: the value of USER_ID_CLAIM as text
  user_id        TEXT    NOT NULL,             -- the id of the row in users
  is_active      INTEGER,                      -- NULL: the row in users is gone
  session_version INTEGER NOT NULL DEFAULT 0,  -- raised with each change that ends the user's sessions
  fingerprint    TEXT    NOT NULL,             -- of the stored hash, as CHECK_REVOKE_TOKEN compares it
  issued_before  INTEGER NOT NULL DEFAULT 0,   -- tokens issued before this second are ended
  changing_until INTEGER                       -- the user's row is being changed: no session begins until this second
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS owners_user_id ON owners (user_id);

-- Tokens of everybody that were issued before this second are ended. The same second as in DB; at most one row, which stays.
CREATE TABLE IF NOT EXISTS everyone_cutoff (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  issued_before  INTEGER NOT NULL
);

-- What this database is, and which ones are in use together. One row.
CREATE TABLE IF NOT EXISTS placement (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  name           TEXT    NOT NULL,             -- the binding by which it is meant
  version        INTEGER NOT NULL,             -- one more with each change of the lists
  current        TEXT    NOT NULL,             -- JSON list of names: where sessions are
  next           TEXT                          -- where they are to be, while they are being spread
);

-- Owners whose sessions were here and are elsewhere. Their rows here are not written any more.
CREATE TABLE IF NOT EXISTS moved_owners (
  owner          TEXT    PRIMARY KEY NOT NULL,
  moved_to       TEXT    NOT NULL,
  is_copied      INTEGER NOT NULL DEFAULT 0    -- whether the other database has the rows
) WITHOUT ROWID;
