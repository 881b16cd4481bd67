// What the cases of the provisioning suite are written with.
import type { UserChange } from "../../users/provisioning-line.ts";
import type { ProvisioningStore, ProvisioningTerms } from "../provisioning-contract.ts";
import { expectEqual, now } from "./store-under-test.ts";

/** A row as the cases look at it. */
export interface ProvisionedRow {
  readonly username: string;
  readonly password: string;
  readonly first_name: string;
  readonly is_active: boolean;
  readonly alternate_id: string | null;
  readonly session_version: number;
  readonly version: number | null;
}

/** What a case works with. Cases share one store: each makes users of its own. */
export interface ProvisioningUnderTest {
  readonly store: ProvisioningStore;
  /** A new random text. */
  readonly newId: () => string;
  readonly rowOf: (id: string) => Promise<ProvisionedRow | undefined>;
  /** Changes a row as a log-in that upgrades its hash does. */
  readonly upgradeHash: (id: string, better: string) => Promise<void>;
  /** Changes a row as the admin page does, that sets a password here. */
  readonly setPassword: (id: string, hash: string) => Promise<void>;
  /** The second before which a user's tokens are ended; 0 if none are. */
  readonly issuedBefore: (id: string) => Promise<number>;
}

export interface ProvisioningPromise {
  readonly name: string;
  /** Throws an Error that says what was not kept. */
  run(store: ProvisioningUnderTest): Promise<void>;
}

export const ending = { issuedBeforeSeconds: now + 1, untilSeconds: now + 86_400, nowSeconds: now };
export const byId: ProvisioningTerms = { named: "id", names: "exact", ending };
export const byName: ProvisioningTerms = { ...byId, named: "username" };
export const byAlternate: ProvisioningTerms = { ...byId, named: "alternate_id" };

export const change = (id: string, version: number, columns: UserChange["columns"] = {}): UserChange => ({
  id,
  version,
  deleted: false,
  rehash: false,
  columns,
});
export const deletion = (id: string, version: number): UserChange => ({ ...change(id, version), deleted: true });
/** As readLine() makes the two of a hash; any text is a digest to a store. */
export const hashed = (password: string) => ({ password, hash: `sha256 of ${password}` });

export async function resultsOf(
  { store }: ProvisioningUnderTest,
  changes: readonly UserChange[],
  terms: ProvisioningTerms = byId,
): Promise<readonly string[]> {
  return (await store.apply(changes, terms)).outcomes.map(({ result }) => result);
}

export async function expectRow(
  { rowOf }: ProvisioningUnderTest,
  id: string,
  expected: Partial<ProvisionedRow> | undefined,
): Promise<void> {
  const row = await rowOf(id);
  if (expected === undefined || row === undefined) return expectEqual(row, expected, `the row of ${id}`);
  for (const [name, value] of Object.entries(expected)) {
    expectEqual(row[name as keyof ProvisionedRow], value, `${name} of ${id}`);
  }
}
