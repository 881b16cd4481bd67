// Several users at once: each wholly or not at all, and what the store does not answer is said and not guessed.
import { expect, it } from "vitest";
import { createSelectedUsers } from "../../src/administration/selected-users.ts";
import { type Reason, refuse } from "../../src/errors.ts";
import { reasonOf } from "../support/context.ts";
import { requestAt } from "../support/services.ts";
import { baseUser } from "../support/users.ts";

const now = 1_700_000_000;
const context = requestAt(now);
const users = ["1", "2", "3", "4"].map((id) => ({ ...baseUser, id, username: `user-${id}`, is_active: true }));
const actor = { ...baseUser, id: "9", username: "actor", is_staff: true };
const admin = { user: actor, idHash: "hash", confirmedAtSeconds: now };
const ids = users.map(({ id }) => id);

/** @param failing the users whose change is refused, and with what reason */
function withRefusals(failing: Readonly<Record<string, Reason>>) {
  const changed: string[] = [];
  const change = async (_: unknown, __: unknown, { id }: { readonly id: string }) => {
    const reason = failing[id];
    if (reason !== undefined) refuse(reason);
    changed.push(id);
  };
  const { changeSelected } = createSelectedUsers({
    admin: { users: { byIds: async () => users } },
    users: { deactivateUser: change, logOutUser: change },
  });
  return { changeSelected, changed };
}

it("who changed between the look and the change is skipped, and the others are done", async () => {
  const { changeSelected, changed } = withRefusals({ 2: "no_route", 3: "permission_denied" });
  const report = await changeSelected(context, admin, { action: "end", ids });
  expect(report.map(({ id, skipped }) => [id, skipped])).toEqual([
    ["1", undefined],
    ["2", "changed"],
    ["3", "changed"],
    ["4", undefined],
  ]);
  expect(changed).toEqual(["1", "4"]);
});

it("when the store fails, that one is reported as unknown, and what comes after is not tried", async () => {
  const { changeSelected, changed } = withRefusals({ 2: "store_unavailable" });
  const report = await changeSelected(context, admin, { action: "deactivate", ids });
  expect(report.map(({ id, skipped }) => [id, skipped])).toEqual([
    ["1", undefined],
    ["2", "failed"],
    ["3", "untried"],
    ["4", "untried"],
  ]);
  expect(changed).toEqual(["1"]);
});

it("without a password that was typed recently nobody is made inactive, and sessions are ended", async () => {
  const { changeSelected, changed } = withRefusals({});
  const unconfirmed = { ...admin, confirmedAtSeconds: now - 301 };
  expect(await reasonOf(() => changeSelected(context, unconfirmed, { action: "deactivate", ids }))).toBe(
    "admin_confirmation_needed",
  );
  expect(changed).toEqual([]);
  await changeSelected(context, unconfirmed, { action: "end", ids: ["1"] });
  expect(changed).toContain("1");
});

it("any other failure is a failure of the whole", async () => {
  const { changeSelected } = withRefusals({ 1: "body_too_large" });
  expect(await reasonOf(() => changeSelected(context, admin, { action: "end", ids }))).toBe("body_too_large");
});
