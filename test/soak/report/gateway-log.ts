// What the gateway and workerd write during a soak: counted by event and reason, and what says of a fault kept.
// Must never keep every line: there are hundreds of thousands.

export interface LogCounts {
  line(text: string): void;
  /** By event, and for refused requests by reason. */
  readonly counts: ReadonlyMap<string, number>;
  /** Lines that no request explains. */
  readonly faults: readonly string[];
  /** Everything about a request, of the last lines. */
  about(text: string): readonly string[];
}

const keptLines = 5000;
const keptFaults = 50;

/** What the load causes: refusals, dead APIs, reuse, changes by the API. All other alarms are faults. */
const expectedEvents: ReadonlySet<string> = new Set([
  ...["request", "gateway_started", "settings_warnings", "flush", "refresh_reuse", "user_provisioned"],
  ...["users_provisioned", "origin_failed", "login", "login_failed", "refresh", "refresh_repeated", "blacklist"],
  ...["session_ended", "logout_all", "token_ended"],
]);
const faultyReasons: ReadonlySet<string> = new Set(["internal_error", "store_unavailable", "misconfigured"]);

export function openLogCounts(): LogCounts {
  const counts = new Map<string, number>();
  const faults: string[] = [];
  const last: string[] = [];
  const count = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    counts,
    faults,
    line(text) {
      last.push(text);
      if (last.length > keptLines) last.splice(0, keptLines / 2);
      const { event, reason } = read(text);
      count(event === "request" ? `request: ${reason}` : event);
      const isFault = !expectedEvents.has(event) || faultyReasons.has(reason);
      if (isFault && faults.length < keptFaults) faults.push(text.slice(0, 2000));
    },
    about: (text) => last.filter((line) => line.includes(text)),
  };
}

function read(text: string): { readonly event: string; readonly reason: string } {
  try {
    const { event, reason } = JSON.parse(text) as { readonly event?: unknown; readonly reason?: unknown };
    return { event: String(event), reason: String(reason) };
  } catch {
    return { event: "workerd", reason: "" };
  }
}

export const complaintsIn = ({ faults }: LogCounts): readonly string[] => faults;
