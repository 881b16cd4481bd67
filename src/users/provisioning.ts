// The API's changes of users: applies them, tells the revocation cache of whose sessions ended, and logs each.
// Must never tell the cache before the store has written.

import type { RequestContext } from "../context.ts";
import type { Log } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { AuditOrigin } from "../stores/audit-contract.ts";
import type { RevocationCache } from "../stores/contract.ts";
import type {
  ComparedUser,
  EndedUser,
  Provisioned,
  ProvisioningOutcome,
  ProvisioningStore,
} from "../stores/provisioning-contract.ts";
import { type LineReading, type LineSettings, nameWithout, type UserChange } from "./provisioning-line.ts";
import { ownerOf } from "./token-user.ts";
import type { UserId } from "./user.ts";
import { userIdColumn } from "./user-id.ts";

export interface ProvisioningDependencies {
  readonly settings: LineSettings & Pick<Settings, "USERNAME_CASE">;
  readonly provisioningStore: Pick<ProvisioningStore, "apply">;
  readonly revocationCache: Pick<RevocationCache, "announceUser">;
  /** Until when something of a session that ends now could still be used. */
  readonly endedUntilSeconds: (nowSeconds: number) => number;
  readonly log: Log;
}

/** What became of one line, as the API is told. */
export interface LineResult {
  readonly id: UserId | null;
  /** The version that counts now; of a line that was refused its own, if it can be read. */
  readonly version: number | null;
  readonly result: "applied" | "unchanged" | "outdated" | "refused";
  readonly error?: string;
}

/** When and for which request, and by whom, if not by the API. */
type Context = Pick<RequestContext, "nowSeconds" | "requestId"> & { readonly origin?: Partial<AuditOrigin> };

const originOf = ({ requestId, origin }: Context): AuditOrigin => ({ source: "api", requestId, ...origin });

/** What became of all lines. */
export interface Applied {
  /** One for each line, in their order. A line that was refused keeps no other from being applied. */
  readonly results: readonly LineResult[];
  /** Sessions that began before this second have ended, of some users; undefined if no session has. */
  readonly endedBeforeSeconds: number | undefined;
}

export type ApplyLines = (context: Context, readings: readonly LineReading[]) => Promise<Applied>;

export interface Provisioning {
  readonly apply: ApplyLines;
  /** Ends what was issued to a user before a second, of which one to come counts as now. */
  logOut(context: Context, id: UserId, issuedBeforeSeconds: number): Promise<LineResult>;
  /** Users to compare with one's own, from the one after `after` on. `next` is undefined at the end. */
  page(after: string): Promise<{ readonly users: readonly ComparedUser[]; readonly next: UserId | undefined }>;
}

/** Each line of a user that applies is a transaction of its own (two changes of one user in one body). */
const mostLinesOfUser = 10;

const pageUsers = 1000;

/** A line of the log for each user, up to so many: Workers keep 256 KB of a request's log. */
const mostLogLines = 20;

export function createProvisioning(
  deps: ProvisioningDependencies & { readonly provisioningStore: ProvisioningStore },
): Provisioning {
  const { provisioningStore: store, log } = deps;
  return {
    apply: createApplyLines(deps),
    async logOut(context, id, asked) {
      const before = Math.min(asked, context.nowSeconds + 1);
      const found = await store.logOut(id, endingAt(deps, context, before), originOf(context));
      if (found === undefined) return { id, version: null, result: "unchanged" };
      await announce(deps, context, [found]);
      const fields = { user_id: id, change: "logged_out", tokens_ended: true };
      log("user_provisioned", fields, context.requestId);
      return { id, version: found.version, result: "applied" };
    },
    async page(after) {
      const users = await store.page(after, pageUsers);
      return { users, next: users.length < pageUsers ? undefined : users.at(-1)?.id };
    },
  };
}

