// ISSUERS: whose tokens are accepted beside the gateway's own. Read key by key; every error at once, by entry and key.
// Must never take an entry that could fail open: an audience left out by mistake, a secret in the place of a public key.
import { isLoopback, parsedUrl } from "./checks/check-urls.ts";
import { leewayByDefault } from "./mapped-lifetime.ts";
import { isNone, isRecord, type Reader, readDuration, readTextList, shown } from "./readers.ts";
import { type Algorithm, algorithms, type Settings } from "./settings.ts";

/** One issuer of ISSUERS in code; docs/issuers.md explains each key. */
export interface Issuer {
  readonly issuer: string;
  readonly jwks?: string | undefined;
  readonly discovery?: boolean | undefined;
  readonly keys?: readonly Readonly<Record<string, unknown>>[] | undefined;
  /** null or "": tokens for any audience. */
  readonly audience: string | readonly string[] | null;
  readonly algorithms?: readonly Exclude<Algorithm, `HS${string}`>[] | undefined;
  readonly user_claim?: string | undefined;
  /** null or "": tokens have no id. */
  readonly jti_claim?: string | null | undefined;
  readonly type_claim?: { readonly name: string; readonly value: string } | undefined;
  readonly typ?: "at+jwt" | undefined;
  /** Seconds, or a number with a unit. */
  readonly leeway?: number | string | undefined;
  readonly max_age?: number | string | undefined;
  readonly reissue?: { readonly user: "alternate_id" } | { readonly user_id: string } | undefined;
  readonly provision?: boolean | undefined;
}

/** Where an issuer's keys come from. */
export type IssuerKeySource =
  | { readonly from: "jwks"; readonly url: string }
  | { readonly from: "discovery" }
  | { readonly from: "settings"; readonly jwks: readonly Readonly<Record<string, unknown>>[] };

/** How the users of an issuer are users of ours. */
export type UserMapping =
  /** The row with this `alternate_id`. */
  | { readonly by: "alternate_id" }
  /** The row that tokens name by this prefix and the token's user. */
  | { readonly by: "prefix"; readonly prefix: string };

/** One issuer as the code uses it. */
export interface IssuerSettings {
  /** `ISSUERS[0]`, for errors. */
  readonly place: string;
  readonly issuer: string;
  readonly keySource: IssuerKeySource;
  /** Of which a token has to name one; null: any. */
  readonly audience: readonly string[] | null;
  readonly algorithms: readonly Algorithm[];
  readonly userClaim: string;
  /** null: tokens have no id. */
  readonly jtiClaim: string | null;
  readonly typeClaim: { readonly name: string; readonly value: string } | undefined;
  /** Whether a token's header has to say `at+jwt` (RFC 9068). */
  readonly accessTokensOnly: boolean;
  readonly leewaySeconds: number;
  readonly maxAgeSeconds: number | undefined;
  readonly mapping: UserMapping | undefined;
  readonly provision: boolean;
}

