// When a token says it was issued, before anything of it was verified.
// Must never decide whether a token is good: it only says which moment a clock that runs ahead was at.
import { Buffer } from "node:buffer";
import { parseJson } from "../json/parse.ts";
import { isRecord } from "../settings/readers.ts";
import { claim, pythonInt } from "./claims.ts";

/** The claim `iat` of a compact JWS; undefined for what is none. */
export function claimedIssueSeconds(token: string): number | undefined {
  try {
    const claims = parseJson(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    return isRecord(claims) ? pythonInt(claim(claims, "iat")) : undefined;
  } catch {
    return undefined;
  }
}
