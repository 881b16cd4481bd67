// What has to happen once, or all of it or nothing: rotate() and recordLogin() against a real D1.

import { describe, expect, test, vi } from "vitest";
import { d1Tokens } from "../../../src/stores/d1/tokens.ts";
import { DB } from "../../support/bindings.ts";
import { reasonOf } from "../../support/context.ts";
import { freshId, outstandingToken, rowOf } from "../../support/rows.ts";
import { addUser, columnOf } from "../../support/users.ts";

const now = 1_700_000_100;
const logged: unknown[] = [];
const tokens = d1Tokens(DB, (...entry) => void logged.push(entry));

const successorsOf = async (jtis: readonly string[]) =>
  (await Promise.all(jtis.map(rowOf))).filter((row) => row !== null).map((row) => row.jti);

describe("rotate()", () => {
  test("uses up the old token and writes its successor down", async () => {
    const user = await addUser();
    const used = outstandingToken({ userId: user.id });
    const successor = outstandingToken({ userId: user.id, createdAtSeconds: now, expiresAtSeconds: now + 86_400 });
    await tokens.insert("no user", used);
    expect((await tokens.rotate("no user", { used, successor }, now)).won).toBe(true);
    expect(await rowOf(used.jti)).toMatchObject({
      blacklisted_at: now,
      successor_jti: successor.jti,
      user_id: user.id,
    });
    expect(await rowOf(successor.jti)).toMatchObject({
      ...{ jti: successor.jti, token_type: "refresh", user_id: user.id, created_at: now, expires_at: now + 86_400 },
      ...{ blacklisted_at: null, successor_jti: null },
    });
  });

  test("does the same with a token that was never written down", async () => {
    const used = outstandingToken();
    const successor = outstandingToken();
    expect((await tokens.rotate("no user", { used, successor }, now)).won).toBe(true);
    expect(await rowOf(used.jti)).toMatchObject({ blacklisted_at: now, successor_jti: successor.jti });
    expect(await rowOf(successor.jti)).not.toBeNull();
  });

  test.each(["written down", "never written down"])(
    "lets exactly one of twenty calls win that race with one token %s",
    async (how) => {
      const used = outstandingToken();
      if (how === "written down") await tokens.insert("no user", used);
      const successors = Array.from({ length: 20 }, () => outstandingToken());
      const answers = await Promise.all(
        successors.map((successor) => tokens.rotate("no user", { used, successor }, now)),
      );
      expect(answers.filter(({ won }) => won)).toHaveLength(1);
      const winner = successors[answers.findIndex(({ won }) => won)]?.jti;
      expect(await successorsOf(successors.map(({ jti }) => jti))).toEqual([winner]);
      expect(await rowOf(used.jti)).toMatchObject({ successor_jti: winner });
    },
  );

  test("lets either a rotation or a blacklisting win, never both", async () => {
    const used = outstandingToken();
    const successor = outstandingToken();
    await tokens.insert("no user", used);
    const [rotated, blacklisted] = await Promise.all([
      tokens.rotate("no user", { used, successor }, now),
      tokens.blacklist("no user", used, now),
    ]);
    expect(rotated.won).toBe(!blacklisted);
    expect(await successorsOf([successor.jti])).toEqual(rotated.won ? [successor.jti] : []);
  });

  test("does nothing with a token that is blacklisted", async () => {
    const used = outstandingToken();
    const successor = outstandingToken();
    await tokens.blacklist("no user", used, now - 1);
    const before = await rowOf(used.jti);
    expect((await tokens.rotate("no user", { used, successor }, now)).won).toBe(false);
    expect(await rowOf(used.jti)).toEqual(before);
    expect(await rowOf(successor.jti)).toBeNull();
  });

  test("leaves the old token good when the successor cannot be written down", async () => {
    const used = outstandingToken();
    const taken = outstandingToken();
    await tokens.insert("no user", used);
    await tokens.insert("no user", taken);
    expect(await reasonOf(() => tokens.rotate("no user", { used, successor: taken }, now))).toBe("store_unavailable");
    expect(await rowOf(used.jti)).toMatchObject({ blacklisted_at: null, successor_jti: null });
    expect(await tokens.isBlacklisted("no user", used.jti)).toBe(false);
  });

  test("leaves NULL for a user who is gone", async () => {
    const used = outstandingToken({ userId: "987654321" });
    const successor = outstandingToken({ userId: "987654321" });
    expect((await tokens.rotate("no user", { used, successor }, now)).won).toBe(true);
    expect(await rowOf(successor.jti)).toMatchObject({ user_id: null });
  });

  test("goes along a chain, each link once", async () => {
    const chain = [outstandingToken(), outstandingToken(), outstandingToken()] as const;
    expect((await tokens.rotate("no user", { used: chain[0], successor: chain[1] }, now)).won).toBe(true);
    expect((await tokens.rotate("no user", { used: chain[1], successor: chain[2] }, now)).won).toBe(true);
    expect((await tokens.rotate("no user", { used: chain[0], successor: outstandingToken() }, now)).won).toBe(false);
    expect(await Promise.all(chain.map(({ jti }) => tokens.isBlacklisted("no user", jti)))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("recordLogin()", () => {
  const nothing = { token: undefined, newHash: undefined, lastLogin: undefined };

  test("writes token, hash and last_login in one round trip", async () => {
    const user = await addUser({ password: "old" });
    const token = outstandingToken({ userId: user.id });
    const batch = vi.spyOn(DB, "batch");
    await tokens.recordLogin("no user", {
      userId: user.id,
      token,
      newHash: { checked: "old", better: "new" },
      lastLogin: "2024-05-06T07:08:09.000Z",
    });
    expect(batch).toHaveBeenCalledTimes(1);
    batch.mockRestore();
    expect(await rowOf(token.jti)).toMatchObject({ user_id: user.id, blacklisted_at: null });
    expect(await columnOf(user.id, "password")).toBe("new");
    expect(await columnOf(user.id, "last_login")).toBe("2024-05-06T07:08:09.000Z");
  });

  test("writes only what there is", async () => {
    const user = await addUser({ password: "old" });
    const token = outstandingToken({ userId: user.id });
    await tokens.recordLogin("no user", { ...nothing, userId: user.id, token });
    expect(await rowOf(token.jti)).not.toBeNull();
    expect(await columnOf(user.id, "password")).toBe("old");
    expect(await columnOf(user.id, "last_login")).toBeNull();
  });

  test("looks at the user after it has written, and when there is nothing to write, too", async () => {
    const user = await addUser({ password: "old" });
    const newHash = { checked: "old", better: "new" };
    const account = { user: { ...user, password: "new" }, issuedBeforeSeconds: 0 };
    expect(await tokens.recordLogin("no user", { ...nothing, userId: user.id, newHash })).toEqual(account);
    expect(await tokens.recordLogin("no user", { ...nothing, userId: user.id })).toEqual(account);
    expect(await tokens.recordLogin("no user", { ...nothing, userId: "987654321" })).toEqual({
      ...{ user: undefined, issuedBeforeSeconds: 0 },
    });
  });

  test("a better hash of the same password does not raise the version", async () => {
    const user = await addUser({ password: "old" });
    await tokens.recordLogin("no user", { ...nothing, userId: user.id, newHash: { checked: "old", better: "new" } });
    expect(await DB.prepare("SELECT session_version FROM users WHERE id = ?").bind(user.id).first()).toEqual({
      session_version: 0,
    });
  });

  test("keeps a password that was changed while the old one was checked", async () => {
    const user = await addUser({ password: "changed meanwhile" });
    await tokens.recordLogin("no user", { ...nothing, userId: user.id, newHash: { checked: "old", better: "new" } });
    expect(await columnOf(user.id, "password")).toBe("changed meanwhile");
  });

  test("touches no other user", async () => {
    const [user, other] = [await addUser({ password: "same" }), await addUser({ password: "same" })];
    const newHash = { checked: "same", better: "new" };
    await tokens.recordLogin("no user", {
      userId: user.id,
      token: undefined,
      newHash,
      lastLogin: "2024-01-01T00:00:00.000Z",
    });
    expect(await columnOf(other.id, "password")).toBe("same");
    expect(await columnOf(other.id, "last_login")).toBeNull();
  });

  test("writes all of it or nothing", async () => {
    const user = await addUser({ password: "old" });
    const token = outstandingToken({ userId: user.id });
    await DB.prepare(
      `CREATE TRIGGER stop_${freshId()} BEFORE UPDATE OF last_login ON users WHEN NEW.id = '${user.id}' BEGIN SELECT RAISE(ABORT, 'stop'); END`,
    ).run();
    const record = { userId: user.id, token, newHash: { checked: "old", better: "new" }, lastLogin: "2024" };
    expect(await reasonOf(() => tokens.recordLogin("no user", record))).toBe("store_unavailable");
    expect(await rowOf(token.jti)).toBeNull();
    expect(await columnOf(user.id, "password")).toBe("old");
  });
});
