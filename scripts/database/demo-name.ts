// The name of the user that `npm start` creates.
import type { UserModel } from "./users.ts";

/** The first user's name: an address where users log in by that. */
export const demoName = ({ USERNAME_FIELD }: Pick<UserModel, "USERNAME_FIELD">): string =>
  USERNAME_FIELD === "email" ? "demo@example.com" : "demo";

/** Whether this is the user of `npm start`. */
export const isDemoName = (model: Pick<UserModel, "USERNAME_FIELD">, name: string): boolean => name === demoName(model);
