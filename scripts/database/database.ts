// What the commands need of a database, wherever it is.
// Must never know which of the two it is talking to.
/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** The users' database: the local one of `npm start`, or the deployed one. */
export type Database = {
  /** Where it is, for sentences: "local" or "remote". */
  readonly place: "local" | "remote";
  /** Runs one statement that reads and gives its rows. It may be seen in the machine's list of processes. */
  read(sql: string): Promise<readonly Row[]>;
  /** Runs statements in one transaction and gives the rows of each. They may be seen likewise. */
  batch(statements: readonly string[]): Promise<ReadonlyArray<readonly Row[]>>;
  /** Runs statements that write. They are seen by nobody else. */
  write(sql: string): Promise<void>;
  close(): Promise<void>;
};
