// What every reader of a Django password string gives, so that one place can check them all.

/**
 * A stored hash that was read and found well formed, and not yet computed.
 * `cpuMs` and `memoryBytes` are foreknown from its parameters, so that a hash can be refused before it costs anything.
 */
export type StoredHash = {
  /** What `derive` must give for the right password; always the same length as what it gives. */
  readonly digest: Uint8Array;
  /** CPU milliseconds that `derive` takes, by the figures in hash-costs.ts; infinite when nothing here can do it. */
  readonly cpuMs: number;
  /** Bytes that `derive` holds at its peak. It must give them back itself, not leave them to the garbage collector. */
  readonly memoryBytes: number;
  /** True when this is what hashPassword() would write today: same family, same parameters, a long enough salt. */
  readonly preferred: boolean;
  /** The digest of a password given as UTF-8 bytes. */
  readonly derive: (password: Uint8Array) => Promise<Uint8Array>;
};

/**
 * Reads the fields that follow the name of the algorithm (the password string split at its `$` signs).
 * Null for anything that Django's hasher of that name could not have written; never throws, computes nothing costly.
 */
export type Hasher = (fields: readonly string[]) => StoredHash | null;
