// The model of the soak by itself: what it says that the gateway must answer.
import { describe, expect, it } from "vitest";
import { compareRows, type SessionRow } from "./comparison.ts";
import {
  accessVerdict,
  type HeldToken,
  isReuse,
  newUser,
  type Route,
  refreshVerdict,
  type SimulatedSession,
  type SimulatedUser,
} from "./model.ts";

const settings = { graceSeconds: 10, cachedSeconds: 6 };
const key = "0123456789abcdef01234567";
const at = (from: number, to = from) => ({ from, to });
const token = (counter: number, issuedAt: number): HeldToken => ({
  ...{ text: `token ${counter}`, jti: `${key}0000000${counter}` },
  ...{ issuedAt, expiresAt: issuedAt + 600 },
});

/** A user with a session that began at 1000 and was refreshed at 1100, up to a second later. */
function example(): { readonly user: SimulatedUser; readonly session: SimulatedSession } {
  const session: SimulatedSession = {
    ...{ id: `${key}00000000`, startedAt: 1000, current: token(1, 1100), ended: undefined },
    used: [{ ...token(0, 1000), used: at(1100, 1101) }],
    access: [{ text: "access", jti: "access", issuedAt: 1100, expiresAt: 1160 }],
  };
  const user = newUser("7", "ada", "correct horse");
  user.sessions.push(session);
  return { user, session };
}

describe("a refresh must", () => {
  const { user, session } = example();
  const used = session.used[0] ?? { ...session.current, used: at(0) };
  it.each([
    ["succeed with the current token", session.current, at(1200), "good"],
    ["succeed or be refused where the token expires meanwhile", session.current, at(1699, 1700), "either"],
    ["be refused with a token that has expired", session.current, at(1700), "refused"],
    ["succeed with a used token within the grace", used, at(1110), "good"],
    ["succeed or be refused where the grace ends at about that time", used, at(1111), "either"],
    ["be refused with a used token after the grace", used, at(1112), "refused"],
  ])("%s", (_, sent, when, verdict) => {
    expect(refreshVerdict(settings, user, session, sent, when)).toBe(verdict);
  });
  it("be refused for a session that has ended, and for a user who is not active", () => {
    const over = example();
    over.session.ended = { how: "log-out", at: at(1150) };
    expect(refreshVerdict(settings, over.user, over.session, over.session.current, at(1151))).toBe("refused");
    const off = example();
    off.user.isActive = false;
    expect(refreshVerdict(settings, off.user, off.session, off.session.current, at(1151))).toBe("refused");
  });
  it("end the session where it is reuse for sure", () => {
    expect(isReuse(settings, user, session, used, at(1111))).toBe(false);
    expect(isReuse(settings, user, session, used, at(1112))).toBe(true);
    expect(isReuse(settings, user, session, used, at(1600))).toBe(false);
  });
});

describe("a route must", () => {
  const verdicts = (user: SimulatedUser, session: SimulatedSession, when: ReturnType<typeof at>) => {
    const [access = session.current] = session.access;
    const routes: readonly Route[] = ["public", "off", "cached", "strict", "user"];
    return routes.map((route) => accessVerdict(settings, user, session, access, route, when));
  };
  it("take a token that is good, and refuse one that has expired", () => {
    const { user, session } = example();
    expect(verdicts(user, session, at(1120))).toEqual(["good", "good", "good", "good", "good"]);
    expect(verdicts(user, session, at(1160))).toEqual(["good", "refused", "refused", "refused", "refused"]);
  });
  it("refuse a token whose session has ended: at once, after a while, or never", () => {
    const { user, session } = example();
    session.ended = { how: "log-out", at: at(1120, 1121) };
    expect(verdicts(user, session, at(1127))).toEqual(["good", "good", "either", "refused", "refused"]);
    expect(verdicts(user, session, at(1128))).toEqual(["good", "good", "refused", "refused", "refused"]);
  });
  it("refuse a token from before a log-out everywhere, and either where it is of about that second", () => {
    const { user, session } = example();
    user.cutoff = { before: at(1101, 1102), at: at(1100, 1101) };
    expect(verdicts(user, session, at(1110))).toEqual(["good", "good", "refused", "refused", "refused"]);
    user.cutoff = { before: at(1100, 1101), at: at(1099, 1100) };
    expect(verdicts(user, session, at(1110))).toEqual(["good", "good", "either", "either", "either"]);
    user.cutoff = { before: at(1100, 1100), at: at(1099, 1100) };
    expect(verdicts(user, session, at(1110))).toEqual(["good", "good", "good", "good", "good"]);
  });
  it("ask for an active user only with auth = user", () => {
    const { user, session } = example();
    user.isActive = false;
    expect(verdicts(user, session, at(1120))).toEqual(["good", "good", "good", "good", "refused"]);
  });
});

