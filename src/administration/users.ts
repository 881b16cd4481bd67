// What the admin page does to users: create, change, set a password, delete, end all tokens.
// Must never trust the page for what somebody may do, nor log or repeat a value that was typed.

import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { announceUserEnd, type EndingDependencies, userEndedUntilSeconds } from "../sessions/end-sessions.ts";
import type { Settings } from "../settings/settings.ts";
import type { Actor, AdminUserStore, Ending, UserFields } from "../stores/admin-contract.ts";
import type { AuditEntry } from "../stores/audit-contract.ts";
import type { LoginLimiter } from "../stores/contract.ts";
import type { EventType, NewEvent } from "../stores/events-contract.ts";
import { mayChange, mayGrant, ownLockOut } from "../users/admin-rights.ts";
import { hashPassword } from "../users/hash-password.ts";
import { refuseThrottledLogin } from "../users/login.ts";
import { newUserIds } from "../users/new-user-ids.ts";
import type { User, UserId } from "../users/user.ts";
import type { UserEvents } from "../users/user-events.ts";
import { namesAreIds } from "../users/user-id.ts";
import {
  emailError,
  fieldLabel,
  loginNameError,
  nameError,
  nulError,
  passwordError,
  passwordWeakness,
} from "../users/user-rules.ts";
import { type AuditDependencies, audit, auditEntry } from "./audit.ts";
import { type Admin, requireConfirmed } from "./sessions.ts";

/** The services that the administration of users needs. */
export interface UserAdministrationDependencies extends EndingDependencies, AuditDependencies {
  readonly loginLimiter: LoginLimiter | undefined;
  readonly newSalt: () => string;
  readonly newUuid: () => string;
  readonly admin: { readonly users: AdminUserStore };
  readonly userEvents: UserEvents;
}

export type FieldName = "username" | "first_name" | "last_name" | "email" | "password" | "password_again";

/** One sentence in Django's words for each field that is not good. */
export type FieldErrors = Readonly<Partial<Record<FieldName, string>>>;

export interface TypedPassword {
  readonly password: string;
  readonly again: string;
}

/** Done, with the user's id; or what is wrong with what was typed. */
export type Outcome = { readonly id: UserId } | { readonly errors: FieldErrors };

export interface UserAdministration {
  /**
   * With USERS_OWNER `origin` users are only deactivated and logged out here; all else is refused.
   *
   * 1. Rights. 2. The password was typed recently. 3. Fields and password. 4. Not too many hashes recently. 5. Write.
   */
  createUser(
    context: RequestContext,
    admin: Admin,
    typed: { readonly fields: UserFields; readonly password: TypedPassword },
  ): Promise<Outcome>;
  /**
   * 1. Rights; nobody locks themselves out. 2. Fields. 3. Other rights need a password that was typed recently. 4. Write
   * what differs. A user who is made inactive, or renamed where tokens name users by name, is logged out with it.
   */
  changeUser(context: RequestContext, admin: Admin, target: User, fields: UserFields): Promise<Outcome>;
  /** 1. Rights; nobody makes themselves inactive. 2. The password was typed recently. 3. Write; the tokens end with it. */
  deactivateUser(context: RequestContext, admin: Admin, target: User): Promise<void>;
  /**
   * 1. Rights. 2. The admin's own password was typed recently. 3. The new password. 4. Not too many hashes recently.
   * 5. Write; the tokens end with it unless they are kept.
   */
  setPassword(
    context: RequestContext,
    admin: Admin,
    target: User,
    typed: TypedPassword & { readonly endTokens: boolean },
  ): Promise<Outcome>;
  /** 1. Rights; nobody deletes themselves. 2. The password was typed recently. 3. End the tokens and delete the row. */
  deleteUser(context: RequestContext, admin: Admin, target: User): Promise<void>;
  /** Ends all tokens of the user so far, and the user's sessions of the admin page. */
  logOutUser(context: RequestContext, admin: Admin, target: User): Promise<void>;
}

