// Checks the settings that describe the API's user model.
// Must never accept a field that cannot tell users apart: two of them would have one token.
import type { Settings } from "../settings.ts";

/** Fields of Django's own user models that several users can share, or that have no value to name somebody by. */
const notUnique = [
  ...["password", "last_login", "is_superuser", "first_name", "last_name", "is_staff", "is_active", "date_joined"],
  ...["groups", "user_permissions"],
];

/** A field's name as Django has it: one of Python's, without `__`, which separates names in look-ups. */
const isField = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.includes("__");

/** Adds to the errors of readSettings(). */
export function checkUserModel({ USER_ID_FIELD, USERNAME_FIELD }: Settings, errors: string[]): void {
  const fields = [
    ["USER_ID_FIELD", USER_ID_FIELD],
    ["USERNAME_FIELD", USERNAME_FIELD],
  ] as const;
  for (const [name, field] of fields) {
    if (!isField(field) || notUnique.includes(field)) {
      errors.push(`${name} must name a field that is unique in the user model; it is ${JSON.stringify(field)}.`);
    }
  }
  if (["id", "pk", "non_field_errors"].includes(USERNAME_FIELD)) {
    errors.push(`USERNAME_FIELD must name a field that users log in with; it is ${JSON.stringify(USERNAME_FIELD)}.`);
  }
}
