// Reads the token to explain: from standard input, or typed at a terminal without echo.
// Must never take it from the command line, nor put it into an error.
import { type CompactJWSHeaderParameters, CompactSign } from "jose";
import { apiKeyFrom } from "../../src/auth/api-key-header.ts";
import type { Configuration } from "../../src/configuration.ts";
import { Failure } from "../shared/failure.ts";
import { openPrompter } from "../shared/prompter.ts";
import { decodeToken } from "./decode-token.ts";

/** Far more than any server accepts in a header. */
const LONGEST_CHARACTERS = 65_536;

/** The input without the white space around it; empty for a request without a token. */
export async function readToken(): Promise<string> {
  if (process.stdin.isTTY) {
    const prompter = openPrompter();
    try {
      return tokenFromText(await prompter.askHidden("Token (not shown; empty for a request without a token): "));
    } finally {
      prompter.close();
    }
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return tokenFromText(Buffer.concat(chunks).toString("utf8"));
}

/** The token in a text; fails for what a header cannot carry. */
export function tokenFromText(text: string): string {
  const token = text.trim();
  if (token.length > LONGEST_CHARACTERS) throw new Failure("Standard input is too long for a token.");
  if (!/^[\x20-\x7e]*$/.test(token)) {
    throw new Failure("Standard input must be the token and nothing else: one line of plain ASCII.");
  }
  return token;
}

/**
 * The value of the header: a pasted `Bearer …` or `Api-Key …` unchanged, else the token after the first scheme of
 * AUTH_HEADER_TYPES.
 */
export function headerValue(token: string, schemes: readonly string[]): string | undefined {
  if (token === "") return undefined;
  if (apiKeyFrom(token) !== undefined) return token;
  return schemes.some((scheme) => token.startsWith(`${scheme} `)) ? token : `${schemes[0]} ${token}`;
}

/** Why key and signature are not checked. */
export const unsignedNote = "SIGNING_KEY is not available here; provide it with --secrets-file FILE";

/**
 * The token signed with the key of the configuration, a placeholder, so that all other checks can be made where the real
 * key is not available. Payload and header stay, except for the `kid`; a header that no key would be chosen for stays as it
 * is.
 */
export async function signAgain(token: string, { settings, keys, issuers }: Configuration): Promise<string> {
  const { header, claims } = decodeToken(token);
  const [, payload] = token.split(".");
  // Their keys are known.
  if (issuers.some(({ issuer }) => issuer === claims.iss)) return token;
  if (header.alg !== settings.ALGORITHM || payload === undefined || token.split(".").length !== 3) return token;
  const { kid, ...rest } = header;
  const own = settings.KEY_ID === null ? {} : { kid: settings.KEY_ID };
  // A kid that is not a string is an error of its own.
  const named = kid === undefined || typeof kid === "string" ? { ...rest, ...own } : header;
  try {
    const signer = new CompactSign(Buffer.from(payload, "base64url"));
    return await signer.setProtectedHeader(named as unknown as CompactJWSHeaderParameters).sign(keys.signing);
  } catch {
    // jose does not verify a header that it does not sign.
    return token;
  }
}
