// The user that a token names: which one that is, and whether they may still use the token.
// Must never be skipped by a use case that hands out a token.
import { timingSafeEqual } from "node:crypto";
import { refuse } from "../errors.ts";
import type { Hooks } from "../hooks.ts";
import type { Settings } from "../settings/settings.ts";
import type { Owner, UserLookup } from "../stores/contract.ts";
import type { SessionUser } from "../stores/token-state.ts";
import { type Claims, claim, pythonNumberText, pythonTruth } from "../tokens/claims.ts";
import { passwordFingerprint } from "./password-fingerprint.ts";
import { mayAuthenticate, type User } from "./user.ts";
import { readUserId, type UserIdColumn, type UserIdSettings, userIdColumn, userIdText } from "./user-id.ts";

/** The user that a claim names, by the column of USER_ID_FIELD; undefined when the value can name no user at all. */
export function userLookup(settings: Settings, value: unknown): UserLookup | undefined {
  const id = readUserId(settings, value);
  return id === undefined ? undefined : { column: userIdColumn(settings), value: id };
}

/** The user that a token names. */
export interface NamedUser {
  /** Whether there has to be such a user: Simple JWT does not look for one named by none, "", 0, null, []. */
  readonly wanted: boolean;
  /** "no user" also for a value that can name none; to be refused only after the token itself was checked. */
  readonly owner: Owner;
}

/** TokenRefreshSerializer looks for a user only where the claim's value is true to Python. */
export function namedUser(settings: Settings, claims: Claims): NamedUser {
  const value = claim(claims, settings.USER_ID_CLAIM);
  const wanted = pythonTruth(value);
  return { wanted, owner: (wanted ? userLookup(settings, value) : undefined) ?? "no user" };
}

/**
 * A user as tokens name them: what namedUser() finds in the claims of each of their tokens. A user without a value in that
 * column has no tokens.
 */
export function ownerOf(settings: UserIdSettings, user: Pick<User, UserIdColumn>): UserLookup {
  const value = userIdText(settings, user);
  return value === undefined ? { column: "id", value: user.id } : { column: userIdColumn(settings), value };
}

/**
 * Refuses a token in a body whose claim is no UUID where users are named by one; a route answers that there is no such
 * user. Values that are neither text nor a number are left to the checks of the user.
 */
export function refuseMalformedUserId(settings: Settings, claims: Claims): void {
  const value = claim(claims, settings.USER_ID_CLAIM);
  if (settings.USER_ID_TYPE !== "uuid" || userLookup(settings, value)) return;
  const text = typeof value === "string" ? value : pythonNumberText(value);
  if (text !== undefined) refuse("token_user_id_malformed", { names: text });
}

/** The services that the checks need. */
export interface UserCheckDependencies {
  readonly settings: Settings;
  readonly hooks: Hooks;
}

/** USER_AUTHENTICATION_RULE: the hook's, or Simple JWT's default. */
export async function passesUserRule({ settings, hooks }: UserCheckDependencies, user: User): Promise<boolean> {
  const rule = hooks.userMayAuthenticate ?? ((one: User) => mayAuthenticate(settings, one));
  return await rule(user, settings);
}

/**
 * At refresh (TokenRefreshSerializer): one text for a user who is gone and one who may not.
 *
 * @param whole the user's whole row, which the hook needs
 */
export async function checkRefreshingUser(
  { settings, hooks }: UserCheckDependencies,
  user: SessionUser | undefined,
  whole: User | undefined,
): Promise<void> {
  if (!user) refuse("refresh_user_refused");
  const { userMayAuthenticate: rule } = hooks;
  const may = rule ? whole !== undefined && (await rule(whole, settings)) : mayAuthenticate(settings, user);
  if (!may) refuse("refresh_user_refused");
}

/** At a route (JWTAuthentication.get_user): a reason for each. */
export function checkRouteUser({ settings }: { readonly settings: Settings }, claims: Claims, user: User | undefined) {
  if (!user) refuse("user_not_found");
  if (settings.CHECK_USER_IS_ACTIVE && !user.is_active) refuse("user_inactive");
  if (hasOldPassword(settings, claims, () => passwordFingerprint(user.password))) refuse("user_password_changed");
  return user;
}

/** CHECK_REVOKE_TOKEN: the token was made for another password than the user has now. @param fingerprint of that one */
export function hasOldPassword(settings: Settings, claims: Claims, fingerprint: () => string): boolean {
  if (!settings.CHECK_REVOKE_TOKEN) return false;
  return !isFingerprint(claim(claims, settings.REVOKE_TOKEN_CLAIM), fingerprint());
}

/** Compared in constant time. */
function isFingerprint(value: unknown, fingerprint: string): boolean {
  const right = Buffer.from(fingerprint);
  const given = Buffer.from(typeof value === "string" ? value : "");
  return given.length === right.length && timingSafeEqual(given, right);
}
