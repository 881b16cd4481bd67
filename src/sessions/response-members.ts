// What the hook responseFor adds to the response of a log-in or a refresh.
// Must never let the hook replace a token, nor send the password's hash to a client.
import type { Hooks, IssuedTokens } from "../hooks.ts";
import { withExactNumbers } from "../json/exact-number.ts";
import type { Claims } from "../tokens/claims.ts";
import type { User } from "../users/user.ts";

/** Also where a response has no such token: cookies are set by these names. */
const tokenNames: ReadonlySet<string> = new Set<keyof IssuedTokens>(["refresh", "access", "token"]);

/**
 * The tokens, followed by the hook's members. To be called before a token is written down or used up: what the hook throws
 * is 500, and the client can go on with the tokens that it has.
 *
 * @param user undefined for a token without one, for which the hook is not called
 * @param claims of the access token or the sliding token
 */
export async function withMembers<Tokens extends IssuedTokens>(
  { responseFor }: Hooks,
  user: User | undefined,
  tokens: Tokens,
  claims: Claims,
): Promise<Tokens> {
  if (!responseFor || !user) return tokens;
  const members = (await responseFor(user, { ...tokens }, { ...claims })) ?? {};
  if (typeof members !== "object" || Array.isArray(members)) throw new TypeError("responseFor must return an object.");
  const added = Object.entries(members).filter(([name]) => !tokenNames.has(name));
  const response = { ...tokens, ...Object.fromEntries(added.map(([name, value]) => [name, withExactNumbers(value)])) };
  if (user.password !== "" && JSON.stringify(response).includes(JSON.stringify(user.password))) {
    throw new Error("responseFor returned the password's hash: name the fields that the client may see.");
  }
  return response;
}
