// How an id of another issuer's is written among ours: where tokens and users are ended, in D1 and in KV.

/**
 * The id of a token or of a user of another issuer. It has a space behind the issuer, which no encoded text has, so that no
 * two pairs are one, and none is an id that a token of ours has.
 *
 * @param issuer well-formed, as ISSUERS has it
 */
export const foreignKey = (issuer: string, id: string): string => `${encodeURIComponent(issuer)} ${id}`;

/** Whether an id is such a one. */
export const isForeignKey = (id: string): boolean => id.includes(" ");

/** The same as SQL. @param column of ids, which may be NULL */
export const isForeignKeySql = (column: string): string => `COALESCE(instr(${column}, ' ') > 0, false)`;
