// Which of two rules refuses more.
// Must never leave out a key of a rule that can refuse a request: the type asks for an entry for each.
import { isSame } from "./meets-claim.ts";
import type { Rule } from "./policy.ts";

/** Whether the first rule would refuse, because of one key, a request that the second lets pass. */
type RefusesMore = (one: Rule, other: Rule) => boolean;

/** Keys that decide which requests a rule is for, or where they go, but refuse none. */
const refusesNothing: RefusesMore = () => false;

const authOrder = ["public", "optional", "token", "user"] as const;
const revocationOrder = ["off", "cached", "strict"] as const;

/** How much of a token a rule asks for; nothing in shadow mode, where whatever is refused passes. */
const asked = (rule: Rule): number => (rule.enforce ? authOrder.indexOf(rule.auth) : 0);

const byKey: { readonly [Key in keyof Rule]-?: RefusesMore } = {
  pattern: refusesNothing,
  decoded: refusesNothing,
  sent: refusesNothing,
  isPrefix: refusesNothing,
  // A path is matched with the request's method in each reading; a rule for other methods is not the one that matched.
  methods: refusesNothing,
  allow: refusesNothing,
  origin: refusesNothing,
  strip: refusesNothing,
  auth: (one, other) => asked(one) > asked(other),
  enforce: (one, other) => asked(one) > asked(other),
  require: (one, other) =>
    asked(one) > 0 &&
    [...one.require].some(
      ([name, value]) => asked(other) === 0 || !other.require.has(name) || !isSame(other.require.get(name), value),
    ),
  revocation: (one, other) =>
    asked(one) > 0 && revocationOrder.indexOf(one.revocation) > revocationOrder.indexOf(other.revocation),
};

const keys = Object.keys(byKey) as readonly (keyof Rule)[];

/**
 * Whether there is a request that the first rule refuses and the second lets pass. Of two rules, each can be stricter
 * than the other in its own way.
 */
export function isStricter(one: Rule, other: Rule): boolean {
  return keys.some((key) => byKey[key](one, other));
}