/** 1. The store. 2. The revocation cache. 3. The log. */
export function createApplyLines(deps: ProvisioningDependencies): ApplyLines {
  const { settings, provisioningStore: store, log } = deps;
  return async (context, readings) => {
    const checked = withoutTooMany(readings);
    const changes = checked.flatMap((reading) => ("change" in reading ? [reading.change] : []));
    const terms = {
      named: userIdColumn(settings),
      names: settings.USERNAME_CASE,
      ending: endingAt(deps, context, context.nowSeconds + 1),
      origin: originOf(context),
    };
    const provisioned = changes.length === 0 ? nothing : await store.apply(changes, terms);
    await announce(deps, context, provisioned.ended);
    logDeeds(deps, context, changes, provisioned);
    const outcomes = provisioned.outcomes.values();
    const results = checked.map((reading) =>
      "change" in reading ? resultOf(reading.change, outcomes.next().value) : refusedLine(reading),
    );
    for (const { id, result, error } of results) {
      if (result === "refused") log("provisioning_refused", { user_id: id ?? undefined, error }, context.requestId);
    }
    const endings = provisioned.ended.map(({ issuedBeforeSeconds }) => issuedBeforeSeconds);
    return { results, endedBeforeSeconds: endings.length === 0 ? undefined : Math.max(...endings) };
  };
}

const endingAt = (deps: ProvisioningDependencies, { nowSeconds }: Context, issuedBeforeSeconds: number) => ({
  issuedBeforeSeconds,
  untilSeconds: deps.endedUntilSeconds(nowSeconds),
  nowSeconds,
});

/** All at once: a cache that fails has logged it. */
async function announce(
  { settings, revocationCache, endedUntilSeconds }: ProvisioningDependencies,
  { nowSeconds }: Context,
  ended: readonly EndedUser[],
): Promise<void> {
  const until = endedUntilSeconds(nowSeconds);
  const owners = new Map(
    ended.map((user) => {
      const owner = ownerOf(settings, user);
      return [owner.value, { owner, issuedBeforeSeconds: user.issuedBeforeSeconds }] as const;
    }),
  );
  const told = [...owners.values()].map(({ owner, issuedBeforeSeconds }) =>
    revocationCache.announceUser(owner, issuedBeforeSeconds, until, nowSeconds),
  );
  await Promise.all(told);
}

function logDeeds(
  { log }: ProvisioningDependencies,
  { requestId }: Context,
  changes: readonly UserChange[],
  { outcomes, nameless }: Provisioned,
): void {
  const deeds = outcomes.flatMap(({ result, did, version, ended }, index) =>
    result === "applied" ? [{ user_id: changes[index]?.id, change: did, version, tokens_ended: ended }] : [],
  );
  if (deeds.length <= mostLogLines) {
    for (const deed of deeds) log("user_provisioned", deed, requestId);
  } else {
    const alike = Map.groupBy(deeds, ({ change, tokens_ended }) => `${change} ${tokens_ended}`);
    for (const same of alike.values()) {
      const [first] = same;
      const user_ids = same.map((one) => one.user_id);
      log("users_provisioned", { change: first?.change, tokens_ended: first?.tokens_ended, user_ids }, requestId);
    }
  }
  for (const id of nameless) log("user_name_lost", { user_id: id }, requestId);
}

const nothing: Provisioned = { outcomes: [], ended: [], nameless: [] };

/** Refuses what would make a transaction of each line of a body. */
function withoutTooMany(readings: readonly LineReading[]): readonly LineReading[] {
  const lines = new Map<UserId, number>();
  return readings.map((reading) => {
    if (!("change" in reading)) return reading;
    const { id, version } = reading.change;
    const count = (lines.get(id) ?? 0) + 1;
    lines.set(id, count);
    if (count <= mostLinesOfUser) return reading;
    return { error: { field: "id", text: `id is in more than ${mostLinesOfUser} lines` }, id, version };
  });
}

function resultOf({ id, version }: UserChange, outcome: ProvisioningOutcome | undefined): LineResult {
  if (outcome === undefined || outcome.result === "taken") {
    return {
      id,
      version,
      result: "refused",
      error: `id cannot be stored: another user is called "${nameWithout(id)}"`,
    };
  }
  return { id, version: outcome.version ?? null, result: outcome.result };
}

const refusedLine = ({ error, id, version }: Exclude<LineReading, { readonly change: UserChange }>): LineResult => ({
  id: id ?? null,
  version: version ?? null,
  result: "refused",
  error: error.text,
});