export function createUserAdministration(deps: UserAdministrationDependencies): UserAdministration {
  const { settings, admin: stores, newSalt, newUuid, userEvents } = deps;

  /** A hash is what costs CPU here: counted with the log-ins, by the admin who asks for it. */
  async function limitHashing(admin: Admin): Promise<void> {
    const { loginLimiter } = deps;
    if (loginLimiter && !(await loginLimiter.allows([`admin:${admin.user.id}`]))) {
      refuseThrottledLogin(settings);
    }
  }

  /** What USERS_OWNER leaves to the API. */
  const refuseUnlessOwner = () => {
    if (settings.USERS_OWNER === "origin") refuse("users_owned_by_origin");
  };

  /** Whether somebody else has the name but for its case. */
  const isNameTaken = async (username: string, except: UserId | undefined) =>
    settings.USERNAME_CASE === "insensitive" && (await stores.users.isNameTaken(username, except));

  const taken: FieldErrors = {
    username: `A user with that ${fieldLabel(settings.USERNAME_FIELD).toLowerCase()} already exists.`,
  };

  const actorOf = ({ user }: Admin): Actor => ({
    isSuperuser: user.is_superuser,
    namesAreIds: namesAreIds(settings),
  });

  /** The store of users, whose next change is noted in the audit log and told to the API; and what sends it after the answer. */
  const telling = (
    context: RequestContext,
    { type, data }: { readonly type: EventType; readonly data?: NewEvent["data"] },
    entry: AuditEntry,
  ) => ({
    users: stores.users.withNotes({ event: userEvents.newEvent(type, context.nowSeconds, data), audit: entry }),
    send: (id: UserId) => userEvents.sendSoon({ column: "id", value: id }, context.nowSeconds),
  });

  /** All tokens up to and including this second. */
  const endingNow = ({ nowSeconds }: RequestContext): Ending => ({
    issuedBeforeSeconds: nowSeconds + 1,
    untilSeconds: userEndedUntilSeconds(settings, nowSeconds),
    nowSeconds,
  });

  return {
    async createUser(context, admin, { fields: typed, password }) {
      refuseUnlessOwner();
      const fields = withEmail(settings, typed);
      refuseUngranted(admin.user, fields, { is_staff: false, is_superuser: false });
      requireConfirmed(admin, context.nowSeconds);
      const errors = { ...userErrors(settings, fields), ...passwordErrors(password, fields.username) };
      if (Object.keys(errors).length > 0) return { errors };
      if (await isNameTaken(fields.username, undefined)) return { errors: taken };
      await limitHashing(admin);
      const row = {
        ...fields,
        password: await hashPassword(password.password, newSalt()),
        date_joined: new Date(context.nowSeconds * 1000).toISOString(),
      };
      const { users, send } = telling(
        context,
        { type: "user_changed", data: fields },
        auditEntry(context, admin, "user_created"),
      );
      const created = await users.create(row, newUserIds(settings, newUuid));
      if (created === "taken") return { errors: taken };
      audit(deps, { context, admin }, "admin_user_created", { user_id: created.id });
      send(created.id);
      return created;
    },

    async changeUser(context, admin, target, typed) {
      refuseUnlessOwner();
      const fields = withEmail(settings, typed);
      if (!mayChange(admin.user, target)) refuse("permission_denied");
      refuseUngranted(admin.user, fields, target);
      if (ownLockOut(admin.user, target, fields).length > 0) refuse("permission_denied");
      const errors = userErrors(settings, fields);
      if (Object.keys(errors).length > 0) return { errors };
      const changed = changedFields(target, fields);
      if (changed.length === 0) return { id: target.id };
      if (changed.some((name) => rightsFields.includes(name))) requireConfirmed(admin, context.nowSeconds);
      if (changed.includes("username") && (await isNameTaken(fields.username, target.id))) return { errors: taken };
      const renamed = namesAreIds(settings) && fields.username !== target.username;
      const ending = renamed || (target.is_active && !fields.is_active) ? endingNow(context) : undefined;
      const entry = auditEntry(context, admin, "user_changed", { fields: changed, tokens_ended: ending !== undefined });
      const { users, send } = telling(context, { type: "user_changed", data: pick(fields, changed) }, entry);
      const outcome = await users.change(target.id, fields, actorOf(admin), ending);
      if (outcome === "taken") return { errors: taken };
      if (outcome === "gone") refuse("no_route");
      if (ending) await announceUserEnd(deps, target, ending);
      const written = { user_id: target.id, fields: changed, tokens_ended: ending !== undefined };
      audit(deps, { context, admin }, "admin_user_changed", written);
      send(target.id);
      return { id: target.id };
    },

    async deactivateUser(context, admin, target) {
      if (!mayChange(admin.user, target) || admin.user.id === target.id) refuse("permission_denied");
      requireConfirmed(admin, context.nowSeconds);
      const ending = endingNow(context);
      const entry = auditEntry(context, admin, "user_changed", { fields: ["is_active"], tokens_ended: true });
      const { users, send } = telling(context, { type: "user_changed", data: { is_active: false } }, entry);
      if ((await users.deactivate(target.id, actorOf(admin), ending)) !== "done") refuse("no_route");
      await announceUserEnd(deps, target, ending);
      const written = { user_id: target.id, fields: ["is_active"], tokens_ended: true };
      audit(deps, { context, admin }, "admin_user_changed", written);
      send(target.id);
    },

    async setPassword(context, admin, target, typed) {
      refuseUnlessOwner();
      if (!mayChange(admin.user, target)) refuse("permission_denied");
      requireConfirmed(admin, context.nowSeconds);
      const errors = passwordErrors(typed, target.username);
      if (Object.keys(errors).length > 0) return { errors };
      await limitHashing(admin);
      const hash = await hashPassword(typed.password, newSalt());
      const ending = typed.endTokens ? endingNow(context) : undefined;
      const entry = auditEntry(context, admin, "password_set", { tokens_ended: ending !== undefined });
      const { users, send } = telling(context, { type: "user_changed", data: { password_changed: true } }, entry);
      const outcome = await users.setPassword(target.id, hash, actorOf(admin), ending);
      if (outcome !== "done") refuse("no_route");
      if (ending) await announceUserEnd(deps, target, ending);
      const written = { user_id: target.id, tokens_ended: ending !== undefined };
      audit(deps, { context, admin }, "admin_password_set", written);
      send(target.id);
      return { id: target.id };
    },

    async deleteUser(context, admin, target) {
      refuseUnlessOwner();
      if (!mayChange(admin.user, target) || admin.user.id === target.id) refuse("permission_denied");
      requireConfirmed(admin, context.nowSeconds);
      const ending = endingNow(context);
      const { users, send } = telling(context, { type: "user_deleted" }, auditEntry(context, admin, "user_deleted"));
      if ((await users.remove(target.id, actorOf(admin), ending)) !== "done") refuse("no_route");
      await announceUserEnd(deps, target, ending);
      audit(deps, { context, admin }, "admin_user_deleted", { user_id: target.id });
      send(target.id);
    },

    async logOutUser(context, admin, target) {
      if (!mayChange(admin.user, target)) refuse("permission_denied");
      const ending = endingNow(context);
      const { users, send } = telling(
        context,
        { type: "logout", data: { all: true } },
        auditEntry(context, admin, "user_logged_out"),
      );
      if ((await users.end(target.id, actorOf(admin), ending)) !== "done") refuse("no_route");
      await announceUserEnd(deps, target, ending);
      audit(deps, { context, admin }, "admin_user_logged_out", { user_id: target.id });
      send(target.id);
    },
  };
}

