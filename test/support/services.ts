// What use cases are given in tests: real D1, settings of the test's own, a revocation cache and a log that only take note.
// Ids are counted, so that a test can name them: the first is `id(1)`.

import { readConfiguration } from "../../src/configuration.ts";
import type { RequestContext } from "../../src/context.ts";
import type { Services } from "../../src/services.ts";
import { userEndedUntilSeconds } from "../../src/sessions/end-sessions.ts";
import type { AuditStore } from "../../src/stores/audit-contract.ts";
import type { FlushRecord, RevocationCache } from "../../src/stores/contract.ts";
import { d1ApiUsers } from "../../src/stores/d1/api-users.ts";
import { d1Audit } from "../../src/stores/d1/audit.ts";
import { d1LastFlush } from "../../src/stores/d1/last-flush.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { d1Users } from "../../src/stores/d1/users.ts";
import { createCodec } from "../../src/tokens/codec.ts";
import { sessionKeyOf, writeTokenId } from "../../src/tokens/token-id.ts";
import { noUserEvents } from "../../src/users/user-events.ts";
import { DB } from "./bindings.ts";
import { contextFor } from "./context.ts";
import { freshId } from "./rows.ts";
import { testSecret } from "./settings.ts";

export interface Announced {
  readonly jti: string;
  readonly expiresAtSeconds: number;
}

export interface TestServices extends Services {
  readonly auditLog: AuditStore;
  readonly flushRecord: FlushRecord;
  /** The id that is made as the first, the second and so on: no two tests share one. */
  readonly id: (count: number) => string;
  /** That of a session's first token whose key is from this id. */
  readonly firstId: (count: number) => string;
  readonly announced: readonly Announced[];
  readonly logged: ReadonlyArray<readonly [event: string, fields: unknown]>;
  /** Waits for what was left for after the answer. */
  readonly settled: () => Promise<void>;
}

/** The context of a request that came at this second, from this client. */
export function requestAt(nowSeconds: number, client: Partial<ReturnType<RequestContext["client"]>> = {}) {
  const { address } = client;
  const headers: Record<string, string> = address ? { "cf-connecting-ip": address } : {};
  return contextFor(
    { nowSeconds, client: () => ({ address: null, userAgent: null, acceptLanguage: null, ...client }) },
    new Request("https://gateway.example/", { headers }),
  );
}

/** Throws when the settings have errors. */
export async function testServices(
  vars: Readonly<Record<string, unknown>> = {},
  change: Partial<Services> = {},
): Promise<TestServices> {
  const { configuration, errors } = await readConfiguration({ SIGNING_KEY: testSecret, ...vars });
  if (!configuration) throw new Error(errors.join("\n"));
  const { settings, keys } = configuration;
  const rest = freshId().slice(8);
  const id = (count: number) => count.toString(16).padStart(8, "0") + rest;
  const announced: Announced[] = [];
  const logged: Array<readonly [string, unknown]> = [];
  const put: Array<Promise<void>> = [];
  let issued = 0;
  const storeFailed = (event: string, fields: unknown) => void logged.push([event, fields]);
  return {
    settings,
    codec: createCodec(settings, keys, JSON.stringify),
    users: d1Users(DB, storeFailed),
    apiUsers: d1ApiUsers(DB, storeFailed),
    loginApi: undefined,
    tokens: d1Tokens(DB, storeFailed),
    sessions: d1Sessions(DB, storeFailed),
    revocationCache: revocationCacheNotedIn(announced),
    endedUntilSeconds: (nowSeconds) => userEndedUntilSeconds(settings, nowSeconds),
    loginLimiter: undefined,
    limiters: new Map(),
    hooks: {},
    auditLog: d1Audit(DB, storeFailed),
    flushRecord: d1LastFlush(DB, storeFailed),
    userEvents: noUserEvents,
    newId: () => id(++issued),
    newUuid: () => "6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab",
    newSalt: () => "aFixedSaltOf22Letters0",
    pause: async () => {},
    later: (work) => void put.push(work),
    metrics: undefined,
    nowMilliseconds: () => Date.now(),
    stopwatch: undefined,
    log: (event, fields) => void logged.push([event, fields]),
    ...change,
    id,
    firstId: (count) => writeTokenId(sessionKeyOf(id(count)), 0),
    announced,
    logged,
    settled: async () => void (await Promise.all(put)),
  };
}

function revocationCacheNotedIn(announced: Announced[]): RevocationCache {
  return {
    announce: async (jti, expiresAtSeconds) => void announced.push({ jti, expiresAtSeconds }),
    announceSession: async (family, expiresAtSeconds) =>
      void announced.push({ jti: `fam:${family}`, expiresAtSeconds }),
    announceUser: async (user, issuedBefore, expiresAtSeconds) =>
      void announced.push({ jti: `user:${user.value}<${issuedBefore}`, expiresAtSeconds }),
    announceEveryone: async (issuedBefore) =>
      void announced.push({ jti: `everyone<${issuedBefore}`, expiresAtSeconds: Number.POSITIVE_INFINITY }),
    announceApiKey: async (prefix) =>
      void announced.push({ jti: `key:${prefix}`, expiresAtSeconds: Number.POSITIVE_INFINITY }),
    remembersGood: () => false,
    isEnded: async () => undefined,
    ping: async () => true,
  };
}
