// Tokens of one side, taken to the other.
// Must never compare a side with itself only: each sentence needs both.
import { deepEqual, equal, notEqual } from "node:assert/strict";
import type { Meeting } from "./meeting.ts";
import type { Report } from "./report.ts";
import { good, obtain, type Pair, refresh, refused, type Side, type WhoAmI } from "./side.ts";
import { claimsOf, headerOf, withOtherClaims } from "./token-text.ts";

/** Everything that has to hold for one algorithm and its settings. */
export async function proveTokens(report: Report, meeting: Meeting): Promise<void> {
  const { gateway, django } = meeting;
  const prove = (sentence: string, work: () => Promise<void>) =>
    report.prove(`${meeting.agreement.name}: ${sentence}`, work);
  const [ours, theirs] = [kept(meeting, gateway), kept(meeting, django)];

  await prove("a token from the gateway opens Django's own view, called directly", async () => {
    await opensDjango(meeting, (await ours()).access);
  });
  await prove(
    "a token from Django opens a route through the gateway; the origin sees the right X-User-Id",
    async () => {
      await opensGateway(meeting, (await theirs()).access);
    },
  );
  await prove("the two sides' tokens have the same header and the same claims", async () =>
    sameClaims(report, meeting, await ours(), await theirs()),
  );
  for (const [from, to, its] of [[gateway, django, ours] as const, [django, gateway, theirs] as const]) {
    await prove(
      `a refresh token from ${from.name} is refreshed at ${to.name}, and what it gives opens both`,
      async () => {
        const refreshed = await refresh(to, (await login(meeting, from)).refresh);
        await opensDjango(meeting, refreshed.access);
        await opensGateway(meeting, refreshed.access);
        // Rotated there, it may come back, and go there again.
        const back = await refresh(from, refreshed.refresh);
        await opensGateway(meeting, (await refresh(to, back.refresh)).access);
      },
    );
    await prove(`a refresh token from ${from.name} that ${to.name} has rotated is used up there`, async () => {
      const { refresh: first } = await login(meeting, from);
      await refresh(to, first);
      await refused(to, "/api/token/refresh/", { json: { refresh: first } });
    });
    await prove(`a refresh token from ${from.name} can be blacklisted at ${to.name}`, async () => {
      const pair = await login(meeting, from);
      await good(to, "/api/token/blacklist/", { json: { refresh: pair.refresh } });
      await refused(to, "/api/token/refresh/", { json: { refresh: pair.refresh } });
      await refresh(from, pair.refresh);
      report.note("the two blacklists are apart: what one side has revoked or used up, the other still takes");
    });
    await prove(`${to.name} verifies the tokens of ${from.name}`, async () => {
      const pair = await its();
      for (const token of [pair.access, pair.refresh]) await good(to, "/api/token/verify/", { json: { token } });
    });
    await prove(`a token from ${from.name} with changed claims opens neither side`, async () => {
      const pair = await its();
      const forged = withOtherClaims(pair.access, { [userIdClaim(meeting)]: "999999" });
      for (const side of [gateway, django]) {
        await refused(side, "/api/whoami/", { token: forged });
        // A refresh token is no access token.
        await refused(side, "/api/whoami/", { token: pair.refresh });
      }
    });
  }
}

const login = (meeting: Meeting, side: Side) => obtain(side, meeting.ada.username, meeting.ada.password);

/** One pair for all sentences that do not use up its refresh token: log-ins are slow by design. */
function kept(meeting: Meeting, side: Side): () => Promise<Pair> {
  let pair: Promise<Pair> | undefined;
  return () => {
    pair ??= login(meeting, side);
    return pair;
  };
}

const userIdClaim = (meeting: Meeting) => String(meeting.agreement.settings.USER_ID_CLAIM ?? "user_id");

async function opensDjango({ django, ada }: Meeting, token: string): Promise<void> {
  const { id, username, x_user_id } = await good<WhoAmI>(django, "/api/whoami/", { token });
  deepEqual({ id, username, x_user_id }, { id: ada.id, username: ada.username, x_user_id: null });
}

/** Both kinds of protected routes; Django behind them reads the same token for itself. */
async function opensGateway({ gateway, ada, adaUserId }: Meeting, token: string): Promise<void> {
  for (const path of ["/api/whoami/", "/api/member/whoami/"]) {
    const { id, username, x_user_id } = await good<WhoAmI>(gateway, path, { token });
    deepEqual({ id, username, x_user_id }, { id: ada.id, username: ada.username, x_user_id: adaUserId });
  }
}

/** Names, order, kinds of values and lifetimes; an integer user id of an older Simple JWT is noted. */
function sameClaims(report: Report, meeting: Meeting, ours: Pair, theirs: Pair): void {
  for (const kind of ["access", "refresh"] as const) {
    deepEqual(headerOf(ours[kind]), headerOf(theirs[kind]));
    const [one, other] = [claimsOf(ours[kind]), claimsOf(theirs[kind])];
    deepEqual(Object.keys(one).toSorted(), Object.keys(other).toSorted());
    equal(Number(one.exp) - Number(one.iat), Number(other.exp) - Number(other.iat));
    notEqual(one.jti, other.jti);
    const [oneId, otherId] = [one[userIdClaim(meeting)], other[userIdClaim(meeting)]];
    equal(String(oneId), String(otherId));
    if (typeof oneId !== typeof otherId) {
      report.note(
        `${userIdClaim(meeting)} is ${JSON.stringify(otherId)} (${typeof otherId}) in this Django's tokens, ` +
          `${JSON.stringify(oneId)} (${typeof oneId}) in the gateway's; each side reads both`,
      );
    }
    const volatile = { exp: 0, iat: 0, jti: "", [userIdClaim(meeting)]: "" };
    deepEqual({ ...one, ...volatile }, { ...other, ...volatile });
  }
}
