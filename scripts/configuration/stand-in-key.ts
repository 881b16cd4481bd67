// Placeholder keys to check the settings with while the real ones are not available.
// Must never be deployed, stored or shown.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readBoolean } from "../../src/settings/readers.ts";

const CURVES: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

/** A new key for the algorithm: a string for HS* and for unknown algorithms, otherwise a PEM. */
export function standInKey(algorithm: unknown): string {
  const name = String(algorithm ?? "HS256");
  const pem = { type: "pkcs8", format: "pem" } as const;
  const namedCurve = CURVES[name];
  if (namedCurve !== undefined) return generateKeyPairSync("ec", { namedCurve }).privateKey.export(pem).toString();
  if (name === "EdDSA") return generateKeyPairSync("ed25519").privateKey.export(pem).toString();
  if (/^[RP]S/.test(name)) return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(pem).toString();
  return randomBytes(48).toString("base64url");
}

/** What is given that may need PROVISIONING_KEY. */
const provisioned = ["EVENTS_URL", "EVENTS", "PROVISIONING_STRICT", "LOGIN"];

/** Placeholders for SIGNING_KEY, and for ASSERTION_KEY and PROVISIONING_KEY if the settings need one. */
export function standInSecrets(given: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const { ALGORITHM, ASSERTION, ASSERTION_KEY, PROVISIONING_KEY } = given;
  const asserts = readBoolean(ASSERTION);
  const shared = "value" in asserts && asserts.value && String(ALGORITHM ?? "HS256").startsWith("HS");
  const provisions = provisioned.some((name) => given[name] !== undefined);
  return {
    SIGNING_KEY: standInKey(ALGORITHM),
    ...(shared && ASSERTION_KEY === undefined ? { ASSERTION_KEY: standInKey("HS256") } : {}),
    ...(provisions && PROVISIONING_KEY === undefined ? { PROVISIONING_KEY: standInKey("HS256") } : {}),
  };
}
