// The user of ours that a token of another issuer stands for: found by the rule of its issuer (`reissue`), or made.
// Must never find a user by a name, an address, or a claim that the rule does not name.
import { refuse } from "../errors.ts";
import type { Hooks } from "../hooks.ts";
import type { Log } from "../log-events.ts";
import type { UserMapping } from "../settings/issuers.ts";
import type { Settings } from "../settings/settings.ts";
import type { TokenStore, UserLookup } from "../stores/contract.ts";
import type { ForeignUserStore } from "../stores/foreign-users-contract.ts";
import type { ForeignIssuer, ForeignToken } from "../tokens/foreign-issuer.ts";
import { newUserIds } from "./new-user-ids.ts";
import { readKey } from "./primary-key.ts";
import { ownerOf, passesUserRule } from "./token-user.ts";
import type { User } from "./user.ts";
import type { UserEvents } from "./user-events.ts";
import { readUserId, userIdColumn } from "./user-id.ts";

/** The services that finding such a user needs. */
export interface ForeignUserDependencies {
  readonly settings: Settings;
  readonly hooks: Hooks;
  readonly tokens: Pick<TokenStore, "tokenStatus">;
  readonly foreignUsers: ForeignUserStore;
  readonly userEvents: UserEvents;
  readonly newUuid: () => string;
  readonly log: Log;
}

/** A token with the issuer that has verified it, and when and for which request. */
export interface ForeignUserInput {
  readonly issuer: ForeignIssuer;
  readonly token: ForeignToken;
  readonly mapping: UserMapping;
  /** A replica of the store may answer. */
  readonly mayBeStale: boolean;
  readonly nowSeconds: number;
  readonly requestId: string;
}

/** By what the user's row is found; undefined for a subject that no user can have. */
export function foreignLookup(settings: Settings, mapping: UserMapping, subject: string): UserLookup | undefined {
  const column = userIdColumn(settings);
  if (mapping.by === "prefix") {
    const value = readKey(mapping.prefix + subject, "text");
    return value === undefined || column === "username" ? undefined : { column, value };
  }
  const text = readKey(subject, "text");
  // Where tokens of ours name users by this column: as they do. But "07" is another user of its issuer than "7".
  const value = column !== "alternate_id" || readUserId(settings, subject) === text ? text : undefined;
  return value === undefined ? undefined : { column: "alternate_id", value };
}

/**
 * 1. The row; with `provision` it is written if there is none. 2. The user is active, and passes the deployer's rule. With
 * the reasons, and answers, that Simple JWT has for a user whom a token names.
 */
export async function foreignUser(deps: ForeignUserDependencies, input: ForeignUserInput): Promise<User> {
  const lookup = foreignLookup(deps.settings, input.mapping, input.token.subject) ?? refuse("user_not_found");
  const { user: found } = await deps.tokens.tokenStatus(undefined, lookup, input.mayBeStale);
  const user = found ?? (input.issuer.provision ? await madeUser(deps, input, lookup) : undefined);
  if (!user) return refuse("user_not_found");
  if (!(await passesUserRule(deps, user))) refuse("user_inactive");
  return user;
}

async function madeUser(
  { settings, foreignUsers, userEvents, newUuid, log }: ForeignUserDependencies,
  { issuer, token, nowSeconds, requestId }: ForeignUserInput,
  lookup: UserLookup,
): Promise<User | undefined> {
  const of = { issuer: issuer.issuer, subject: token.subject };
  const made = await foreignUsers.ensure({
    ...{ lookup, nowSeconds, issuedAtSeconds: token.issuedAtSeconds, ids: newUserIds(settings, newUuid) },
    notes: {
      event: userEvents.newEvent("user_changed", nowSeconds, of),
      audit: { atSeconds: nowSeconds, source: "issuer", action: "user_created", requestId, detail: of },
    },
  });
  if (made?.created) {
    log("foreign_user_created", { user_id: made.user.id, issuer: issuer.issuer }, requestId);
    userEvents.sendSoon(ownerOf(settings, made.user), nowSeconds);
  }
  return made?.user;
}
