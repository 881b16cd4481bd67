// Header and claims of a token, decoded without verification, to show them and to word what a check found.
// Must never decide anything, nor return the token or its signature.
import { parseJson } from "../../src/json/parse.ts";
import { sessionClaim } from "../../src/settings/derived.ts";
import { isRecord } from "../../src/settings/readers.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { isoTime } from "../shared/terminal.ts";
import { timeClaims } from "./checks.ts";

type Members = Readonly<Record<string, unknown>>;

/** Header and claims; empty if they cannot be decoded. */
export interface DecodedToken {
  readonly header: Members;
  readonly claims: Members;
}

export function decodeToken(token: string): DecodedToken {
  const [header = "", payload = ""] = token.split(".");
  return { header: membersOf(header), claims: membersOf(payload) };
}

/** What is shown of them: the members that the checks use, and nothing personal that a token may contain. */
export function shownMembers({ header, claims }: DecodedToken, settings: Settings): DecodedToken {
  const { USER_ID_CLAIM, TOKEN_TYPE_CLAIM, JTI_CLAIM } = settings;
  const names = [USER_ID_CLAIM, TOKEN_TYPE_CLAIM, JTI_CLAIM, sessionClaim, "iss", "aud", ...timeClaims];
  const some = (members: Members, wanted: ReadonlyArray<string | null>): Members =>
    Object.fromEntries(
      wanted.flatMap((name) => (name !== null && Object.hasOwn(members, name) ? [[name, members[name]]] : [])),
    );
  return { header: some(header, ["alg", "kid", "typ"]), claims: some(claims, names) };
}

function membersOf(segment: string): Members {
  try {
    const value: unknown = parseJson(Buffer.from(segment, "base64url").toString("utf8"));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

const units = [
  ["day", 86_400, 2 * 86_400],
  ["hour", 3600, 2 * 3600],
  ["minute", 60, 2 * 60],
  ["second", 1, 0],
] as const;

const english = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** "3 minutes ago", "in 12 minutes", "now": in the largest unit that gives at least two. */
export function relativeTime(seconds: number, nowSeconds: number): string {
  const difference = seconds - nowSeconds;
  if (difference === 0) return "now";
  const [unit, size] = units.find(([, , least]) => Math.abs(difference) >= least) ?? units[3];
  return english.format(Math.trunc(difference / size), unit);
}

/** "3 minutes ago (2026-01-01T00:00:00Z)". */
export const timeInWords = (seconds: number, nowSeconds: number): string =>
  `${relativeTime(seconds, nowSeconds)} (${isoTime(seconds)})`;

/** A value as one line, without control characters. */
export function shown(value: unknown, longest = 100): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  const clean = text.replaceAll(/\p{C}/gu, "?");
  return clean.length > longest ? `${clean.slice(0, longest - 3)}...` : clean;
}
