// Whose tokens are accepted: what they have to say, and which keys may have signed them.
// Must never try a token with a key of another algorithm than the token's, or of another issuer.
import { refuse } from "../errors.ts";
import { issuerNames } from "../settings/issuers.ts";
import type { Settings } from "../settings/settings.ts";
import { algorithmNamed, spellingsOf } from "./algorithms.ts";
import { mostTries } from "./key-ring.ts";
import type { Keys, KeysVersion, RingKey } from "./keys.ts";
import { acceptedTokenTypes, type TokenType } from "./token-types.ts";

/** How the claims of an issuer's tokens are read, by the names of the settings. */
export type ClaimRules = Pick<Settings, "LEEWAY" | "USER_ID_CLAIM" | "JTI_CLAIM" | "TOKEN_TYPE_CLAIM">;

/**
 * An issuer whose tokens are accepted everywhere: the gateway itself, or the one behind JWK_URL. A token is verified for exactly
 * one issuer, with its keys and by its rules; foreign-issuer.ts has those of ISSUERS.
 */
export interface TrustedIssuer extends ClaimRules {
  /** The `iss` that its tokens have; null where it is not checked. */
  readonly issuer: string | null;
  /** Issuers of ISSUERS: a token that names one of them is theirs, whatever key has signed it. Undefined where there are none. */
  readonly others?: ReadonlySet<string> | undefined;
  /** Of which a token has to name one in `aud`; null where it is not checked. */
  readonly audience: readonly string[] | null;
  /** How the `alg` of its tokens may be spelled. */
  readonly algorithms: readonly string[];
  readonly keys: IssuerKeys;
  /** While it is the same number, a token that was verified stays so until it expires. */
  readonly keysVersion: KeysVersion;
  /** The types that open routes, in the order in which they are tried. */
  readonly tokenTypes: readonly TokenType[];
}

/** One key for every token, or keys that are chosen by a token's header. */
export type IssuerKeys = { readonly single: RingKey["key"] } | { readonly choose: ChooseKeys };

/** The gateway as the issuer of its own tokens. */
export function gatewayIssuer(settings: Settings, keys: Keys): TrustedIssuer {
  const { ISSUER, AUDIENCE, ALGORITHM, LEEWAY, USER_ID_CLAIM, JTI_CLAIM, TOKEN_TYPE_CLAIM } = settings;
  const choice = keyChoice(settings, keys);
  return {
    ...{ LEEWAY, USER_ID_CLAIM, JTI_CLAIM, TOKEN_TYPE_CLAIM },
    issuer: ISSUER,
    others: settings.ISSUERS.length === 0 ? undefined : new Set(issuerNames(settings)),
    audience: typeof AUDIENCE === "string" ? [AUDIENCE] : AUDIENCE,
    algorithms: choice?.algorithms ?? [ALGORITHM],
    keys: choice ?? { single: keys.verifying },
    // The gateway's own keys and those of VERIFYING_KEYS are settled at start.
    keysVersion: keys.remoteVersion ?? (() => 0),
    tokenTypes: acceptedTokenTypes(settings),
  };
}

/** What of a token's header chooses a key: nothing of it is trusted before the signature is verified. */
interface Header {
  readonly alg?: string;
  readonly kid?: unknown;
}

/** What a token may be tried with, in this order. */
export type TryKeys = readonly RingKey["key"][];

/** Gives the keys for a header; refuses where there are none. */
export type ChooseKeys = (header: Header, nowSeconds: number) => TryKeys | Promise<TryKeys>;

interface KeyChoice {
  readonly choose: ChooseKeys;
  readonly algorithms: readonly string[];
}

/**
 * With a `kid`: the key of that id, for tokens of its algorithm. Without: those of the token's algorithm, the gateway's own
 * first, then those of VERIFYING_KEYS in order, four at most. Where JWK_URL replaces the gateway's own key, other ids and
 * tokens that no key is for are looked up there. Undefined where none of KEY_ID, VERIFYING_KEYS and JWK_URL is set: a `kid`
 * then means nothing, as in Simple JWT.
 *
 * Keys of a JWK Set also verify tokens whose `alg` is "Ed25519", which is RFC 9864's name for EdDSA with such a key. The
 * gateway's own key does not: Simple JWT refuses the name, and nothing of ours signs with it.
 */
function keyChoice(settings: Settings, { verifying: own, remote, ring = [] }: Keys): KeyChoice | undefined {
  const { KEY_ID, ALGORITHM } = settings;
  if (KEY_ID === null && ring.length === 0 && !remote) return undefined;
  const byId = new Map<unknown, KnownKey>(
    ring.map((entry) => [entry.kid, { ...entry, spellings: spellingsOf(entry.alg) }]),
  );
  if (KEY_ID !== null) byId.set(KEY_ID, { key: own, spellings: [ALGORITHM] });
  const withoutId = withoutIds(settings, remote ? undefined : own, ring);
  const hasRing = KEY_ID !== null || ring.length > 0;
  const choose: ChooseKeys = (header, nowSeconds) => {
    if (!hasRing && remote) return remote(header.kid, nowSeconds);
    const hasId = Object.hasOwn(header, "kid");
    if (hasId && typeof header.kid !== "string") refuse("token_header_unusable");
    const found = hasId ? byId.get(header.kid) : undefined;
    if (found) return found.spellings.includes(header.alg ?? "") ? [found.key] : refuse("token_algorithm_other");
    const tries = hasId ? undefined : withoutId.get(header.alg);
    if (tries) return tries;
    if (remote && algorithmNamed(header.alg) === ALGORITHM) return remote(header.kid, nowSeconds);
    return refuse(hasId ? "token_key_unknown" : "token_algorithm_other");
  };
  const known = [...(remote ? spellingsOf(ALGORITHM) : [ALGORITHM]), ...ring.flatMap(({ alg }) => spellingsOf(alg))];
  return { choose, algorithms: [...new Set(known)] };
}

interface KnownKey {
  readonly key: RingKey["key"];
  /** What a token's `alg` may be. */
  readonly spellings: readonly string[];
}

/** The keys for tokens without a `kid`, by their `alg`. */
function withoutIds(
  { ALGORITHM }: Settings,
  own: RingKey["key"] | undefined,
  ring: readonly RingKey[],
): ReadonlyMap<string | undefined, TryKeys> {
  const tries = new Map<string | undefined, TryKeys>();
  const add = (spelling: string, key: RingKey["key"]) => {
    const sharing = tries.get(spelling) ?? [];
    if (sharing.length < mostTries) tries.set(spelling, [...sharing, key]);
  };
  if (own) add(ALGORITHM, own);
  for (const { alg, key } of ring) for (const spelling of spellingsOf(alg)) add(spelling, key);
  return tries;
}
