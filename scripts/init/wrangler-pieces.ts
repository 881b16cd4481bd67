// What a Worker with the gateway needs in its wrangler configuration, piece by piece, and its text as TOML or JSON.

/** One key or one block of the configuration. */
export interface WranglerPiece {
  /** What `missingPieces` looks for: a binding, a setting, or a key of wrangler. */
  readonly name: string;
  readonly comment?: string;
  /** The table that its line belongs to; "" is above the first one. Undefined: the text is a table by itself. */
  readonly table?: "" | "vars" | "secrets" | "triggers" | "observability";
  readonly toml: string;
  readonly json: JsonObject;
}

type Json = string | number | boolean | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [name: string]: Json;
}

const setting = (name: string, value: string | boolean): WranglerPiece => ({
  name,
  table: "vars",
  toml: `${name} = ${JSON.stringify(value)}`,
  json: { vars: { [name]: value } },
});

const routes = [
  { path: "/api/public/*", auth: "public" },
  { path: "/api/staff/*", auth: "token", require: { roles: "staff" } },
  { path: "/*", auth: "token" },
] as const;

const routeText = (route: (typeof routes)[number]): string =>
  [
    "[[vars.ROUTES]]",
    `path = "${route.path}"`,
    `auth = "${route.auth}"`,
    ...("require" in route ? [`require = { roles = "${route.require.roles}" }`] : []),
  ].join("\n");

/**
 * All pieces, in the order of a new file.
 *
 * @param name of the Worker and its database @param main its entry file
 */
export const wranglerPieces = (name: string, main: string): readonly WranglerPiece[] => [
  { name: "name", table: "", toml: `name = "${name}"`, json: { name } },
  { name: "main", table: "", toml: `main = "${main}"`, json: { main } },
  {
    name: "compatibility_date",
    table: "",
    toml: 'compatibility_date = "2026-10-01"',
    json: { compatibility_date: "2026-10-01" },
  },
  {
    name: "ORIGIN_URL",
    comment: `Settings. They take precedence over those in ${main}, and the commands (npx simplejwt-edge) read only these.`,
    table: "vars",
    toml: '# ORIGIN_URL = "https://api.example.com"',
    json: { vars: { ORIGIN_URL: "https://api.example.com" } },
  },
  setting("ACCESS_TOKEN_LIFETIME", "15m"),
  setting("REFRESH_TOKEN_LIFETIME", "7d"),
  setting("ROTATE_REFRESH_TOKENS", true),
  setting("BLACKLIST_AFTER_ROTATION", true),
  {
    name: "IDENTITY_HEADERS",
    table: "vars",
    toml: 'IDENTITY_HEADERS = { "X-User-Id" = "user_id", "X-User-Roles" = "roles" }',
    json: { vars: { IDENTITY_HEADERS: { "X-User-Id": "user_id", "X-User-Roles": "roles" } } },
  },
  {
    name: "ROUTES",
    comment: "The first match decides. A request that matches no route is 404 and never reaches the API.",
    toml: routes.map(routeText).join("\n\n"),
    json: { vars: { ROUTES: routes } },
  },
  {
    name: "SIGNING_KEY",
    comment: "The key that signs tokens. Never put it in this file: the one for local use is in .dev.vars.",
    table: "secrets",
    toml: 'required = ["SIGNING_KEY"]',
    json: { secrets: { required: ["SIGNING_KEY"] } },
  },
  {
    name: "DB",
    comment: "Users, and the ids of issued refresh tokens. Without an id, the first deploy creates the database.",
    toml: `[[d1_databases]]\nbinding = "DB"\ndatabase_name = "${name}"`,
    json: { d1_databases: [{ binding: "DB", database_name: name }] },
  },
  {
    name: "BLACKLIST",
    comment: "Ids of revoked tokens. Without an id, the first deploy creates it as well.",
    toml: '[[kv_namespaces]]\nbinding = "BLACKLIST"',
    json: { kv_namespaces: [{ binding: "BLACKLIST" }] },
  },
  {
    name: "LOGIN_LIMITER",
    comment: "Ten log-ins a minute for one account, and for one address. Workers with the same id share the count.",
    toml: '[[ratelimits]]\nname = "LOGIN_LIMITER"\nnamespace_id = "1001"\nsimple = { limit = 10, period = 60 }',
    json: { ratelimits: [{ name: "LOGIN_LIMITER", namespace_id: "1001", simple: { limit: 10, period: 60 } }] },
  },
  {
    name: "crons",
    comment: "Deletes expired rows.",
    table: "triggers",
    toml: 'crons = ["17 * * * *"]',
    json: { triggers: { crons: ["17 * * * *"] } },
  },
  { name: "observability", table: "observability", toml: "enabled = true", json: { observability: { enabled: true } } },
];

