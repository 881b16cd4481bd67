// Whether the keys of the issuers in ISSUERS can be had, for the ready page.
// Must never keep whoever asks waiting for an issuer that does not answer.
import type { KeySource, KeySourceState } from "../tokens/keys.ts";

/** An issuer, and the state of its keys. */
export interface IssuerKeysState {
  /** `ISSUERS[0]` */
  readonly place: string;
  readonly issuer: string;
  /** `ok` for keys that stand in the settings. */
  readonly keysState: KeySource["state"];
}

export interface IssuerHealthDependencies {
  readonly issuers: readonly IssuerKeysState[];
  /** A timer of the request that calls it. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** `slow`: not known within two seconds. The fetch goes on, so the next look knows more. */
type State = KeySourceState | "slow";

/** What was found of all issuers: the worst, and a warning for each whose keys could not be read. */
export interface IssuersHealth {
  readonly status: State | "off";
  readonly warnings: readonly string[];
}

const patienceMilliseconds = 2000;
const worstFirst = ["failed", "slow", "last_good"] as const;

const consequences: Readonly<Record<Exclude<State, "ok">, string>> = {
  failed: "cannot be read: tokens of this issuer are refused.",
  slow: "did not come within two seconds.",
  last_good: "cannot be read: the last good keys are used, for at most six hours.",
};

/** Reads the keys of each issuer if it is time for that, as a token would. `off` without ISSUERS. */
export async function lookAtIssuers(
  { issuers, pause }: IssuerHealthDependencies,
  nowSeconds: number,
): Promise<IssuersHealth> {
  if (issuers.length === 0) return { status: "off", warnings: [] };
  const late = pause(patienceMilliseconds).then(() => "slow" as const);
  const states = await Promise.all(issuers.map(({ keysState }) => Promise.race([keysState(nowSeconds), late])));
  return {
    status: worstFirst.find((state) => states.includes(state)) ?? "ok",
    warnings: issuers.flatMap(({ place, issuer }, index) => {
      const state = states[index] ?? "ok";
      return state === "ok" ? [] : [`The keys of ${place} (${issuer}) ${consequences[state]}`];
    }),
  };
}
