// Ends tokens of another issuer (ISSUERS): one by its id, or all of somebody; in D1, then in KV, as the Worker looks them up.
// Must never end a token of ours.
import { issuerNames } from "../../src/settings/issuers.ts";
import { withUsers } from "../../src/stores/d1/session-tables.ts";
import { endAllStatements } from "../../src/stores/d1/sessions.ts";
import { tokensAt } from "../../src/stores/d1/tokens.ts";
import { spreadSessions } from "../../src/stores/spread/sessions.ts";
import { foreignKey } from "../../src/tokens/foreign-key.ts";
import { Failure } from "../shared/failure.ts";
import { type Bindings, settingsOf, storesOf } from "./bindings.ts";
import { withLiterals } from "./d1-over-text.ts";
import { tellKv } from "./end-user.ts";
import { hasSessionDatabases, overDatabases } from "./session-stores.ts";

/** How long an end is remembered: how long such a token lives, only its issuer knows. */
const rememberedSeconds = 30 * 86_400;

export interface ForeignUserName {
  readonly issuer: string;
  readonly subject: string;
}

/** Fails for an issuer that is in no entry of ISSUERS: its name has to be right in every character. */
export function requireIssuer({ vars }: Pick<Bindings, "vars">, issuer: string): void {
  const names = issuerNames(settingsOf(vars, ["ISSUERS"]));
  if (names.includes(issuer)) return;
  const known = names.length === 0 ? "there are none" : `there are: ${names.join(", ")}`;
  throw new Failure(`'${issuer}' is not an issuer of ISSUERS; ${known}.`);
}

const ownerOf = ({ issuer, subject }: ForeignUserName) =>
  ({ column: "id", value: foreignKey(issuer, subject) }) as const;

/** All tokens that were issued up to and including this second. */
export async function endForeignUser(bindings: Bindings, name: ForeignUserName, nowSeconds: number): Promise<void> {
  const owner = ownerOf(name);
  const [before, until] = [nowSeconds + 1, nowSeconds + rememberedSeconds];
  if (hasSessionDatabases(bindings)) {
    await overDatabases(bindings, (stores) =>
      spreadSessions(stores, bindings.notes).endAll(owner, before, until, nowSeconds),
    );
  } else {
    const ending = { issuedBeforeSeconds: before, untilSeconds: until, nowSeconds };
    const statements = endAllStatements(owner, ending).map(([sql, values]) => withLiterals(sql, values));
    await bindings.database.write(statements.join(";\n"));
  }
  await tellKv("the tokens are ended", storesOf(bindings).announceUser?.(owner, before, until, nowSeconds));
}

/**
 * One token, whether or not the gateway has seen it: in DB, where the Worker looks for it, wherever sessions are. False if it
 * was ended before.
 */
export async function endForeignToken(
  bindings: Bindings,
  { issuer, jti }: { readonly issuer: string; readonly jti: string },
  nowSeconds: number,
): Promise<boolean> {
  const until = nowSeconds + rememberedSeconds;
  const token = {
    ...({ jti: foreignKey(issuer, jti), type: "refresh", userId: undefined } as const),
    ...{ createdAtSeconds: nowSeconds, expiresAtSeconds: until },
  };
  const done = hasSessionDatabases(bindings)
    ? await overDatabases(bindings, ({ users, log }) =>
        tokensAt({ db: users, tables: withUsers }, log, bindings.notes).blacklist("no user", token, nowSeconds),
      )
    : await storesOf(bindings).tokens.blacklist("no user", token, nowSeconds);
  await tellKv("the token is revoked", storesOf(bindings).announce?.(token.jti, until, nowSeconds));
  return done;
}