/**
 * The pieces as TOML.
 *
 * @param tables those that the file has already: their lines come without the header, which TOML allows only once
 */
export function tomlOf(pieces: readonly WranglerPiece[], tables: readonly string[] = []): string {
  let current: string | undefined = "";
  const lines: string[] = [];
  for (const { table, comment, toml } of pieces) {
    const begins = table === undefined || table !== current;
    if (begins && lines.length > 0) lines.push("");
    if (comment !== undefined) lines.push(`# ${comment}`);
    if (begins && table) lines.push(tables.includes(table) ? `# under [${table}], which is there:` : `[${table}]`);
    lines.push(toml);
    current = table;
  }
  return `${lines.join("\n")}\n`;
}

/** The pieces as one JSON object. */
export function jsonOf(pieces: readonly WranglerPiece[]): string {
  const merged: Record<string, Json> = {};
  for (const { json } of pieces) {
    for (const [name, value] of Object.entries(json)) {
      const before = merged[name];
      merged[name] = isObject(before) && isObject(value) ? { ...before, ...value } : value;
    }
  }
  return `${JSON.stringify(merged, null, 2)}\n`;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a wrangler configuration has, as far as the pieces need it. */
export interface ReadConfig {
  readonly main: string | undefined;
  readonly compatibilityDate: string | undefined;
  readonly compatibilityFlags: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
  /** Names of all bindings. */
  readonly bindings: readonly string[];
  /** `required` of `[secrets]`. */
  readonly secrets: readonly string[];
  /** Names in .dev.vars or .env. Without `[secrets]` wrangler loads them all, with it only those that it names. */
  readonly localSecrets: readonly string[];
  readonly crons: readonly string[];
}

/** From this date on, `nodejs_compat` needs no flag. */
const NODEJS_COMPAT_DATE = "2026-08-04";

/**
 * The pieces that a configuration lacks.
 *
 * @param usesGateway the entry file has the gateway already: settings that are not in the file were left out on purpose
 */
export function missingPieces(
  pieces: readonly WranglerPiece[],
  config: ReadConfig,
  usesGateway: boolean,
): readonly WranglerPiece[] {
  const missing = pieces.filter((piece) => !isThere(piece, config, usesGateway));
  return [...compatibilityFlags(config), ...missing].map((piece) =>
    piece.name === "SIGNING_KEY" ? requiredSecrets(piece, config) : piece,
  );
}

function isThere({ name, table }: WranglerPiece, config: ReadConfig, usesGateway: boolean): boolean {
  const { main, compatibilityDate, vars, bindings, secrets, crons } = config;
  if (name === "name" || name === "observability") return true;
  if (name === "main") return main !== undefined;
  if (name === "compatibility_date") return compatibilityDate !== undefined;
  if (name === "SIGNING_KEY") return secrets.includes(name);
  if (name === "crons") return crons.length > 0;
  if (name === "ORIGIN_URL" && (bindings.includes("ORIGIN") || "ORIGIN" in vars)) return true;
  if (table === "vars" || name === "ROUTES") return usesGateway || name in vars;
  return bindings.includes(name);
}

function compatibilityFlags({ compatibilityDate, compatibilityFlags: flags }: ReadConfig): readonly WranglerPiece[] {
  if (compatibilityDate === undefined || compatibilityDate >= NODEJS_COMPAT_DATE) return [];
  if (flags.includes("nodejs_compat")) return [];
  const all = [...flags, "nodejs_compat"];
  const toml = `compatibility_flags = ${tomlList(all)}`;
  return [{ name: "nodejs_compat", table: "", toml, json: { compatibility_flags: all } }];
}

/** With the names that wrangler loads already, or local runs would lose them. */
function requiredSecrets(piece: WranglerPiece, { secrets, localSecrets, vars }: ReadConfig): WranglerPiece {
  const loaded = secrets.length > 0 ? secrets : localSecrets.filter((name) => !(name in vars)).toSorted();
  const required = [...loaded.filter((name) => name !== "SIGNING_KEY"), "SIGNING_KEY"];
  return { ...piece, toml: `required = ${tomlList(required)}`, json: { secrets: { required } } };
}

const tomlList = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(", ")}]`;
