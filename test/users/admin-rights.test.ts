// Who may do what on the admin page.
import { describe, expect, it } from "vitest";
import { mayAdminister, mayChange, mayGrant, ownLockOut } from "../../src/users/admin-rights.ts";
import { baseUser } from "../support/users.ts";

const staff = { ...baseUser, id: "1", is_staff: true };
const boss = { ...staff, id: "2", is_superuser: true };

describe("mayAdminister()", () => {
  it.each([
    [{}, false],
    [{ is_staff: true }, true],
    [{ is_staff: true, is_active: false }, false],
    [{ is_superuser: true }, false],
  ])("of a user with %j is %s", (change, may) => {
    expect(mayAdminister({ ...baseUser, ...change })).toBe(may);
  });
});

it("superusers change everybody, others nobody who is a superuser", () => {
  expect([mayChange(boss, boss), mayChange(boss, staff), mayChange(staff, staff), mayChange(staff, boss)]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

it("superusers alone make staff and superusers", () => {
  expect([mayGrant(boss), mayGrant(staff)]).toEqual([true, false]);
});

describe("ownLockOut()", () => {
  const none = { is_active: false, is_staff: false, is_superuser: false };
  it("names what somebody would take from themselves", () => {
    expect(ownLockOut(boss, boss, none)).toEqual(["is_active", "is_staff", "is_superuser"]);
    expect(ownLockOut(staff, staff, none)).toEqual(["is_active", "is_staff"]);
    expect(ownLockOut(boss, boss, { ...boss, is_staff: false })).toEqual(["is_staff"]);
  });
  it("has nothing against what stays, nor against what is done to others", () => {
    expect([ownLockOut(boss, boss, boss), ownLockOut(boss, staff, none)]).toEqual([[], []]);
  });
});
