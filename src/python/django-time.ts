// Reads the times that Django writes as JSON, as whole seconds and as UTC text.
// Must never accept a day that does not exist, nor use the machine's time zone.

/** A time as Django writes it. */
export interface DjangoTime {
  /** Whole seconds since 1970, rounded down. */
  readonly seconds: number;
  /** ISO 8601 in UTC: Django's own text if it is UTC already. */
  readonly text: string;
  /** False for a time without a zone (USE_TZ = False), which is read as UTC. */
  readonly zoned: boolean;
}

const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?$/;

/** Reads what DjangoJSONEncoder writes for a datetime; undefined for anything else. */
export function readTime(value: unknown): DjangoTime | undefined {
  if (typeof value !== "string") return undefined;
  const [, day, hours, minutes, seconds, fraction = "", zone] = ISO.exec(value) ?? [];
  if (day === undefined || Number(hours) > 23) return undefined;
  const milliseconds = Date.parse(`${day}T${hours}:${minutes}:${seconds}${fraction.slice(0, 4)}Z`);
  // Date.parse makes 2 March of 30 February.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, 10) !== day) return undefined;
  const offset = offsetMinutes(zone);
  if (offset === undefined) return undefined;
  const moment = milliseconds - offset * 60_000;
  const asIs = zone === "Z" && value.charAt(10) === "T";
  return {
    seconds: Math.floor(moment / 1000),
    text: asIs ? value : new Date(moment).toISOString(),
    zoned: zone !== undefined,
  };
}

function offsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}
