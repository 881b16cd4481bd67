// Everything that can be done with tokens and sessions, made once per isolate.
import { createIntrospect } from "../auth/introspect.ts";
import { type BlacklistDependencies, createBlacklist } from "./blacklist.ts";
import { createFlush, type FlushDependencies } from "./flush.ts";
import { createObtain, type ObtainDependencies } from "./obtain.ts";
import { createOwnSessions, type OwnSessionsDependencies } from "./own-sessions.ts";
import { createRefresh, type RefreshDependencies } from "./refresh.ts";
import { createSlidingRefresh, type SlidingRefreshDependencies } from "./sliding-refresh.ts";
import { createVerify, type VerifyDependencies } from "./verify.ts";

/** The services that the use cases need between them; each takes its own part. */
export type TokenUseCaseDependencies = BlacklistDependencies &
  FlushDependencies &
  ObtainDependencies &
  OwnSessionsDependencies &
  RefreshDependencies &
  SlidingRefreshDependencies &
  VerifyDependencies;

export type TokenUseCases = ReturnType<typeof createTokenUseCases>;

/** Each is called with the request's context and its input; `flush`, which has no request, with the time. */
export function createTokenUseCases(deps: TokenUseCaseDependencies) {
  return {
    ...createObtain(deps),
    refresh: createRefresh(deps),
    slidingRefresh: createSlidingRefresh(deps),
    verify: createVerify(deps),
    introspect: createIntrospect(deps),
    blacklist: createBlacklist(deps),
    ...createOwnSessions(deps),
    flush: createFlush(deps),
  };
}
