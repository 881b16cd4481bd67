// What the commands about tokens need of the Worker's surroundings: its stores, its settings, and writing in bulk.
// Must never hold SQL or key names of its own: what they write is what the Worker writes.
import { isSessionsBinding } from "../../src/settings/checks/check-bindings.ts";
import { readSettings } from "../../src/settings/read.ts";
import type { SettingName, Settings } from "../../src/settings/settings.ts";
import type { RevocationCache, TokenStore } from "../../src/stores/contract.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import type { Notes } from "../../src/stores/events-contract.ts";
import { kvRevocationCache } from "../../src/stores/kv/revocations.ts";
import { readConfigFile } from "../shared/config-failure.ts";
import { Failure } from "../shared/failure.ts";
import { d1OverText } from "./d1-over-text.ts";
import type { Database } from "./database.ts";
import { openLocal } from "./local.ts";
import { kvOverWrangler, openRemote } from "./remote.ts";

/** A database as the commands and as the Worker's stores use it. */
export interface BoundDatabase {
  readonly database: Database;
  /** The real one, or one that takes single statements (d1-over-text.ts). */
  readonly d1: D1Database;
}

/** One place with all that a Worker there is given. */
export interface Bindings extends BoundDatabase {
  /** Those for sessions alone, by their bindings: SESSIONS_1, SESSIONS_2 and so on. */
  readonly sessions: ReadonlyMap<string, BoundDatabase>;
  /** Undefined where none is bound: with TOKEN_BLACKLIST_ENABLED off. */
  readonly kv: KVNamespace | undefined;
  /** The vars of wrangler.toml; locally also what .dev.vars says. */
  readonly vars: Readonly<Record<string, unknown>>;
  /** Whether the Worker there sends events to the API (EVENTS, EVENTS_URL). */
  readonly sendsEvents: boolean;
  /** Written with the next change (command-notes.ts). */
  readonly notes?: Notes;
}

/** Opens the local surroundings: by default those of `npm start`. */
export async function localBindings(stateDirectory?: string): Promise<Bindings> {
  const { database, env, sessions } = await openLocal(stateDirectory);
  return bindingsOf(database, env, sessions);
}

/** The local surroundings out of a Worker's environment. */
export function bindingsOf(
  database: Database,
  env: Readonly<Record<string, unknown>>,
  sessionDatabases: ReadonlyMap<string, Database> = new Map(),
): Bindings {
  // openLocal() has made sure of DB; BLACKLIST is whatever wrangler.toml binds under that name.
  const { DB, BLACKLIST, EVENTS, ...rest } = env;
  const vars = Object.fromEntries(Object.entries(rest).filter(([name]) => !sessionDatabases.has(name)));
  const sendsEvents = EVENTS !== undefined || hasEventsUrl(vars);
  const sessions = new Map<string, BoundDatabase>();
  for (const [name, one] of sessionDatabases) sessions.set(name, { database: one, d1: env[name] as D1Database });
  return { database, d1: DB as D1Database, sessions, kv: BLACKLIST as KVNamespace | undefined, vars, sendsEvents };
}

/** The deployed surroundings, through wrangler. */
export async function remoteBindings(environment: string | undefined): Promise<Bindings> {
  const database = openRemote(environment);
  const config = await readConfigFile(environment);
  const bound = config.kv_namespaces.some((one: { readonly binding: string }) => one.binding === "BLACKLIST");
  const kv = bound ? kvOverWrangler(environment) : undefined;
  const hasQueue = config.queues?.producers?.some((one: { readonly binding: string }) => one.binding === "EVENTS");
  const sendsEvents = hasQueue === true || hasEventsUrl(config.vars);
  const sessions = new Map<string, BoundDatabase>();
  for (const name of sessionBindingsIn(config)) {
    const one = openRemote(environment, undefined, name);
    sessions.set(name, { database: one, d1: d1OverText(one) });
  }
  return { database, d1: d1OverText(database), sessions, kv, vars: config.vars, sendsEvents };
}

/** The names of the databases for sessions alone in wrangler.toml, in their order. */
export const sessionBindingsIn = (config: {
  readonly d1_databases: ReadonlyArray<{ readonly binding: string }>;
}): readonly string[] => config.d1_databases.map(({ binding }) => binding).filter(isSessionsBinding);

/** 2 of SESSIONS_2. The numbers may have no gap: a Worker with one does not start. */
export const numberOf = (binding: string): number => Number(binding.slice(binding.indexOf("_") + 1));

const hasEventsUrl = (vars: Bindings["vars"]): boolean => settingsOf(vars, ["EVENTS_URL"]).EVENTS_URL !== null;

/** The settings among `vars` that a command uses; fails when one of them cannot be read. */
export function settingsOf<Name extends SettingName>(
  vars: Readonly<Record<string, unknown>>,
  names: readonly Name[],
): Pick<Settings, Name> {
  const { settings, errors } = readSettings(vars);
  const problem = errors.find((text) => names.some((name) => text.startsWith(`${name} `)));
  if (problem !== undefined) throw new Failure(`wrangler.toml: ${problem}`);
  return settings;
}

/** The Worker's stores on these bindings; what they log on a failure is thrown as the failure's message. */
export function storesOf({ d1, kv, notes }: Bindings): {
  readonly tokens: Pick<TokenStore, "blacklist" | "deleteExpired">;
  readonly announce: RevocationCache["announce"] | undefined;
  readonly announceSession: RevocationCache["announceSession"] | undefined;
  readonly announceUser: RevocationCache["announceUser"] | undefined;
  readonly announceEveryone: RevocationCache["announceEveryone"] | undefined;
  readonly announceApiKey: RevocationCache["announceApiKey"] | undefined;
} {
  let complaint: string | undefined;
  const log = (_: string, { error }: { readonly error: string }): void => {
    complaint = error;
  };
  const saying = async <T>(work: Promise<T>): Promise<T> => {
    complaint = undefined;
    const outcome = await work.catch((error: unknown) => {
      throw complaint === undefined ? error : new Failure(complaint);
    });
    if (complaint !== undefined) throw new Failure(complaint);
    return outcome;
  };
  const tokens = d1Tokens(d1, log, notes);
  const revocationCache = kv === undefined ? undefined : kvRevocationCache(kv, 0, log);
  return {
    tokens: {
      blacklist: (owner, token, nowSeconds) => saying(tokens.blacklist(owner, token, nowSeconds)),
      deleteExpired: (beforeSeconds, limit) => saying(tokens.deleteExpired(beforeSeconds, limit)),
    },
    announce:
      revocationCache === undefined
        ? undefined
        : (jti, expires, nowSeconds) => saying(revocationCache.announce(jti, expires, nowSeconds)),
    announceSession:
      revocationCache === undefined
        ? undefined
        : (session, until, now) => saying(revocationCache.announceSession(session, until, now)),
    announceUser:
      revocationCache === undefined
        ? undefined
        : (user, before, until, now) => saying(revocationCache.announceUser(user, before, until, now)),
    announceEveryone:
      revocationCache === undefined
        ? undefined
        : (before, now) => saying(revocationCache.announceEveryone(before, now)),
    announceApiKey:
      revocationCache === undefined ? undefined : (prefix, now) => saying(revocationCache.announceApiKey(prefix, now)),
  };
}
