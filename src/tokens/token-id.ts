// The ids of a session's tokens: the session's key, and the number of the token in its session.

/** Hexadecimal digits of a session's key; 8 more are the counter. Together they are as long as Simple JWT's uuid4().hex. */
const keyDigits = 24;
const counterDigits = 8;

/** An id of the gateway's own make. One that was made elsewhere can look like it, so only a session with that key tells. */
export interface NumberedId {
  readonly key: string;
  readonly counter: number;
}

/** The parts of an id; undefined for one that the gateway does not make. */
export function readTokenId(jti: string): NumberedId | undefined {
  if (!/^[0-9a-f]{32}$/.test(jti)) return undefined;
  return { key: jti.slice(0, keyDigits), counter: Number.parseInt(jti.slice(keyDigits), 16) };
}

/** The id of a session's token. The first one has the counter 0. */
export function writeTokenId(key: string, counter: number): string {
  return key + counter.toString(16).padStart(counterDigits, "0");
}

/** @param randomId 32 random hexadecimal digits */
export const sessionKeyOf = (randomId: string): string => randomId.slice(0, keyDigits);
