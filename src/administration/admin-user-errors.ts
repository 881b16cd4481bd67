// What is wrong with what was typed about a user, field by field, in Django's words.
// Must never repeat a value.

import type { UserFields } from "../stores/admin-contract.ts";
import { emailError, nameError, passwordError, passwordWeakness, usernameError } from "../users/user-rules.ts";

export type FieldName = "username" | "first_name" | "last_name" | "email" | "password" | "password_again";

/** One sentence for each field that is not good. */
export type FieldErrors = Readonly<Partial<Record<FieldName, string>>>;

export interface TypedPassword {
  readonly password: string;
  readonly again: string;
}

export function userErrors({ username, first_name, last_name, email }: UserFields): FieldErrors {
  return given({
    username: usernameError(username),
    first_name: nulError(first_name) ?? nameError(first_name),
    last_name: nulError(last_name) ?? nameError(last_name),
    email: nulError(email) ?? emailError(email),
  });
}

/** As Django's admin: weak passwords are refused, by whoever they are set. */
export function passwordErrors({ password, again }: TypedPassword, username: string): FieldErrors {
  return given({
    password: passwordError(password) ?? passwordWeakness(password, username),
    password_again: password === again ? null : "The two password fields didn’t match.",
  });
}

/** Django's ProhibitNullCharactersValidator. */
const nulError = (text: string): string | null => (text.includes("\0") ? "Null characters are not allowed." : null);

function given(errors: Readonly<Partial<Record<FieldName, string | null>>>): FieldErrors {
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== null));
}