/** `issuers` is to be used only while `errors` is empty. */
export interface IssuersReading {
  readonly issuers: readonly IssuerSettings[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** The gateway's own tokens, in the key `issuers` of a route. */
export const self = "self";

/** The names of all entries that have one, whatever else is wrong with them. */
export const issuerNames = ({ ISSUERS }: Pick<Settings, "ISSUERS">): readonly string[] =>
  ISSUERS.flatMap((raw) => (isRecord(raw) && typeof raw.issuer === "string" ? [raw.issuer] : []));

/** Reads ISSUERS. */
export function readIssuers(settings: Settings): IssuersReading {
  const errors: string[] = [];
  const warnings: string[] = [];
  const issuers = settings.ISSUERS.flatMap((raw, index): IssuerSettings[] => {
    const place = `ISSUERS[${index}]`;
    const say = {
      error: (text: string) => void errors.push(`${place}${text}`),
      warn: (text: string) => void warnings.push(`${place}${text}`),
    };
    if (isRecord(raw)) return [readIssuer(place, raw, say)];
    say.error(' must be a table such as { issuer = "https://…", discovery = true, audience = "…" }.');
    return [];
  });
  if (errors.length === 0) {
    issuers.forEach((issuer, index) => {
      const error = (text: string) => void errors.push(`${issuer.place}${text}`);
      checkAgainstOthers(issuer, issuers.slice(0, index), settings, error);
      checkAgainstSettings(issuer, settings, error);
    });
  }
  return { issuers, errors, warnings };
}

interface Say {
  readonly error: (text: string) => void;
  readonly warn: (text: string) => void;
}

type Entry = Readonly<Record<string, unknown>>;

const keyNames = [
  ...(["issuer", "jwks", "discovery", "keys", "audience", "algorithms", "user_claim", "jti_claim"] as const),
  ...(["type_claim", "typ", "leeway", "max_age", "reissue", "provision"] as const),
] as const satisfies ReadonlyArray<keyof Issuer>;

const publicAlgorithms = algorithms.filter((name) => !name.startsWith("HS"));

/** @returns what is usable only if nothing was said to be wrong */
function readIssuer(place: string, entry: Entry, { error, warn }: Say): IssuerSettings {
  for (const name of Object.keys(entry)) {
    if (!keyNames.some((known) => known === name))
      error(`.${name} is not known; an issuer has ${keyNames.join(", ")}.`);
  }
  /** The value of a key, or what it is without. */
  const value = <T>(name: (typeof keyNames)[number], read: Reader<T>, byDefault: T): T => {
    if (entry[name] === undefined) return byDefault;
    const result = read(entry[name]);
    if ("value" in result) return result.value;
    error(`.${name} must be ${result.expected}; it is ${shown(entry[name])}.`);
    return byDefault;
  };
  const issuer = value("issuer", readName, "");
  if (entry.issuer === undefined) error(".issuer is required: the iss of its tokens, character by character.");
  const keySource = readKeySource(entry, issuer, error);
  if (entry.audience === undefined) {
    error('.audience is required: the aud of tokens that are meant for this API. "" takes tokens for any other, too.');
  } else if (isNone(entry.audience)) {
    warn(".audience is empty: tokens that the issuer made for other applications are accepted.");
  }
  const algorithmsOf = value("algorithms", readTextList(`a list of ${publicAlgorithms.join(", ")}`, 1), ["RS256"]);
  const userClaim = value("user_claim", readClaim, "sub");
  const mapping = value("reissue", readMapping(userClaim), undefined);
  const maxAgeSeconds = value<number | undefined>("max_age", readDuration(1), undefined);
  if (mapping !== undefined && entry.max_age === undefined) {
    warn(
      ".reissue without max_age: log-outs of users are remembered for 30 days, and a token that lives longer is good again after that.",
    );
  }
  const provision = value("provision", readTrueOrFalse, false);
  if (provision && mapping === undefined) error(".provision needs reissue, which says whom a new row is for.");
  return {
    ...{ place, issuer, keySource, userClaim, mapping, provision },
    audience: isNone(entry.audience)
      ? null
      : value("audience", readTextList('a string, a list of strings, or ""', 1), []),
    algorithms: algorithmsOf.flatMap((name) => {
      const known = publicAlgorithms.find((one) => one === name);
      if (known === undefined) error(`.algorithms has ${shown(name)}; ${whyNot(name)}.`);
      return known === undefined ? [] : [known];
    }),
    jtiClaim: value<string | null>("jti_claim", (raw) => (isNone(raw) ? { value: null } : readClaim(raw)), "jti"),
    typeClaim: value("type_claim", readTypeClaim, undefined),
    accessTokensOnly: value("typ", readTyp, false),
    leewaySeconds: value("leeway", readDuration(0), leewayByDefault),
    maxAgeSeconds,
  };
}

const whyNot = (name: string): string =>
  name.startsWith("HS")
    ? "a secret that checks tokens also makes them, and only public keys are taken"
    : `it must be a list of ${publicAlgorithms.join(", ")}`;

const readName: Reader<string> = (raw) => {
  const isName = typeof raw === "string" && raw !== "" && raw !== self && raw.isWellFormed();
  return isName ? { value: raw } : { expected: `the iss of its tokens, a non-empty string other than "${self}"` };
};

const readClaim: Reader<string> = (raw) =>
  typeof raw === "string" && raw !== "" ? { value: raw } : { expected: "the name of a claim" };

/** No text: a misspelled value must not switch anything on. */
const readTrueOrFalse: Reader<boolean> = (raw) =>
  typeof raw === "boolean" ? { value: raw } : { expected: "true or false" };

const readTyp: Reader<boolean> = (raw) =>
  raw === "at+jwt" ? { value: true } : { expected: '"at+jwt", or be left out' };

const readTypeClaim: Reader<{ readonly name: string; readonly value: string }> = (raw) => {
  const expected = 'a table { name = "<claim>", value = "<text>" }';
  if (!isRecord(raw) || Object.keys(raw).some((name) => name !== "name" && name !== "value")) return { expected };
  const { name, value } = raw;
  return typeof name === "string" && name !== "" && typeof value === "string"
    ? { value: { name, value } }
    : { expected };
};

/** Where the keys come from: exactly one of three. The text of a URL is not put into an error: it may have a password in it. */
function readKeySource(entry: Entry, issuer: string, error: Say["error"]): IssuerKeySource {
  const none: IssuerKeySource = { from: "settings", jwks: [] };
  const { jwks, discovery, keys } = entry;
  if (discovery !== undefined && typeof discovery !== "boolean") {
    error(`.discovery must be true or false; it is ${shown(discovery)}.`);
    return none;
  }
  if ([jwks !== undefined, discovery === true, keys !== undefined].filter(Boolean).length !== 1) {
    error(" needs exactly one of jwks (the URL of a JWK Set), discovery = true, and keys (a list of public JWKs).");
    return none;
  }
  if (jwks !== undefined) {
    const url = typeof jwks === "string" ? parsedUrl(jwks) : undefined;
    if (isSafe(url)) return { from: "jwks", url: url.href };
    error(".jwks must be an https URL without a user or a fragment, or http on a loopback address.");
    return none;
  }
  if (discovery === true) {
    const url = parsedUrl(issuer);
    // "https://host?" has an empty query for URL, and would still swallow the path.
    if (!isSafe(url) || /[?#]/.test(issuer)) {
      error(".discovery needs an issuer that is an https URL without a user, query or fragment, or http on loopback.");
    }
    return { from: "discovery" };
  }
  if (Array.isArray(keys) && keys.length > 0 && keys.every(isRecord)) return { from: "settings", jwks: keys };
  error(".keys must be a list of public keys, each a JWK (RFC 7517 section 4).");
  return none;
}

const isSafe = (url: URL | undefined): url is URL =>
  url !== undefined &&
  (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) &&
  !url.username &&
  !url.password &&
  !url.hash;

const readMapping =
  (userClaim: string): Reader<UserMapping> =>
  (raw) => {
    const expected = `{ user = "alternate_id" }, or { user_id = "<prefix>{${userClaim}}" } with a prefix of its own that ends in no letter or digit`;
    if (!isRecord(raw) || Object.keys(raw).length !== 1) return { expected };
    if (raw.user === "alternate_id") return { value: { by: "alternate_id" } };
    const end = `{${userClaim}}`;
    if (typeof raw.user_id !== "string" || !raw.user_id.endsWith(end)) return { expected };
    const prefix = raw.user_id.slice(0, -end.length);
    // With a letter or a digit at its end, ids of somebody else could begin with it: 17 with "1".
    const isPrefix = /^[!-~]{1,100}$/.test(prefix) && !/[{}]|[0-9A-Za-z]$/.test(prefix);
    return isPrefix ? { value: { by: "prefix", prefix } } : { expected };
  };

function checkAgainstOthers(
  issuer: IssuerSettings,
  earlier: readonly IssuerSettings[],
  settings: Settings,
  error: Say["error"],
): void {
  // Then a prefix and the subject of another issuer are looked for in one column: "a:7" could be either's.
  const alternatesAreIds = !namesAreIds(settings) && !isPrimaryKey(settings);
  for (const other of earlier) {
    if (other.issuer === issuer.issuer) error(`.issuer is that of ${other.place}: each issuer has one entry.`);
    const [one, two] = [issuer.mapping, other.mapping];
    const haveOneColumn = one?.by === two?.by ? one?.by === "alternate_id" : alternatesAreIds;
    if (one !== undefined && two !== undefined && haveOneColumn) {
      error(
        `.reissue and that of ${other.place} look in one column: a user of one issuer would be a user of the other.`,
      );
    }
    if (one?.by !== "prefix" || two?.by !== "prefix") continue;
    if (one.prefix.startsWith(two.prefix) || two.prefix.startsWith(one.prefix)) {
      const same = `${JSON.stringify(two.prefix)} of ${other.place}`;
      error(`.reissue has the prefix ${JSON.stringify(one.prefix)}, and one of it and ${same} begins with the other.`);
    }
  }
}

const namesAreIds = ({ USER_ID_FIELD, USERNAME_FIELD }: Settings): boolean =>
  USER_ID_FIELD === "username" || USER_ID_FIELD === USERNAME_FIELD;

const isPrimaryKey = ({ USER_ID_FIELD }: Settings): boolean => USER_ID_FIELD === "id" || USER_ID_FIELD === "pk";

/** What the ids of users begin with that are made here (users/new-user-ids.ts). */
const ownIds = "edge-";

function checkAgainstSettings({ issuer, mapping, provision }: IssuerSettings, settings: Settings, error: Say["error"]) {
  const { ISSUER, USER_ID_TYPE, USERS_OWNER, FORWARD_AUTHORIZATION } = settings;
  if (issuer === ISSUER) error(".issuer is ISSUER: the gateway's own tokens need no entry.");
  if (mapping === undefined) return;
  if (!FORWARD_AUTHORIZATION) error(".reissue needs FORWARD_AUTHORIZATION: the API would not get the token.");
  if (mapping.by === "prefix") {
    if (USER_ID_TYPE !== "text")
      error('.reissue: user_id needs USER_ID_TYPE = "text", since the prefix is part of the id.');
    if (namesAreIds(settings))
      error(".reissue: user_id needs a USER_ID_FIELD that is not the name, which users may choose.");
    if (ownIds.startsWith(mapping.prefix) || mapping.prefix.startsWith(ownIds)) {
      error(`.reissue must have another prefix: ids that the gateway makes begin with "${ownIds}".`);
    }
  }
  if (!provision) return;
  if (USERS_OWNER === "origin")
    error('.provision makes users here, and USERS_OWNER = "origin" has the API alone make them.');
  if (namesAreIds(settings)) {
    error(".provision needs a USER_ID_FIELD that is not the name, which a new row does not have.");
  }
}
