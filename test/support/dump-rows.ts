// Rows of a Django dump: one baseline of each model, and the fields that a test changes.
// Must never hold anything but made-up values.
import { type Dump, type DumpTerms, openDump } from "../../scripts/import-django/dump.ts";
import { openRowSplitter } from "../../scripts/import-django/row-splitter.ts";

/** One row as dumpdata writes it; without a key as --natural-primary writes it. */
export interface Row {
  readonly model: string;
  readonly pk?: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}

const SCRYPT = `scrypt$16384$abcdefghijklmnopqrstuv$8$5$${"A".repeat(86)}==`;

/** A user who has the preferred hash, so that nothing is to be said of it. */
export function userRow(pk: unknown, username: string, change: Readonly<Record<string, unknown>> = {}): Row {
  const fields = {
    password: SCRYPT,
    last_login: null,
    is_superuser: false,
    username,
    first_name: "",
    last_name: "",
    email: "",
    is_staff: false,
    is_active: true,
    date_joined: "2024-01-02T03:04:05.678Z",
    groups: [],
    user_permissions: [],
    ...change,
  };
  return { model: "auth.user", ...(pk === undefined ? {} : { pk }), fields };
}

/** A refresh token from 2024 that lives until 2100, with a payload that cannot be read. */
export function tokenRow(pk: unknown, jti: string, user: unknown, change: Readonly<Record<string, unknown>> = {}): Row {
  const fields = {
    user,
    jti,
    token: "not.a.token",
    created_at: "2024-01-02T03:04:05.678Z",
    expires_at: "2100-01-01T00:00:00Z",
    ...change,
  };
  return { model: "token_blacklist.outstandingtoken", pk, fields };
}

export function blacklistedRow(token: unknown, blacklisted_at: unknown = "2024-02-03T04:05:06.789Z"): Row {
  return { model: "token_blacklist.blacklistedtoken", pk: 1, fields: { token, blacklisted_at } };
}

/** A token text with these claims and a signature that fits nothing. */
export const tokenOf = (claims: unknown): string =>
  `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.AAAA`;

/** Nothing but users and tokens is wanted, at 1 January 2026. */
export const dumpTerms: DumpTerms = {
  ...{ userFields: [], withNames: false, nowSeconds: 1_767_225_600 },
  settings: {
    ...{ LEEWAY: 0, SLIDING_TOKEN_LIFETIME: 300 },
    ...{ TOKEN_TYPE_CLAIM: "token_type", SLIDING_TOKEN_REFRESH_EXP_CLAIM: "refresh_exp" },
  },
};

/** A dump out of its text. */
export function parseDump(path: string, text: string, change: Partial<DumpTerms> = {}): Dump {
  const { add, dump } = openDump(path, { ...dumpTerms, ...change });
  const rows = openRowSplitter(path, change.format);
  rows.push(Buffer.from(text), add);
  rows.end(add);
  return dump;
}

export const dumpOf = (...rows: readonly Row[]): Dump => parseDump("dump.json", JSON.stringify(rows));
