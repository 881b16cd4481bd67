// Fresh signing keys for one run, in the spellings that deployers have them in.
// Must never write a key anywhere.
import { generateKeyPairSync, randomBytes } from "node:crypto";

export type Algorithm = "HS256" | "RS256" | "ES256";

export interface Keys {
  readonly signing: string;
  /** Django has to be told it; empty for HS256. */
  readonly verifying: string;
  /** What the gateway is told: empty where it is to derive the public key itself. */
  readonly gatewayVerifying: string;
}

/** HS256: text. RS256: PKCS#8 and SPKI on both sides. ES256: SEC1, as `openssl ecparam -genkey` writes it. */
export function newKeys(algorithm: Algorithm): Keys {
  if (algorithm === "HS256") {
    return { signing: randomBytes(48).toString("base64url"), verifying: "", gatewayVerifying: "" };
  }
  const spki = { format: "pem", type: "spki" } as const;
  if (algorithm === "RS256") {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const verifying = publicKey.export(spki).toString();
    const signing = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    return { signing, verifying, gatewayVerifying: verifying };
  }
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signing = privateKey.export({ format: "pem", type: "sec1" }).toString();
  return { signing, verifying: publicKey.export(spki).toString(), gatewayVerifying: "" };
}
