// Everything that simulated users do, and how often.
// Must never leave a kind of request out that the model knows of.
import type { Turn } from "../turn.ts";
import { activate, changePassword, deactivate, deactivateDuringLogIn, logOutByApi, sendAgain } from "./by-api.ts";
import {
  breakUploadOff,
  download,
  leaveDownload,
  leaveSlowRoute,
  lookAtHealth,
  openSocketBadly,
  upload,
  uploadTooMuch,
  useApiThatBreaksOff,
  useBadToken,
  useDeadApi,
  useNewToken,
  useOldToken,
  usePublicRoute,
  useResettingApi,
  useSlowRoute,
  useToken,
  useTooSlowRoute,
  useWebSocket,
} from "./routes.ts";
import {
  endAnothers,
  endSession,
  leaveLogIn,
  leaveLogOut,
  leaveRefresh,
  listSessions,
  liveSessions,
  logIn,
  logInWrongly,
  logOut,
  logOutEverywhere,
  refreshEnded,
  refreshInTabs,
  refreshOnce,
  refreshTwice,
  refreshWhileEnding,
  refreshWhileLoggingOut,
  refreshWhileLoggingOutEverywhere,
  reuse,
  verify,
} from "./tokens.ts";

type Action = (turn: Turn) => Promise<void>;

/** How often, in relation to one another. A log-in takes 150 ms of CPU by design: what ends sessions is rare. */
export const actions: ReadonlyArray<readonly [share: number, action: Action]> = [
  [400, useToken],
  [30, useOldToken],
  [80, useNewToken],
  [60, useBadToken],
  [30, usePublicRoute],
  [80, refreshOnce],
  [25, refreshTwice],
  [25, refreshInTabs],
  [10, refreshEnded],
  [12, listSessions],
  [15, verify],
  [5, endAnothers],
  [3, logInWrongly],
  [25, upload],
  [8, uploadTooMuch],
  [12, breakUploadOff],
  [15, download],
  [10, leaveDownload],
  [15, useSlowRoute],
  [6, leaveSlowRoute],
  [4, useTooSlowRoute],
  [8, useDeadApi],
  [8, useResettingApi],
  [8, useApiThatBreaksOff],
  [15, useWebSocket],
  [6, openSocketBadly],
  [2, lookAtHealth],
  // What ends sessions, or may.
  [4, logOut],
  [2, endSession],
  [1, logOutEverywhere],
  [2, reuse],
  [8, leaveRefresh],
  [1, leaveLogIn],
  [1, leaveLogOut],
  [3, refreshWhileLoggingOut],
  [1, refreshWhileEnding],
  [1, refreshWhileLoggingOutEverywhere],
  [1, deactivate],
  [1, changePassword],
  [2, sendAgain],
  [1, logOutByApi],
  [1, deactivateDuringLogIn],
];

/** What users choose from. */
export interface Choice {
  readonly actions: typeof actions;
  /** The sum of all shares. */
  readonly shares: number;
}

/** @param names of the actions to choose from; all of them where there are none */
export function choiceOf(names: readonly string[]): Choice {
  const chosen = actions.filter(([, { name }]) => names.length === 0 || names.includes(name));
  return { actions: chosen, shares: chosen.reduce((sum, [share]) => sum + share, 0) };
}

const mostSessions = 3;

/** What a user does next: log in where there are few sessions, come back where they were deactivated, else any of it. */
export function nextAction(turn: Turn, { actions: chosen, shares }: Choice): Action {
  const { user, random } = turn;
  if (!user.isActive) return random.pick([activate, logIn, useOldToken, refreshEnded, useNewToken]) ?? activate;
  const live = liveSessions(turn).length;
  if (live === 0 || (live < mostSessions && random.happens(0.02))) return logIn;
  let at = random.below(shares);
  for (const [share, action] of chosen) {
    at -= share;
    if (at < 0) return action;
  }
  return useToken;
}
