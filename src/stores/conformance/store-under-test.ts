// What the cases of the conformance suite are written with.
import type { User } from "../../users/user.ts";
import type { OutstandingToken, RotationTerms, SessionStore, TokenStore, UserLookup } from "../contract.ts";

/** What a case works with. Cases share one store: each makes users and ids of its own. */
export interface StoreUnderTest {
  readonly tokens: TokenStore;
  readonly sessions: SessionStore;
  /** A new id of a token that begins a session; the suite should be run for those of the gateway and for random ones. */
  readonly newId: () => string;
  /** 24 random hexadecimal digits. */
  readonly newKey: () => string;
  /** Writes down a new active user, whose `session_version` is 0. */
  readonly addUser: () => Promise<User>;
  /** How tokens name a user; the suite should be run for both ways, by id and by username. */
  readonly ownerOf: (user: User) => UserLookup;
  /** Changes a user as a new password does: `session_version` is raised by one. */
  readonly raiseVersion: (user: User) => Promise<void>;
}

export interface StorePromise {
  readonly name: string;
  /** Throws an Error that says what was not kept. */
  run(store: StoreUnderTest): Promise<void>;
}

/** Any moment will do: the store is given the time. */
export const now = 1_700_000_000;
export const day = 86_400;
export const racers = 20;

/** A user with what names their tokens. */
export interface Owned {
  readonly user: User;
  readonly owner: UserLookup;
  /** A refresh token of the user that begins a session now. */
  readonly token: (change?: Partial<OutstandingToken>) => OutstandingToken;
}

export async function anOwner(store: StoreUnderTest): Promise<Owned> {
  const user = await store.addUser();
  return {
    user,
    owner: store.ownerOf(user),
    token: (change = {}) => ({
      jti: store.newId(),
      type: "refresh",
      userId: user.id,
      createdAtSeconds: now,
      expiresAtSeconds: now + day,
      sessionVersion: 0,
      ...change,
    }),
  };
}

/** A rotation of the token, now. */
export const rotationOf = (
  { newKey }: Pick<StoreUnderTest, "newKey">,
  used: OutstandingToken,
  change: Partial<RotationTerms> = {},
): RotationTerms => ({
  nowSeconds: now,
  used,
  successor: { createdAtSeconds: now, expiresAtSeconds: now + day },
  newKey: newKey(),
  mark: newKey(),
  user: { mustBeActive: true, versionMustBeKnown: false },
  ...change,
});

/** Rotates the token and gives its successor. */
export async function successorOf(
  store: Pick<StoreUnderTest, "tokens" | "newKey">,
  owner: UserLookup,
  used: OutstandingToken,
  change: Partial<RotationTerms> = {},
): Promise<OutstandingToken> {
  const { successorJti } = await store.tokens.rotate(owner, rotationOf(store, used, change));
  if (successorJti === undefined) throw new Error("the token could not be rotated");
  return { ...used, jti: successorJti };
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [one, two] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== two) throw new Error(`${what}: ${one} in place of ${two}`);
}

/** Runs as many calls at once as there are racers. */
export const race = <T>(call: (racer: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: racers }, (_, racer) => call(racer)));
