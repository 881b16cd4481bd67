// Which keys a token is tried with once there is a key ring: by its `kid`, or without one by its `alg` alone.
// Must never give a key for another algorithm than its own, and never more than a handful of keys.
import { refuse } from "../errors.ts";
import type { Algorithm, Settings } from "../settings/settings.ts";
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

/** A chooser, and the algorithms that some key is for. */
export interface KeyChoice {
  readonly choose: ChooseKeys;
  readonly algorithms: Algorithm[];
}

/**
 * With a `kid`: the key of that id, for tokens of its algorithm. Without: those of the token's algorithm, the gateway's own
 * first, then the ring's in its order, four at most. Where JWK_URL stands for the gateway's own key, other ids and
 * tokens that no key is for are looked up there. Undefined where neither KEY_ID nor VERIFYING_KEYS is set: a `kid` then
 * means nothing, as in Simple JWT.
 */
export function keyChoice(settings: Settings, { verifying: own, remote, ring = [] }: Keys): KeyChoice | undefined {
  const { KEY_ID, ALGORITHM } = settings;
  if (KEY_ID === null && ring.length === 0) return undefined;
  const byId = new Map<unknown, Pick<RingKey, "alg" | "key">>(ring.map((entry) => [entry.kid, entry]));
  if (KEY_ID !== null) byId.set(KEY_ID, { alg: ALGORITHM, key: own });
  const withoutId = new Map<string | undefined, TryKeys>();
  const candidates = remote ? ring : [{ alg: ALGORITHM, key: own }, ...ring];
  for (const { alg, key } of candidates) {
    const sharing = withoutId.get(alg) ?? [];
    if (sharing.length < mostTries) withoutId.set(alg, [...sharing, key]);
  }
  const choose: ChooseKeys = (header, nowSeconds) => {
    const hasId = Object.hasOwn(header, "kid");
    if (hasId && typeof header.kid !== "string") refuse("token_header_unusable");
    const found = hasId ? byId.get(header.kid) : undefined;
    if (found) return found.alg === header.alg ? [found.key] : refuse("token_algorithm_other");
    const tries = hasId ? undefined : withoutId.get(header.alg);
    if (tries) return tries;
    if (remote && header.alg === ALGORITHM) return remote(header.kid, nowSeconds).then((key) => [key]);
    return refuse(hasId ? "token_key_unknown" : "token_algorithm_other");
  };
  return { choose, algorithms: [...new Set([ALGORITHM, ...ring.map((entry) => entry.alg)])] };
}
