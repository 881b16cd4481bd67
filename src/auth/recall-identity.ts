// The identity of a token about which nobody has to be asked: nearly every request of a client that comes again.
// Must never give an identity that authenticate() and checkRevocation() would refuse.

import type { Services } from "../services.ts";
import type { Identity, Presented } from "./authenticate.ts";
import { isSettled } from "./revocation.ts";

/** Undefined where something is to be verified, or asked: then authenticate() and checkRevocation() do it. */
export function recallIdentity(
  deps: Pick<Services, "settings" | "codec" | "revocationCache" | "verified">,
  { token, readUser, revocation }: Presented,
  nowSeconds: number,
): Identity | undefined {
  if (readUser) return undefined;
  const verified = deps.verified.recall(token, deps.codec.keysVersion(nowSeconds), nowSeconds);
  if (!verified || !isSettled(deps, revocation, verified, nowSeconds)) return undefined;
  return { ...verified, user: undefined };
}
