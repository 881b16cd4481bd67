// Sees to it that local runs have a SIGNING_KEY.
// Must never replace a key that is there, print one, or write one where others can read it.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { DEV_VARS_FILE, ROOT } from "../shared/project.ts";

const hasKey = (text: string): boolean => (parseEnv(text).SIGNING_KEY ?? "") !== "";

/** What was done, as the middle of a sentence. */
export interface SigningKeyStep {
  readonly isNew: boolean;
  readonly text: string;
}

/** The text of .dev.vars with `key` added as SIGNING_KEY, or null when it names one already. `text` null: no file. */
export function addSigningKey(text: string | null, key: string): string | null {
  if (text !== null && hasKey(text)) return null;
  const before = text ?? "# Secrets of local runs. Read by wrangler dev; never deployed, never committed.\n";
  return `${before}${before === "" || before.endsWith("\n") ? "" : "\n"}SIGNING_KEY=${key}\n`;
}

/** Makes .dev.vars, or adds to it, unless a key is found where wrangler looks. */
export function ensureSigningKey(): SigningKeyStep {
  const text = existsSync(DEV_VARS_FILE) ? readFileSync(DEV_VARS_FILE, "utf8") : null;
  // A .dev.vars hides these from wrangler, so that making one would take a key away.
  if (text === null) {
    if ((process.env.SIGNING_KEY ?? "") !== "")
      return { isNew: false, text: "SIGNING_KEY is taken from the environment" };
    const holder = [".env", ".env.local"].find((name) => {
      const path = `${ROOT}/${name}`;
      return existsSync(path) && hasKey(readFileSync(path, "utf8"));
    });
    if (holder !== undefined) return { isNew: false, text: `SIGNING_KEY is taken from ${holder}` };
  }
  // 48 bytes are 64 characters: enough for HS512, the most that any HS algorithm asks for (RFC 7518, section 3.2).
  const added = addSigningKey(text, randomBytes(48).toString("base64url"));
  if (added === null) return { isNew: false, text: ".dev.vars has a SIGNING_KEY" };
  writeFileSync(DEV_VARS_FILE, added, { mode: 0o600 });
  // The mode above is only for a file that was not there.
  chmodSync(DEV_VARS_FILE, 0o600);
  const done =
    text === null ? "created .dev.vars with a random SIGNING_KEY" : "added a random SIGNING_KEY to .dev.vars";
  return { isNew: true, text: done };
}
