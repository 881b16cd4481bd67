// What an answer of the API's log-in view is: the tokens of a user, or something that the client has to read itself.
// Must never let a token pass that was not verified, nor guess whose one is.
import { Refusal, refuse } from "../errors.ts";
import { parseJson } from "../json/parse.ts";
import { isRecord } from "../settings/readers.ts";
import type { Settings } from "../settings/settings.ts";
import type { UserLookup } from "../stores/contract.ts";
import type { LoginAnswer } from "../stores/login-contract.ts";
import { checkTokenType } from "../tokens/check.ts";
import { claimedIssueSeconds } from "../tokens/claimed-time.ts";
import { type Claims, claim, writtenName } from "../tokens/claims.ts";
import type { Codec } from "../tokens/codec.ts";
import { type TokenType, tokenTypes } from "../tokens/token-types.ts";
import { userLookup } from "./token-user.ts";
import { nulError } from "./user-rules.ts";

/** A token of the API that was verified. */
export interface ApiToken {
  readonly text: string;
  readonly claims: Claims;
}

/** The tokens with which the API answered a log-in, both of one user. */
export interface ApiTokens {
  readonly refresh: ApiToken;
  readonly access: ApiToken;
  readonly lookup: UserLookup;
  /** The name that they say; undefined where they say none that a row could have. */
  readonly username: string | undefined;
  /** When the first of them was issued, by the API's clock. */
  readonly atSeconds: number;
  /** Whether one of them was issued later than it came here: until then, nothing that ends the user's tokens would end it. */
  readonly isAhead: boolean;
  /** All members of the answer's body, with the tokens among them. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** An answer that goes to the client as it is: a refusal, a failure, or the first of several steps. */
export interface PassedAnswer {
  readonly passed: LoginAnswer;
}

/** How far the API's clock may be ahead. Its tokens open routes as LEEWAY says. */
const longestSkewSeconds = 300;

/**
 * An answer that is no 2xx, or has no tokens, is the client's to read. A 2xx that is no JSON object is refused: a page
 * where a log-in view should be would look like a success. Tokens are opened as the gateway's own are: signature, issuer
 * and audience, type, and one user in both.
 */
export async function judgeAnswer(
  deps: { readonly settings: Settings; readonly codec: Codec },
  answer: LoginAnswer,
): Promise<ApiTokens | PassedAnswer> {
  if (answer.status >= 300 || answer.body.length === 0) return { passed: answer };
  const body = objectFrom(answer.body) ?? refuse("api_login_unreadable");
  const [refresh, access] = [memberOf(body, "refresh"), memberOf(body, "access")];
  if (refresh === undefined && access === undefined) return { passed: answer };
  if (typeof refresh !== "string" || typeof access !== "string" || refresh === "" || access === "") {
    return refuse("api_login_half_a_pair");
  }
  const open = async (text: string, type: TokenType): Promise<ApiToken> => {
    const seconds = momentOf(text, answer.atSeconds);
    const claims = await deps.codec.open(text, seconds);
    checkTokenType(deps.settings, type, claims, seconds);
    const { JTI_CLAIM, TOKEN_BLACKLIST_ENABLED } = deps.settings;
    if (TOKEN_BLACKLIST_ENABLED && typeof claim(claims, writtenName(JTI_CLAIM)) !== "string")
      refuse("token_id_not_text");
    return { text, claims };
  };
  const tokens = await openBoth(() =>
    Promise.all([open(refresh, tokenTypes.refresh), open(access, tokenTypes.access)]),
  );
  const [first, second] = tokens;
  const lookup = sameUser(deps.settings, first.claims, second.claims) ?? refuse("api_login_users_differ");
  const times = [refresh, access].map((token) => claimedIssueSeconds(token) ?? answer.atSeconds);
  return {
    ...{ refresh: first, access: second, lookup, body, atSeconds: Math.min(...times) },
    isAhead: Math.max(...times) > answer.atSeconds,
    username: nameIn(deps.settings, first.claims) ?? nameIn(deps.settings, second.claims),
  };
}

/** A member that is null is none: an answer that asks for a second step may name the tokens that it does not give. */
function memberOf(body: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(body, name) ? (body[name] ?? undefined) : undefined;
}

/** Why a token was refused is for the log; that the keys could not be had is a failure of its own (503). */
async function openBoth<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason === "keys_unavailable") throw error;
    return refuse("api_login_token_invalid", { because: error.reason });
  }
}

/** The moment to check a token at: now, or when a clock that is a little ahead issued it. */
function momentOf(token: string, nowSeconds: number): number {
  return Math.max(nowSeconds, Math.min(claimedIssueSeconds(token) ?? 0, nowSeconds + longestSkewSeconds));
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function objectFrom(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(strictUtf8.decode(bytes));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function sameUser(settings: Settings, refresh: Claims, access: Claims): UserLookup | undefined {
  const [one, other] = [refresh, access].map((claims) => userLookup(settings, claim(claims, settings.USER_ID_CLAIM)));
  return one !== undefined && other !== undefined && one.value === other.value ? one : undefined;
}

const longestName = 255;

/** The claim that is named as USERNAME_FIELD, or `username`, if a row could have it: `id:…` stands for no name. */
function nameIn({ USERNAME_FIELD }: Settings, claims: Claims): string | undefined {
  return [USERNAME_FIELD, "username"]
    .map((name) => claim(claims, name))
    .find((name): name is string => typeof name === "string" && isName(name));
}

const isName = (name: string): boolean =>
  name.trim() !== "" && name.length <= longestName && !name.startsWith("id:") && nulError(name) === null;
