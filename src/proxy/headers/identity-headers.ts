// IDENTITY_HEADERS: which claim goes into which header, and how a claim's value is written there.
// Must never write a value that could be split, read as another header, or told apart from its claim.

import type { ForeignIdentity, Identity } from "../../auth/authenticate.ts";
import { authHeaderName } from "../../auth/bearer-token.ts";
import { refuse } from "../../errors.ts";
import type { Settings } from "../../settings/settings.ts";
import { type Claims, claim } from "../../tokens/claims.ts";
import { defaultIdentityHeader, folded, hasOwnMeaning } from "./header-names.ts";
import { steeringRow } from "./steering-headers.ts";

/** One header of the setting, ready to be set. */
export interface IdentityHeader {
  readonly header: string;
  readonly claimPath: readonly string[];
  /** Written as JSON, whatever it is. */
  readonly asJson: boolean;
  /** Says which user of ours is calling, which a token of another issuer cannot say. */
  readonly namesUser: boolean;
}

/** Longest value that is sent on, in bytes: servers differ from about 8 KB on, and a header has a name too. */
export const longestValueBytes = 4096;

const jsonPrefix = "json:";

/** `"roles"`, `"profile.name"` (dots lead into objects), `"json:roles"`; `"user_id"` stands for USER_ID_CLAIM. */
export function readIdentityHeaders(settings: Settings): IdentityHeader[] {
  return Object.entries(settings.IDENTITY_HEADERS).map(([header, source]) => {
    const asJson = source.startsWith(jsonPrefix);
    const path = asJson ? source.slice(jsonPrefix.length) : source;
    const claimPath = path === "user_id" ? [settings.USER_ID_CLAIM] : path.split(".");
    const name = folded(header.toLowerCase());
    const namesUser =
      name === defaultIdentityHeader ||
      steeringRow(name)?.steers === "user" ||
      isUserClaim(settings, claimPath[0] ?? "");
    return { header, asJson, claimPath, namesUser };
  });
}

/** Whether a claim of our own tokens says which user of ours it is about. */
export const isUserClaim = (
  { USER_ID_CLAIM, USERNAME_FIELD }: Pick<Settings, "USER_ID_CLAIM" | "USERNAME_FIELD">,
  name: string,
): boolean => name === USER_ID_CLAIM || name === USERNAME_FIELD;

/** Names that are the gateway's own or that steer HTTP, names that a server would merge, and paths to nothing. */
export function identityHeaderErrors(settings: Settings): string[] {
  const errors: string[] = [];
  const taken = new Map<string, string>();
  const authHeader = folded(authHeaderName(settings));
  for (const { header, claimPath } of readIdentityHeaders(settings)) {
    const name = folded(header.toLowerCase());
    const shown = JSON.stringify(header);
    const other = taken.get(name);
    if (name === authHeader || hasOwnMeaning(name)) {
      errors.push(`IDENTITY_HEADERS must not set ${shown}: it has a meaning of its own.`);
    }
    if (other !== undefined) {
      errors.push(`IDENTITY_HEADERS has ${other} and ${shown}, which many servers cannot tell apart.`);
    }
    if (claimPath.includes("")) {
      errors.push(`IDENTITY_HEADERS must name a claim for ${shown}, such as "email", "profile.name" or "json:roles".`);
    }
    taken.set(name, shown);
  }
  return errors;
}

/** Writes claims into headers. */
export type SetIdentityHeaders = (headers: Headers, claims: Claims) => void;

/**
 * A claim that is not there leaves its header absent; one that is too large is refused (431). What claims come to is
 * worked out once for as long as they are kept.
 */
export function identityHeaderSetter(plan: readonly IdentityHeader[]): SetIdentityHeaders {
  const known = new WeakMap<Claims, ReadonlyArray<readonly [header: string, text: string]>>();
  return (headers, claims) => {
    const texts = known.get(claims) ?? plan.flatMap((header) => textsOf(header, claims));
    known.set(claims, texts);
    for (const [header, text] of texts) headers.set(header, text);
  };
}

/** Writes into headers what there is to know of a token of another issuer. */
export type SetForeignHeaders = (headers: Headers, identity: Identity, foreign: ForeignIdentity) => void;

/**
 * X-Token-Issuer and X-Token-Subject, and IDENTITY_HEADERS: from the claims of the token, but those that say which user of
 * ours it is from the token that was reissued for that user, or not at all.
 */
export function foreignHeaderSetter(plan: readonly IdentityHeader[]): SetForeignHeaders {
  const known = new WeakMap<ForeignIdentity, ReadonlyArray<readonly [header: string, text: string]>>();
  const own = [
    { header: "x-token-issuer", claimPath: ["issuer"], asJson: false, namesUser: false },
    { header: "x-token-subject", claimPath: ["subject"], asJson: false, namesUser: false },
  ];
  const textsFor = ({ claims }: Identity, { issuer, subject, reissued }: ForeignIdentity) => [
    ...own.flatMap((header) => textsOf(header, { issuer, subject })),
    ...plan.flatMap((header) => textsOf(header, header.namesUser ? (reissued?.claims ?? {}) : claims)),
  ];
  return (headers, identity, foreign) => {
    const texts = known.get(foreign) ?? textsFor(identity, foreign);
    known.set(foreign, texts);
    for (const [header, text] of texts) headers.set(header, text);
  };
}

function textsOf({ header, claimPath, asJson }: IdentityHeader, claims: Claims): Array<readonly [string, string]> {
  const value = valueAt(claims, claimPath);
  if (value === undefined || value === null) return [];
  const text = asJson ? printable(JSON.stringify(value)) : headerText(value);
  if (text.length > longestValueBytes) refuse("identity_too_large");
  return [[header, text]];
}

function valueAt(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    value = claim(value as Claims, name);
  }
  return value;
}

/**
 * A claim as a header's value: text, numbers, true and false as they are; objects as JSON; a list's items, each written so,
 * joined by commas. Commas of an item are percent-encoded, so that a comma always ends one.
 */
function headerText(value: unknown): string {
  if (!Array.isArray(value)) return plainText(value);
  return value.map((item) => plainText(item ?? "").replaceAll(",", "%2C")).join(",");
}

function plainText(value: unknown): string {
  return printable(typeof value === "object" ? JSON.stringify(value) : String(value));
}

/**
 * What a header cannot hold (anything but printable ASCII, `%`, spaces at the ends) has the whole text percent-encoded
 * (RFC 3986 section 2.1): decoding once gives the claim back, whether it was encoded or not.
 */
function printable(text: string): string {
  return /^[!-~]([ -~]*[!-~])?$/.test(text) && !text.includes("%") ? text : encodeURIComponent(text.toWellFormed());
}
