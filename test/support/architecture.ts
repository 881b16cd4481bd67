// The house rules of ARCHITECTURE.md as functions over source texts: who may import whom, who may touch the outside.
// Must never read files: the test hands them in, and hands in planted breaches too.

/** Source files by their path below src/. */
export type Sources = ReadonlyMap<string, string>;

/** A breach in words, beginning with the file. */
type Breach = string;

/** What knows nothing of accounts, stores or requests to the API. */
const foundations = [
  ...["errors.ts", "log-events.ts", "oldest-first.ts", "json", "python", "settings", "i18n", "context.ts"],
  ...["internal-routes", "http", "tokens"],
];
const contracts = [
  "contract",
  "token-state",
  "admin-contract",
  "api-keys-contract",
  "audit-contract",
  "events-contract",
  "foreign-users-contract",
  "login-contract",
  "provisioning-contract",
  "metrics-contract",
].map((name) => `stores/${name}.ts`);
const useCases = ["users", "auth", "sessions"];

/** Importer to what it may import: folders, and files by name. Its own folder is always allowed. Types count. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "errors.ts": [],
  "log-events.ts": [],
  "oldest-first.ts": [],
  json: [],
  python: ["errors.ts", "json"],
  settings: ["errors.ts", "json", "python"],
  i18n: ["errors.ts"],
  "context.ts": ["errors.ts", "i18n", "http"],
  "internal-routes": ["settings", "http"],
  http: ["errors.ts", "json", "python", "settings", "i18n", "context.ts", "internal-routes"],
  tokens: ["errors.ts", "json", "python", "settings"],
  "hooks.ts": ["settings", "tokens", "users/user.ts"],
  // Implementations are known to wire.ts alone.
  stores: ["errors.ts", "json", "log-events.ts", "oldest-first.ts", "settings", "tokens", "users"],
  "services.ts": [...foundations, "hooks.ts", ...contracts, "users/user-events.ts"],
  users: [...foundations, "hooks.ts", ...contracts],
  auth: [...foundations, "hooks.ts", ...contracts, "users", "sessions"],
  sessions: [...foundations, "hooks.ts", ...contracts, "users", "auth"],
  // The use cases of the admin page, which are made of those of users and sessions.
  administration: [...foundations, "hooks.ts", ...contracts, "users", "sessions"],
  api: [...foundations, ...contracts, ...useCases],
  pages: [...foundations, ...contracts, ...useCases, "administration"],
  proxy: [...foundations, ...contracts, ...useCases],
  "configuration.ts": ["internal-routes", "settings", "tokens", "proxy"],
  "key-sources.ts": ["log-events.ts", "settings", "tokens", "stores/jwk-set-source.ts"],
  "observation.ts": ["json", "settings", "stores/metrics-contract.ts", "http", "context.ts", "log-events.ts"],
  "router.ts": [...foundations, "sessions", "administration", "api", "pages"],
  "app.ts": [...foundations, ...contracts, ...useCases, "administration", "proxy", "router.ts", "observation.ts"],
  "wire.ts": [
    ...foundations,
    ...useCases,
    ...["administration", "proxy", "stores", "hooks.ts", "configuration.ts", "services.ts", "app.ts", "router.ts"],
    "key-sources.ts",
  ],
  "check-options.ts": ["hooks.ts", "settings"],
  "create-gateway.ts": ["app.ts", "check-options.ts", "wire.ts", "http", "hooks.ts", "settings"],
  "index.ts": ["create-gateway.ts", "wire.ts", "hooks.ts"],
  "package.ts": ["create-gateway.ts", "hooks.ts", "settings", "users", "tokens"],
};

/** A power over the outside, how it shows in a source text, and the files that may have it. */
const powers: ReadonlyArray<{ readonly name: string; readonly shows: RegExp; readonly only: RegExp }> = [
  {
    name: "fetch",
    shows: /(?:=>|[=(,]|await|return)\s*fetch\(|globalThis\.fetch/,
    only: /^(proxy\/forward|stores\/jwk-set-source|stores\/event-targets)\.ts$/,
  },
  {
    name: "jose",
    shows: /from "jose"/,
    only: /^tokens\/(codec|keys|key-ring|jwk-set|known-headers|remote-keys|assertion|event-token|provisioning-request|gateway-users)\.ts$/,
  },
  { name: "hono", shows: /from "hono/, only: /^router\.ts$/ },
  {
    name: "password hashing",
    shows: /@noble\/hashes|bcryptjs|scrypt|pbkdf2|PBKDF2|argon2/i,
    only: /^users\//,
  },
  {
    name: "D1",
    shows: /\bD1(Database|PreparedStatement|Result)\b/,
    // Several databases are implementations over one, which change statements of both in one batch.
    only: /^(stores\/(d1|spread)\/[a-z0-9-]+\.ts|wire\.ts)$/,
  },
  { name: "KV", shows: /\bKVNamespace\b/, only: /^(stores\/kv\/[a-z0-9-]+\.ts|wire\.ts)$/ },
  {
    name: "Analytics Engine",
    shows: /\bAnalyticsEngineDataset\b/,
    only: /^(stores\/analytics-[a-z0-9-]+\.ts|wire\.ts)$/,
  },
  { name: "queues", shows: /\bQueue</, only: /^(stores\/event-targets|wire)\.ts$/ },
  { name: "rate limits", shows: /\bRateLimit\b/, only: /^(stores\/ratelimit-[a-z0-9-]+\.ts|wire\.ts)$/ },
  {
    name: "the clock",
    shows: /Date\.now\(|new Date\(\)|performance\.now\(/,
    only: /^(app|wire)\.ts$/,
  },
  { name: "randomness", shows: /randomUUID|getRandomValues|randomBytes\(|Math\.random/, only: /^wire\.ts$/ },
  { name: "console", shows: /\bconsole\.\w+\(/, only: /^wire\.ts$/ },
  { name: "the environment", shows: /cloudflare:workers|process\.env/, only: /^wire\.ts$/ },
];

const longestFileLines = 300;

/**
 * Where a promise is kept in a variable, a field or a collection: another request could come to await it, and it never
 * settles when the request that began it is cancelled. What a declaration does not show (a promise by inference in a
 * literal) is not seen.
 */
const keptPromises: readonly RegExp[] = [
  /\b(?:Map|Set|WeakMap|WeakRef|Array)<[^()=]{0,200}?\bPromise(?:Like)?</,
  /^\s*(?:let|var)\s+\w+\s*:\s*(?:\w+\s*\|\s*)*Promise(?:Like)?</m,
  /^\s+(?:readonly\s+)?\w+\??\s*:\s*(?:\w+\s*\|\s*)*Promise(?:Like)?<[^;,(){}]*;$/m,
  /^(?:export\s+)?const\s+\w+\s*(?::[^=]*)?=\s*(?:await\s+)?(?:import\(|new Promise|Promise\.)/m,
  /\?\?=\s*(?:import\(|new Promise|Promise\.)/,
];
/** Files in which a kept promise never outlives its request, each with the reason. */
const mayKeepPromises: Readonly<Record<string, string>> = {
  "pages/admin/routes.ts": "the form of one request, read once in a function that is called for each request",
  "auth/authenticate.ts": "in a function that is called for each request",
  "proxy/body-limit.ts": "the upload of one request, in an object that is made for it",
  "proxy/forward.ts": "the end of one request's upload, in an object that is made for it",
};

/** All breaches of the house rules. */
export function breachesOf(sources: Sources): Breach[] {
  return [...sources]
    .flatMap(([file, text]) => [
      ...importBreaches(file, text),
      ...powerBreaches(file, text),
      ...shapeBreaches(file, text),
      ...promiseBreaches(file, text),
    ])
    .concat(cycleBreaches(sources));
}

/** The same for scripts/ and bench/, by their path below the project: nothing of test/, and folders in one direction. */
const toolsMayImport: Readonly<Record<string, readonly string[]>> = {
  "scripts/shared": [],
  "scripts/conformance": ["src"],
  "scripts/database": ["src", "scripts/shared"],
  "scripts/configuration": ["src", "scripts/shared"],
  "scripts/import-django": ["src", "scripts/shared", "scripts/database"],
  "scripts/export-django": ["src", "scripts/shared", "scripts/database", "scripts/import-django"],
  "scripts/keys": ["src", "scripts/shared", "scripts/configuration"],
  "scripts/explain": ["src", "scripts/shared", "scripts/configuration"],
  "scripts/doctor": ["src", "scripts/shared", "scripts/database", "scripts/configuration"],
  "scripts/deploy": ["src", "scripts/shared", "scripts/database", "scripts/configuration"],
  "scripts/manage": [
    ...["src", "scripts/shared", "scripts/database", "scripts/configuration", "scripts/import-django"],
    ...["scripts/export-django", "scripts/keys", "scripts/explain", "scripts/deploy", "scripts/completion"],
    "scripts/doctor",
  ],
  "scripts/completion": [],
  "scripts/init": ["scripts/shared"],
  "scripts/start": ["src", "scripts/shared", "scripts/database", "scripts/configuration"],
  scripts: ["src", "scripts"],
  // The real Django project is a contestant, too.
  bench: ["src", "scripts", "bench", "test/interop"],
};

/** All breaches in the sources of scripts/ and bench/. */
export function toolBreachesOf(sources: Sources): Breach[] {
  const isIn = (target: string, folder: string) => target.startsWith(`${folder}/`);
  const importBreaches = [...sources].flatMap(([file, text]) => {
    const folder = file.slice(0, file.lastIndexOf("/"));
    const home = Object.hasOwn(toolsMayImport, folder) ? folder : homeOf(file);
    const allowed = folder === "scripts" || home === "bench" ? [] : [folder];
    if (home === "scripts" && folder !== "scripts") return [`${file}: no row in the import table for ${folder}`];
    return importsOf(file, text)
      .filter((target) => ![...allowed, ...(toolsMayImport[home] ?? [])].some((one) => isIn(target, one)))
      .map((target) => `${file}: may not import ${target}`);
  });
  return importBreaches.concat(cycleBreaches(sources));
}

/** Relative imports of a file, resolved to paths below src/; type imports too. */
function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g);
  return [...found].map(([, target = ""]) => new URL(target, `file:///${file}`).pathname.slice(1));
}

const homeOf = (file: string) => (file.includes("/") ? file.slice(0, file.indexOf("/")) : file);

function importBreaches(file: string, text: string): Breach[] {
  const home = homeOf(file);
  const allowed = mayImport[home];
  if (!allowed) return [`${file}: no row in the import table for ${home}`];
  return importsOf(file, text)
    .filter((target) => homeOf(target) !== home || !file.includes("/"))
    .filter((target) => !allowed.includes(homeOf(target)) && !allowed.includes(target))
    .map((target) => `${file}: may not import ${target}`);
}

function powerBreaches(file: string, text: string): Breach[] {
  const code = withoutComments(text);
  return powers
    .filter(({ shows, only }) => shows.test(code) && !only.test(file))
    .map(({ name }) => `${file}: may not touch ${name}`);
}

function shapeBreaches(file: string, text: string): Breach[] {
  const breaches: Breach[] = [];
  const lines = text.trimEnd().split("\n");
  if (lines.length > longestFileLines)
    breaches.push(`${file}: has ${lines.length} lines, more than ${longestFileLines}`);
  if (!lines[0]?.startsWith("// ")) breaches.push(`${file}: does not begin with a line that says what it is for`);
  const code = withoutComments(text);
  // The npm package has to have one door.
  if (/export\s+(type\s+)?(\*|\{[^}]*\})\s*from/.test(code) && file !== "package.ts")
    breaches.push(`${file}: is a barrel: it exports what another file has`);
  if (/export default/.test(code) && file !== "index.ts") breaches.push(`${file}: has a default export`);
  if (/^(let|var) /m.test(code)) breaches.push(`${file}: has mutable module state`);
  if (/^(export )?(abstract )?class /m.test(code) && file !== "errors.ts") breaches.push(`${file}: has a class`);
  return breaches;
}

function promiseBreaches(file: string, text: string): Breach[] {
  // What a function gives is kept by nobody.
  const code = withoutComments(text).replace(/(=>|\)\s*:)\s*Promise(?:Like)?</g, "$1 Given<");
  if (file in mayKeepPromises || !keptPromises.some((shows) => shows.test(code))) return [];
  return [`${file}: keeps a promise, which another request could come to await`];
}

/** Text and comment apart, as far as this code base's style needs it. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function cycleBreaches(sources: Sources): Breach[] {
  const state = new Map<string, "open" | "done">();
  const breaches: Breach[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      breaches.push(`${file}: is in a cycle: ${[...trail.slice(trail.indexOf(file)), file].join(" → ")}`);
      return;
    }
    state.set(file, "open");
    for (const target of importsOf(file, sources.get(file) ?? "")) visit(target, [...trail, file]);
    state.set(file, "done");
  };
  for (const file of sources.keys()) visit(file, []);
  return breaches;
}
