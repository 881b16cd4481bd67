// The files of a new Worker with the gateway. examples/package has the same texts, and a test compares them.

/** src/index.ts. */
export const ENTRY = `// A Worker that contains the gateway: adds a claim to every token, and serves a route of its own.
import { createGateway } from "simplejwt-edge";

interface Env {
  readonly DB: D1Database;
  readonly BLACKLIST: KVNamespace;
}

const gateway = createGateway({
  hooks: {
    // The routes in wrangler.toml require this claim, and X-User-Roles passes it to the API.
    claimsFor: (user) => ({ roles: user.is_staff ? ["staff", "member"] : ["member"] }),
  },
});

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    // Answered before the gateway: no token was checked, and all headers are the client's.
    if (pathname === "/version") return Response.json({ version: "1.0.0" });
    return gateway.fetch(request, env, context);
  },
  scheduled: gateway.scheduled,
} satisfies ExportedHandler<Env>;
`;

/** What an entry file that exists needs. */
export const ENTRY_LINES = `import { createGateway } from "simplejwt-edge";

const gateway = createGateway({
  hooks: { claimsFor: (user) => ({ roles: user.is_staff ? ["staff", "member"] : ["member"] }) },
});

// in the default export: fetch ends with this line for every path that is not the Worker's own
    return gateway.fetch(request, env, context);
// in the default export, next to fetch
  scheduled: gateway.scheduled,
`;

/** tsconfig.json. */
export const TSCONFIG = `{
  "compilerOptions": {
    "target": "esnext",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["esnext"],
    "types": ["@cloudflare/workers-types"],
    "strict": true,
    "noEmit": true
  },
  "include": ["src"]
}
`;

/** What a tsconfig.json that exists needs. */
export const TSCONFIG_LINES = `"types": ["@cloudflare/workers-types"]    (or the file that wrangler types writes)
`;

/** The lines of .gitignore, each with what covers it in a file that exists. */
export const IGNORED: ReadonlyArray<readonly [line: string, covered: RegExp]> = [
  ["node_modules/", /^\/?node_modules\b/m],
  [".wrangler/", /^\/?\.wrangler\b/m],
  [".dev.vars*", /^\/?\.dev\.vars\b/m],
  [".env*", /^\/?\.env\b/m],
];

/** .dev.vars. */
export const devVars = (key: string): string =>
  `# Secrets for local use. wrangler dev reads them; they are never deployed and never committed.\nSIGNING_KEY=${key}\n`;