type Granted = Pick<User, "is_staff" | "is_superuser">;

function refuseUngranted(actor: User, next: Granted, now: Granted): void {
  const same = next.is_staff === now.is_staff && next.is_superuser === now.is_superuser;
  if (!same && !mayGrant(actor)) refuse("permission_denied");
}

/** The fields that decide whether somebody may log in, and what they may do. */
const rightsFields: readonly string[] = ["is_active", "is_staff", "is_superuser"];

/** Those fields alone. */
const pick = (fields: UserFields, names: ReadonlyArray<keyof UserFields>): Partial<UserFields> =>
  Object.fromEntries(names.map((name) => [name, fields[name]]));

function changedFields(target: User, fields: UserFields): Array<keyof UserFields> {
  const names = Object.keys(fields) as Array<keyof UserFields>;
  return names.filter((name) => fields[name] !== target[name]);
}

/** Where users log in with their e-mail address, that is one value. */
function withEmail({ USERNAME_FIELD }: Settings, fields: UserFields): UserFields {
  return USERNAME_FIELD === "email" ? { ...fields, email: fields.username } : fields;
}

function userErrors(settings: Settings, { username, first_name, last_name, email }: UserFields): FieldErrors {
  return present({
    username: loginNameError(settings.USERNAME_FIELD, username),
    first_name: nulError(first_name) ?? nameError(first_name),
    last_name: nulError(last_name) ?? nameError(last_name),
    email: settings.USERNAME_FIELD === "email" ? null : (nulError(email) ?? emailError(email)),
  });
}

/** As Django's admin: weak passwords are refused, whoever sets them. */
function passwordErrors({ password, again }: TypedPassword, username: string): FieldErrors {
  return present({
    password: passwordError(password) ?? passwordWeakness(password, username),
    password_again: password === again ? null : "The two password fields didn’t match.",
  });
}

function present(errors: Readonly<Partial<Record<FieldName, string | null>>>): FieldErrors {
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== null));
}
