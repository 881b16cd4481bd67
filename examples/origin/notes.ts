// Notes in D1; every statement but the counts names the owner.
// Must never touch a note without its owner in the WHERE clause: that clause is what keeps users apart.
/** What a client may write. */
export type NoteFields = { readonly title: string; readonly text: string };

/** A note as the API shows it. */
export type Note = NoteFields & { readonly id: number; readonly created: string; readonly modified: string };

const COLUMNS = "id, title, text, created, modified";

/** The owner's newest hundred notes, newest first. */
export const listNotes = async (db: D1Database, owner: string): Promise<readonly Note[]> =>
  (await db.prepare(`SELECT ${COLUMNS} FROM notes WHERE owner = ? ORDER BY id DESC LIMIT 100`).bind(owner).all<Note>())
    .results;

/** One note, or null when there is none or it is somebody else's. */
export const findNote = (db: D1Database, owner: string, id: number): Promise<Note | null> =>
  db.prepare(`SELECT ${COLUMNS} FROM notes WHERE id = ? AND owner = ?`).bind(id, owner).first<Note>();

/** Stores a new note and returns it. */
export async function createNote(db: D1Database, owner: string, fields: NoteFields, now: string): Promise<Note> {
  const note = await db
    .prepare(`INSERT INTO notes (owner, title, text, created, modified) VALUES (?, ?, ?, ?, ?) RETURNING ${COLUMNS}`)
    .bind(owner, fields.title, fields.text, now, now)
    .first<Note>();
  if (note === null) throw new Error("Cannot store the note: the insert returned no row");
  return note;
}

/** Overwrites a note; null when there is none or it is somebody else's. */
export const replaceNote = (
  db: D1Database,
  owner: string,
  id: number,
  fields: NoteFields,
  now: string,
): Promise<Note | null> =>
  db
    .prepare(`UPDATE notes SET title = ?, text = ?, modified = ? WHERE id = ? AND owner = ? RETURNING ${COLUMNS}`)
    .bind(fields.title, fields.text, now, id, owner)
    .first<Note>();

/** True when a note of the owner's was there and is gone now. */
export const deleteNote = async (db: D1Database, owner: string, id: number): Promise<boolean> =>
  (await db.prepare("DELETE FROM notes WHERE id = ? AND owner = ? RETURNING id").bind(id, owner).first()) !== null;

/** How many notes there are, and of how many people. */
export const noteCounts = async (db: D1Database): Promise<{ notes: number; writers: number }> =>
  (await db
    .prepare("SELECT count(*) AS notes, count(DISTINCT owner) AS writers FROM notes")
    .first<{ notes: number; writers: number }>()) ?? { notes: 0, writers: 0 };
