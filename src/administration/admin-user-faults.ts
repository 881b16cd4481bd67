// What is wrong with what was typed about a user, field by field, in Django's words.
// Must never repeat a value.

import type { UserFields } from "../stores/admin-contract.ts";
import { emailFault, nameFault, passwordFault, passwordWeakness, usernameFault } from "../users/user-rules.ts";

export type FieldName = "username" | "first_name" | "last_name" | "email" | "password" | "password_again";

/** One sentence for each field that is not good. */
export type FieldFaults = Readonly<Partial<Record<FieldName, string>>>;

export interface TypedPassword {
  readonly password: string;
  readonly again: string;
}

export function userFaults({ username, first_name, last_name, email }: UserFields): FieldFaults {
  return given({
    username: usernameFault(username),
    first_name: nulFault(first_name) ?? nameFault(first_name),
    last_name: nulFault(last_name) ?? nameFault(last_name),
    email: nulFault(email) ?? emailFault(email),
  });
}

/** As Django's admin: weak passwords are refused, by whoever they are set. */
export function passwordFaults({ password, again }: TypedPassword, username: string): FieldFaults {
  return given({
    password: passwordFault(password) ?? passwordWeakness(password, username),
    password_again: password === again ? null : "The two password fields didn’t match.",
  });
}

/** Django's ProhibitNullCharactersValidator. */
const nulFault = (text: string): string | null => (text.includes("\0") ? "Null characters are not allowed." : null);

function given(faults: Readonly<Partial<Record<FieldName, string | null>>>): FieldFaults {
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== null));
}
