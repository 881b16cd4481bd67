// The contestants that are no Workers: Fastify on Node, and what is only raced where it is installed.
// Must never install anything.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { passwordHash } from "../scripts/database/users.ts";
import { freePort } from "../scripts/start/ports.ts";
import { openDjangoDatabase } from "../test/interop/django.ts";
import { DJANGO_DIRECTORY, PYTHON } from "../test/interop/python.ts";
import type { Contestant } from "./contestants.ts";
import { benchUser } from "./fill-stores.ts";
import type { Ground } from "./ground.ts";
import { startNode } from "./processes.ts";
import { serveProgram } from "./serve/program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const fastify: Contestant = {
  name: "fastify",
  about: "Node: Fastify, @fastify/jwt, @fastify/http-proxy, the caller's id in a header",
  checks: true,
  userIdSent: "7",
  async start(ground) {
    const env = { ORIGIN_URL: ground.origin.url, SIGNING_KEY: ground.maker("HS256").signingKey };
    const node = await startNode("contestants/fastify.ts", env);
    return { ...node, storePids: [], close: async () => node.close() };
  },
};

/** Not a proxy: it is the API itself, and answers a small view. */
const django = (name: string, about: string, stateless: boolean): Contestant => ({
  name,
  about,
  checks: true,
  path: "/api/whoami/",
  async start(ground) {
    if (!runs(PYTHON, ["-c", "import gunicorn, rest_framework_simplejwt"])) {
      return "gunicorn and djangorestframework-simplejwt are not installed for Debian's Python";
    }
    const folder = temporaryFolder();
    const database = await openDjangoDatabase(folder);
    const noNames = { first_name: "", last_name: "", email: "", last_login: null };
    const flags = { is_superuser: false, is_staff: false, is_active: true };
    const { id, username, password } = benchUser;
    const row = {
      id: Number(id),
      username,
      password: await passwordHash(password),
      date_joined: "2026-01-02T03:04:05Z",
    };
    await database.load([{ ...row, ...noNames, ...flags }]);
    const port = await freePort();
    const args = [
      "-m",
      "gunicorn",
      "--worker-class",
      "gthread",
      "--threads",
      "4",
      "--workers",
      "1",
      "--keep-alive",
      "600",
    ];
    const served = await serveProgram(
      PYTHON,
      ["-B", ...args, "--bind", `127.0.0.1:${port}`, "django.core.wsgi:get_wsgi_application()"],
      {
        port,
        cwd: DJANGO_DIRECTORY,
        env: { ...djangoEnv(ground, stateless), INTEROP_DATABASE: join(folder, "django.sqlite3") },
      },
    );
    return { ...served, storePids: [] };
  },
});

function djangoEnv(ground: Ground, stateless: boolean) {
  return {
    PYTHONPATH: `${DJANGO_DIRECTORY}:${join(import.meta.dirname, "contestants/django")}`,
    DJANGO_SETTINGS_MODULE: "bench_settings",
    BENCH_STATELESS: stateless ? "1" : "0",
    INTEROP_SIGNING_KEY: ground.maker("HS256").signingKey,
  };
}

export const djangoStateless = django(
  "django-stateless",
  "gunicorn: DRF view, JWTStatelessUserAuthentication; no proxy",
  true,
);
export const djangoUser = django(
  "django-user",
  "gunicorn: DRF view, JWTAuthentication with its user lookup; no proxy",
  false,
);

export const haproxy: Contestant = {
  name: "haproxy",
  about: "HAProxy: jwt_verify, exp, the caller's id in a header, one thread",
  checks: true,
  userIdSent: "7",
  async start(ground) {
    if (!runs("haproxy", ["-v"])) return "haproxy is not installed";
    const folder = temporaryFolder();
    const port = await freePort();
    const file = join(folder, "haproxy.cfg");
    const text = haproxyConfig(port, new URL(ground.origin.url).host, ground.maker("HS256").signingKey);
    writeFileSync(file, text, { mode: 0o600 });
    const served = await serveProgram("haproxy", ["-db", "-q", "-f", file], { port });
    return { ...served, storePids: [] };
  },
};

const haproxyConfig = (port: number, origin: string, secret: string) => `
global
  nbthread 1
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  http-reuse always
frontend gateway
  bind 127.0.0.1:${port}
  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request deny deny_status 401 unless { var(txn.alg) -m str HS256 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${secret}") -m int 1 }
  http-request set-var(txn.now) date()
  http-request set-var(txn.left) var(txn.bearer),jwt_payload_query('$.exp','int'),sub(txn.now)
  http-request deny deny_status 401 unless { var(txn.left) -m int gt 0 }
  http-request set-header x-user-id %[var(txn.bearer),jwt_payload_query('$.user_id')]
  default_backend origin
backend origin
  server origin ${origin}
`;

const runs = (command: string, args: readonly string[]) => spawnSync(command, args, { stdio: "ignore" }).status === 0;
