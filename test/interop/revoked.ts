// CHECK_REVOKE_TOKEN: a token is good for the password that it was made for, whichever side made it.
// Must never run against a Simple JWT that does not know the setting: it would not write the claim.
import { deepEqual } from "node:assert/strict";
import type { Meeting } from "./meeting.ts";
import { changePassword } from "./passwords.ts";
import type { Report } from "./report.ts";
import { takeRows } from "./rows.ts";
import { obtain, refused } from "./side.ts";

export async function proveRevocationByPassword(report: Report, meeting: Meeting): Promise<void> {
  const { gateway, django, djangoDatabase, ada, agreement } = meeting;
  await report.prove(`${agreement.name}: a changed password ends the tokens of both sides at both`, async () => {
    const tokens = [
      (await obtain(gateway, ada.username, ada.password)).access,
      (await obtain(django, ada.username, ada.password)).access,
    ];
    await changePassword(meeting, ada.username, "another password entirely");
    await djangoDatabase.load(await takeRows(gateway.database));
    for (const token of tokens) {
      const direct = await refused(django, "/api/whoami/", { token });
      deepEqual(await refused(gateway, "/api/member/whoami/", { token }), direct);
    }
  });
}
