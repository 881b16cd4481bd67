// Which id the next user gets, as SQL that the Worker and the commands share.
// Must never be an id that a deleted user had: tokens and the API's own rows may still name it.

/**
 * One more than the highest id that was ever given out. SQLite alone would give the highest one out again after its user
 * was deleted. Deleting a user writes a cut-off, and the highest cut-off stays for as long as no user has a higher id
 * (forgetCutoffs).
 */
export const nextUserId =
  "(SELECT COALESCE(MAX(id), 0) + 1 FROM (SELECT MAX(id) AS id FROM users UNION ALL SELECT MAX(user_id) FROM user_cutoffs))";

/** Deletes cut-offs that have expired before ?1, but for those by which the highest id is known. */
export const forgetCutoffs =
  "DELETE FROM user_cutoffs WHERE expires_at < ?1 AND user_id <= (SELECT COALESCE(MAX(id), 0) FROM users)";
