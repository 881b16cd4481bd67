// The table of settings: name, reader, default. docs/settings.md is checked against it.
import { readLimitPeriod, readTokenLimits, type TokenLimits } from "./limits.ts";
import {
  type Reader,
  readBoolean,
  readBooleanOr,
  readBytes,
  readChoice,
  readChoiceOrNone,
  readDuration,
  readJwkSet,
  readList,
  readShare,
  readShareOrNone,
  readText,
  readTextList,
  readTextMap,
  readTextOrNone,
} from "./readers.ts";
import { readTokenPaths, type TokenPaths } from "./token-paths.ts";

/** The algorithms of RFC 7518 and RFC 8037 that a signing key can have here. */
export const algorithms = [
  "HS256",
  "HS384",
  "HS512",
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
] as const;
export type Algorithm = (typeof algorithms)[number];

/** Where revoked tokens are looked up, the least strict first. */
export const revocationModes = ["off", "cached", "strict"] as const;

/** One setting. */
interface Setting<T> {
  readonly read: Reader<T>;
  readonly default: T;
  readonly secret?: true;
  /**
   * Whether an unknown name that resembles this one is reported as a typo. Not for settings added after 0.1: a running
   * gateway must not stop because of a variable of the deployer's own, such as PATH or API_KEY.
   */
  readonly reportsTypos?: false;
}

const setting = <T>(read: Reader<T>, byDefault: NoInfer<T>): Setting<T> => ({ read, default: byDefault });
const secret = (read: Reader<string>): Setting<string> & { readonly secret: true } => ({
  read,
  default: "",
  secret: true,
});

/** A setting that was added after 0.1. */
const added = <T>(read: Reader<T>, byDefault: NoInfer<T>): Setting<T> => ({
  ...setting(read, byDefault),
  reportsTypos: false,
});

const claimName = readTextOrNone("the name of a claim");
const text = readText("a non-empty string");
const optionalSeconds = readDuration(0);

/**
 * Every setting by its public name, which is Simple JWT's own where it has one. Durations are whole seconds.
 * `null` is Python's None.
 */
