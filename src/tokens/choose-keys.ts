// Which keys a token is tried with once there is a key ring: by its `kid`, or without one by its `alg` alone.
// Must never give a key for another algorithm than its own, and never more than a handful of keys.
import { refuse } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import { algorithmNamed, spellingsOf } from "./algorithms.ts";
import { mostTries } from "./key-ring.ts";
import type { Keys, RingKey } from "./keys.ts";

/** What of a token's header has a say: nothing of it is trusted before the signature is good. */
interface Header {
  readonly alg?: string;
  readonly kid?: unknown;
}

/** What a token may be tried with, in this order. */
export type TryKeys = readonly RingKey["key"][];

/** Gives the keys for a header; refuses where there are none. */
export type ChooseKeys = (header: Header, nowSeconds: number) => TryKeys | Promise<TryKeys>;

/** A chooser, and how a token's header may spell the algorithms that some key is for. */
export interface KeyChoice {
  readonly choose: ChooseKeys;
  readonly algorithms: string[];
}

/**
 * With a `kid`: the key of that id, for tokens of its algorithm. Without: those of the token's algorithm, the gateway's own
 * first, then the ring's in its order, four at most. Where JWK_URL stands for the gateway's own key, other ids and
 * tokens that no key is for are looked up there. Undefined where none of KEY_ID, VERIFYING_KEYS and JWK_URL is set: a `kid`
 * then means nothing, as in Simple JWT.
 *
 * Keys of a JWK Set also verify tokens whose `alg` is "Ed25519", which is RFC 9864's name for EdDSA with such a key. The
 * gateway's own key does not: Simple JWT refuses the name, and nothing of ours signs with it.
 */
export function keyChoice(settings: Settings, { verifying: own, remote, ring = [] }: Keys): KeyChoice | undefined {
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

/** What tokens without an id are tried with, by their `alg`. */
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
