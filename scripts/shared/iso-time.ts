// Writes a time for people and programs alike.
// Must never use the machine's time zone.

/** Whole seconds since 1970 as ISO 8601 in UTC, or the number itself when no calendar reaches that far. */
export function isoTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace(".000Z", "Z");
}
