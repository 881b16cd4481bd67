// The promises of contract.ts about tokens and sessions, as cases that an implementation is run against.
// Written against the contract alone: a case fails by throwing. test/stores/conformance.test.ts runs them on D1.
import { endingPromises, isolationPromises, listPromises } from "./conformance/sessions.ts";
import type { StorePromise } from "./conformance/store-under-test.ts";
import { blacklistPromises, rotationPromises } from "./conformance/tokens.ts";

/** Every case. They run one after another, on one store; `run(store)` throws an Error that says what was not kept. */
export const storePromises: readonly StorePromise[] = [
  ...rotationPromises,
  ...blacklistPromises,
  ...endingPromises,
  ...listPromises,
  ...isolationPromises,
];
