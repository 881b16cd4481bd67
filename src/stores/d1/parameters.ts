// The numbered parameters of a statement that is put together from parts.

export type SqlValue = string | number | null;

/** Gives each value its place: `?1`, `?2` and so on. */
export interface Parameters {
  readonly values: readonly SqlValue[];
  add(value: SqlValue | undefined): string;
}

export function createParameters(): Parameters {
  const values: SqlValue[] = [];
  return { values, add: (value) => `?${values.push(value ?? null)}` };
}