export const settingsTable = {
  // Keys and tokens (Simple JWT).
  SIGNING_KEY: secret(readText("a secret of at least 32 bytes, or a PEM")),
  VERIFYING_KEY: secret(readTextOrEmpty("a public key in PEM")),
  ALGORITHM: setting(readChoice(algorithms), "HS256"),
  ALLOW_SHORT_SIGNING_KEY: setting(readBoolean, false),
  ACCESS_TOKEN_LIFETIME: setting(readDuration(1), 300),
  REFRESH_TOKEN_LIFETIME: setting(readDuration(1), 86_400),
  ROTATE_REFRESH_TOKENS: setting(readBoolean, false),
  BLACKLIST_AFTER_ROTATION: setting(readBoolean, false),
  UPDATE_LAST_LOGIN: setting(readBoolean, false),
  AUDIENCE: setting<readonly string[] | string | null>(readAudience, null),
  ISSUER: setting(readTextOrNone("the issuer's name"), null),
  JWK_URL: setting(readTextOrNone("the URL of a JWK Set"), null),
  // Its entries are read by issuers.ts.
  ISSUERS: added<readonly unknown[]>(readList("a list of issuers"), []),
  LEEWAY: setting(readDuration(0), 0),
  AUTH_HEADER_TYPES: setting(readTextList("a scheme such as Bearer, or a list of schemes", 1), ["Bearer"]),
  AUTH_HEADER_NAME: setting(text, "HTTP_AUTHORIZATION"),
  USER_ID_FIELD: setting(text, "id"),
  USER_ID_CLAIM: setting(text, "user_id"),
  AUTH_TOKEN_CLASSES: setting(readTextList("a list of token classes, such as AccessToken", 1), ["AccessToken"]),
  TOKEN_TYPE_CLAIM: setting(claimName, "token_type"),
  JTI_CLAIM: setting(claimName, "jti"),
  SLIDING_TOKEN_REFRESH_EXP_CLAIM: setting(text, "refresh_exp"),
  SLIDING_TOKEN_LIFETIME: setting(readDuration(1), 300),
  SLIDING_TOKEN_REFRESH_LIFETIME: setting(readDuration(1), 86_400),
  CHECK_REVOKE_TOKEN: setting(readBoolean, false),
  REVOKE_TOKEN_CLAIM: setting(text, "hash_password"),
  CHECK_USER_IS_ACTIVE: setting(readBoolean, true),
  // Simple JWT's blacklist app and Django's password upgrade.
  TOKEN_BLACKLIST_ENABLED: setting(readBoolean, true),
  UPGRADE_PASSWORD_HASHES: setting(readBoolean, true),
  // The user model, and who owns the users.
  USERNAME_FIELD: added(text, "username"),
  USERNAME_CASE: added(readChoice(["exact", "insensitive"]), "exact"),
  USER_ID_TYPE: added(readChoice(["integer", "uuid", "text"]), "integer"),
  USERS_OWNER: added(readChoice(["gateway", "origin"]), "gateway"),
  // Log-in at the API.
  LOGIN: added(readChoice(["gateway", "origin", "fallback"]), "gateway"),
  LOGIN_URL: added(readTextOrNone("a path of the API, or a URL"), null),
  LOGIN_MAX_AGE: added(readDuration(0), 86_400),
  RESIGN: added(readBoolean, false),
  OTHER_LOGIN_FIELDS: added<readonly string[]>(readTextList("a list of fields"), []),
  // Users and events between the API and the gateway.
  PROVISIONING_KEY: { ...added(readTextOrEmpty("a secret of at least 32 bytes"), ""), secret: true },
  PROVISIONING_STRICT: added(readBoolean, false),
  EVENTS_URL: added(readTextOrNone("a URL of the API"), null),
  // API keys.
  API_KEYS: added(readBoolean, false),
  // Where things are.
  TOKEN_PREFIX: setting(text, "/api/token"),
  TOKEN_PATHS: added<TokenPaths>(readTokenPaths, {}),
  TOKEN_LIMITS: added<TokenLimits>(readTokenLimits, {}),
  LOGIN_LIMIT_PERIOD: added(readLimitPeriod, 60),
  TOKEN_ENDPOINTS: setting<readonly string[] | null>(readTextList("a list of endpoints, such as obtain"), null),
  ORIGIN_URL: setting(readTextOrNone("http(s)://host[:port][/base]"), null),
  ROUTES: setting<readonly unknown[]>(readList("a list of routes"), [{ path: "/*", auth: "token" }]),
  REVOCATION: setting(readChoice(revocationModes), "cached"),
  IDENTITY_HEADERS: setting(readTextMap("a table of header to claim"), { "X-User-Id": "user_id" }),
  FORWARD_AUTHORIZATION: setting(readBoolean, true),
  WEBSOCKET_TOKEN: added<"subprotocol" | null>(readChoiceOrNone(["subprotocol"]), null),
  WEBSOCKET_EXPIRES: added(readBoolean, false),
  ALLOW_HEADERS: added<readonly string[]>(readTextList("a list of headers"), []),
  PATHS: added(readChoice(["loose", "exact"]), "loose"),
  TENANT_DOMAIN: added(readTextOrNone("a domain such as example.com"), null),
  ORIGIN_TIMEOUT: setting(readDuration(1), 30),
  ORIGIN_RETRY: setting(readBoolean, false),
  MAX_BODY: setting(readBytes, null),
  REVOCATION_CACHE_SECONDS: setting(readDuration(0), 30),
  // A trigger of schema.sql keeps entries for 30 days.
  AUDIT_RETENTION: added(readDuration(30 * 86_400), 365 * 86_400),
  // Beyond Simple JWT; off by default.
  REFRESH_REUSE_GRACE: setting(optionalSeconds, 0),
  REVOKE_FAMILY_ON_REUSE: setting(readBoolean, false),
  SESSION_ABSOLUTE_LIFETIME: setting(optionalSeconds, 0),
  SESSION_IDLE_LIFETIME: setting(optionalSeconds, 0),
  BLACKLIST_ENDS_SESSION: setting(readBoolean, false),
  SESSION_METADATA: setting(readBoolean, false),
  RECOMPUTE_CLAIMS_ON_REFRESH: setting(readBoolean, false),
  KEY_ID: setting(readTextOrNone("the kid of SIGNING_KEY"), null),
  VERIFYING_KEYS: { read: readJwkSet, default: null, secret: true },
  ASSERTION: setting(readBoolean, false),
  ASSERTION_KEY: secret(readTextOrEmpty("a secret of at least 32 bytes")),
  ASSERTION_CLAIMS: setting<readonly string[]>(readTextList("a list of claims"), []),
  CORS_ORIGINS: setting<readonly string[]>(readTextList("a list of origins"), []),
  CORS_METHODS: setting<readonly string[]>(readTextList("a list of methods"), []),
  CORS_HEADERS: setting<readonly string[]>(readTextList("a list of headers"), []),
  CORS_EXPOSE_HEADERS: added<readonly string[]>(readTextList("a list of headers"), []),
  CORS_CREDENTIALS: setting(readBoolean, false),
  CORS_MAX_AGE: setting(optionalSeconds, 0),
  AUTH_COOKIE: setting<boolean | "only">(readBooleanOr("only"), false),
  LOG: setting(readChoice(["off", "denied", "all"]), "off"),
  LOG_SAMPLE: setting(readShare, 1),
  TRACE_SAMPLE: setting<number | null>(readShareOrNone, null),
  SERVER_TIMING: setting(readBoolean, false),
  HEALTH_KEY: { ...added<string | null>(readTextOrNone("a secret of at least 16 bytes"), null), secret: true },
  CONSOLE: setting(readBoolean, false),
  ADMIN: setting(readBoolean, false),
  ADMIN_HOST: added(readTextOrNone("a host such as admin.example.com"), null),
  ERROR_REASONS: setting(readBoolean, false),
} as const satisfies Record<string, Setting<unknown> | Setting<string>>;

export type SettingName = keyof typeof settingsTable;

/** The settings as the code uses them, by their public names: read, typed, defaulted and checked. */
export type Settings = {
  readonly [Name in SettingName]: (typeof settingsTable)[Name] extends Setting<infer T> ? T : never;
};

/** A string that may be empty, as may None. */
function readTextOrEmpty(what: string): Reader<string> {
  return (raw) => (raw === null || typeof raw === "string" ? { value: raw ?? "" } : { expected: `${what}, or ""` });
}

/** `AUDIENCE`: a string, a list of strings, or None; it is written into tokens in the same shape. */
function readAudience(raw: unknown): ReturnType<Reader<readonly string[] | string | null>> {
  if (raw === "" || raw === null || raw === undefined) return { value: null };
  const list = readTextList('a string, a list of strings, or "" for None', 1)(raw);
  if ("expected" in list) return list;
  const wasList = Array.isArray(raw) || (typeof raw === "string" && raw.trim().startsWith("["));
  return { value: wasList ? list.value : (list.value[0] ?? null) };
}
