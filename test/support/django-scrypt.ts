// Django's preferred password string, made by Node.
// Must never be made by the code under test.
import { scryptSync } from "node:crypto";

const made = new Map<string, string>();

export function djangoScrypt(password: string): string {
  const encoded = made.get(password) ?? encodedScrypt(password);
  made.set(password, encoded);
  return encoded;
}

function encodedScrypt(password: string): string {
  const salt = "abcdefghijklmnopqrstuv";
  const hash = scryptSync(password, salt, 64, { N: 16384, r: 8, p: 5, maxmem: 64 * 1024 * 1024 });
  return `scrypt$16384$${salt}$8$5$${hash.toString("base64")}`;
}
