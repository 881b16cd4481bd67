// Until when an end is remembered: for as long as anything that it has ended could be used.
import { expect, it } from "vitest";
import { endedUntilSeconds, userEndedUntilSeconds } from "../../src/sessions/end-sessions.ts";
import { settingsOf } from "../support/settings.ts";

const now = 1_700_000_000;
const lifetimes = { ACCESS_TOKEN_LIFETIME: 300, REFRESH_TOKEN_LIFETIME: 86_400, LEEWAY: 10 };
const idp = { issuer: "https://idp.example/", jwks: "https://idp.example/jwks", audience: "api" };
const entry = (more: object) => ({ ...idp, ...more });
const reissue = { user: "alternate_id" };

it.each<[string, readonly object[], number]>([
  ["without other issuers", [], 86_410],
  ["with one whose users are none of ours", [entry({ max_age: "90d" })], 86_410],
  ["with one whose tokens end earlier", [entry({ reissue, max_age: "1h" })], 86_410],
  ["with max_age and the leeway of 5 s", [entry({ reissue, max_age: "90d" })], 7_776_005],
  ["with max_age and another leeway", [entry({ reissue, max_age: 7_776_000, leeway: "1m" })], 7_776_060],
  ["without max_age", [entry({ reissue, leeway: "1m" })], 2_592_000],
  ["with the longest of several", [entry({ reissue, max_age: "2d" }), entry({ reissue, max_age: "3d" })], 259_205],
])("that of a user %s", (_, ISSUERS, seconds) => {
  const settings = settingsOf({ ...lifetimes, ISSUERS });
  expect(userEndedUntilSeconds(settings, now) - now).toBe(seconds);
  expect(endedUntilSeconds(settings, now) - now).toBe(86_410);
});
