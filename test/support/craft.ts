// Tokens made by hand, with node:crypto and not with the code under test: any header, any payload, any HMAC secret.
import { createHmac } from "node:crypto";
import { testSecret } from "./settings.ts";

export interface Craft {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** In the place of the claims' JSON. */
  readonly payload?: string | Uint8Array;
  /** In the place of the header's JSON. */
  readonly headerText?: string;
  readonly secret?: string | Uint8Array;
  readonly hash?: "sha256" | "sha384" | "sha512";
}

export const base64url = (value: string | Uint8Array): string => Buffer.from(value).toString("base64url");

/** A compact JWS with an HMAC signature; by default HS256 with the tests' secret. */
export function craft({ header, claims, payload, headerText, secret = testSecret, hash = "sha256" }: Craft): string {
  const head = headerText ?? JSON.stringify(header ?? { alg: "HS256", typ: "JWT" });
  const signed = `${base64url(head)}.${base64url(payload ?? JSON.stringify(claims ?? {}))}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
}

/** The claims of a token, read without looking at its signature. */
export function claimsIn(token: string): Record<string, unknown> {
  const [, payload = ""] = token.split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
}

/** The header of a token, likewise. */
export function headerIn(token: string): Record<string, unknown> {
  const [header = ""] = token.split(".");
  return JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
}
