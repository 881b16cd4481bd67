// Django's rules for the fields of a user: what a name, an e-mail address and a password may be.
// Must never put a password into a message.
import { trimAsPython } from "../python/white-space.ts";

/** A username as Django stores it: NFKC (AbstractBaseUser.normalize_username). */
export const normalUsername = (text: string): string => text.normalize("NFKC");

/** A name without regard to case, as SQLite compares it in a look-up with `iexact`: ASCII letters alone are folded. */
export const foldedUsername = (username: string): string =>
  username.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/**
 * One name for all spellings that some API could take for one account: databases and managers differ in what they ignore
 * (case, accents, blanks, characters that do not show). Only for counting: two accounts may share a count.
 */
export const countedName = (username: string): string =>
  username
    .normalize("NFKD")
    .replace(/[\p{M}\p{C}\p{Z}]+/gu, "")
    .toUpperCase()
    .toLowerCase();

/** What is wrong with a username, in Django's words (UnicodeUsernameValidator, max_length), or null. */
export function usernameError(username: string): string | null {
  if (username === "") return "This field cannot be blank.";
  if ([...username].length > 150) return "Ensure this value has at most 150 characters.";
  // Python's \w: letters, numbers of every kind, and the underscore.
  if (!/^[\p{L}\p{N}_.@+-]+$/u.test(username))
    return "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";
  return null;
}

/**
 * What is wrong with the value of USERNAME_FIELD, or null: Django's rule for a username, its rule for an address, or for
 * other fields only what no log-in could send.
 */
export function loginNameError(usernameField: string, name: string): string | null {
  if (usernameField === "username") return usernameError(name);
  if (name === "") return "This field cannot be blank.";
  if (trimAsPython(name) !== name) return "A log-in takes blanks at both ends away, so nobody could log in with it.";
  if (usernameField === "email") return nulError(name) ?? emailError(name);
  if ([...name].length > 255) return "Ensure this value has at most 255 characters.";
  return nulError(name);
}

/** Django's ProhibitNullCharactersValidator, and text that has no UTF-8. */
export function nulError(text: string): string | null {
  if (text.includes("\0")) return "Null characters are not allowed.";
  return text.isWellFormed() ? null : "Surrogate characters are not allowed.";
}

/** A field's label, as Django makes it from the name. */
export const fieldLabel = (name: string): string => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ");

/** An address as Django stores it: the part after the last @ in lower case (BaseUserManager.normalize_email). */
export function normalEmail(text: string): string {
  const email = text.trim();
  const at = email.lastIndexOf("@");
  return at === -1 ? email : email.slice(0, at) + email.slice(at).toLowerCase();
}

/** What is wrong with an e-mail address, or null; none at all is fine. Coarser than Django's, never stricter. */
export const emailError = (email: string): string | null =>
  email === "" || (/^[^\s@]+@[^\s@]+$/.test(email) && email.length <= 254) ? null : "Enter a valid email address.";

/** Django's max_length of first_name and last_name, in characters; or null. */
export const nameError = (name: string): string | null =>
  [...name].length > 150 ? "Ensure this value has at most 150 characters." : null;

/** Longer ones are refused unhashed: hashing a megabyte is a way to stop a server (Django's CVE-2013-1443). */
const longestPasswordBytes = 4096;

/** Whether a password is too long to be looked at. */
export const isTooLong = (password: string): boolean =>
  new TextEncoder().encode(password).length > longestPasswordBytes;

/**
 * What is wrong with a password in any case, or null. A log-in strips white space from both ends and refuses what DRF's
 * CharField refuses, so such a password could never be used.
 */
export function passwordError(password: string): string | null {
  if (password === "") return "The password must not be empty.";
  const typed = trimAsPython(password);
  if (typed === "")
    return "The password must not be blank: a log-in takes blanks away, so nobody could log in with it.";
  if (typed !== password) {
    return "The password must not begin or end with a blank, tab or line end: a log-in takes them away, so nobody could log in with it.";
  }
  if (password.includes("\0")) {
    return "The password must not contain a null character: a log-in refuses it, so nobody could log in with it.";
  }
  if (!password.isWellFormed()) {
    return "The password must not contain half a surrogate pair: a log-in refuses it, so nobody could log in with it.";
  }
  return isTooLong(password) ? "The password must not be longer than 4096 bytes: nobody could log in with it." : null;
}

/** Why a password is weak, in the words of Django's validators, or null. */
export function passwordWeakness(password: string, username: string): string | null {
  if ([...password].length < 8) return "This password is too short. It must contain at least 8 characters.";
  if (password.toLowerCase() === username.toLowerCase()) return "The password is too similar to the username.";
  return null;
}
