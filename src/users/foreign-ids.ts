// Ids that users of other issuers have among ours (`reissue` with a prefix): our own tokens name nobody by one.
import type { IssuerSettings } from "../settings/issuers.ts";
import type { Settings } from "../settings/settings.ts";
import { readUserId } from "./user-id.ts";

/**
 * Whether the user that a claim of our own token names is one of another issuer's: read as the column of users is, since a
 * number can be text there.
 */
export function foreignIds(
  settings: Settings,
  issuers: readonly Pick<IssuerSettings, "mapping">[],
): (userId: unknown) => boolean {
  const prefixes = issuers.flatMap(({ mapping }) => (mapping?.by === "prefix" ? [mapping.prefix] : []));
  if (prefixes.length === 0) return () => false;
  return (userId) => {
    const id = readUserId(settings, userId);
    // A list is no id, but X-User-Id has its only item as it would have an id.
    if (id === undefined) return typeof userId === "object" && userId !== null;
    return prefixes.some((prefix) => id.startsWith(prefix));
  };
}