describe("the comparison at the end", () => {
  const row: SessionRow = {
    ...{ id: key, counter: 1, user_id: "7", started_at: 1000, created_at: 1100, expires_at: 1700 },
    ...{ blacklisted_at: null, ended_at: null, session_version: 3, session: null, other_jti: null },
    ...{ user_version: 3, is_active: 1, issued_before: null },
  };
  const compare = (rows: readonly SessionRow[], { user }: { readonly user: SimulatedUser }) =>
    compareRows(rows, [user], 1200);

  it("counts a session that is as it must be", () => {
    expect(compare([row], example())).toEqual({ sessions: 1, ends: { live: 1 }, abandoned: 0, flushed: 0 });
  });
  it.each([
    ["is lost", [], "session 0123456789abcdef0123456700000000 of user 7 is in D1"],
    ["was rotated once more than its client knows", [{ ...row, counter: 2 }], "has its last token"],
    ["was rotated less often", [{ ...row, counter: 0 }], "has its last token"],
    ["has ended without its client", [{ ...row, ended_at: 1150 }], "is live"],
    ["has ended with its user's version", [{ ...row, user_version: 4 }], "is live"],
    ["is another user's", [{ ...row, user_id: "8" }], "is its user's"],
    ["is there twice", [row, { ...row, id: "f".repeat(24) }], "is one that nobody has begun"],
  ])("fails for a session that %s", (_, rows, says) => {
    expect(() => compare(rows, example())).toThrow(says);
  });
  it("fails for a session that goes on after its log-out", () => {
    const one = example();
    one.session.ended = { how: "log-out", at: at(1150) };
    expect(() => compare([row], one)).toThrow("is ended");
    expect(compare([{ ...row, ended_at: 1150 }], one).ends).toEqual({ "log-out": 1 });
  });
  it("takes what a log-in ended itself, in the second in which all its user's tokens were ended, and nothing like it", () => {
    const superseded = {
      ...row,
      id: "f".repeat(24),
      counter: 0,
      started_at: 1052,
      blacklisted_at: 1052,
      issued_before: 1053,
    };
    const others = [{ blacklisted_at: null }, { blacklisted_at: 1060 }, { counter: 1 }, { issued_before: 1052 }];
    expect(compare([row, superseded], example()).abandoned).toBe(0);
    for (const other of others) {
      expect(() => compare([row, { ...superseded, ...other }], example())).toThrow("is one that nobody has begun");
    }
  });
  it("takes one more session for each log-in whose client left, of that time", () => {
    const one = example();
    one.user.abandoned.push(at(1050, 1055));
    const left = { ...row, id: "f".repeat(24), counter: 0, started_at: 1052 };
    expect(compare([row, left], one).abandoned).toBe(1);
    expect(() => compare([row, left, { ...left, id: "e".repeat(24) }], one)).toThrow("is one that nobody has begun");
    expect(() => compare([row, { ...left, started_at: 1060 }], one)).toThrow("is one that nobody has begun");
  });
  it("lets the cron trigger delete a session that has expired", () => {
    const one = example();
    expect(compareRows([], [one.user], 1700)).toEqual({ sessions: 1, ends: { expired: 1 }, abandoned: 0, flushed: 1 });
  });
});
