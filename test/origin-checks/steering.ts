// Headers by which a client could make a real server read another request than the gateway let pass.
// Must never stub either side: the servers are Debian's, in front of one Django API.
import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../scripts/start/ports.ts";
import { steeringHeaders } from "../../src/proxy/headers/steering-headers.ts";
import { PYTHON, pythonArguments } from "../interop/python.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { rawRequest } from "../support/sockets.ts";
import { startOriginProcess } from "./origin-process.ts";

const folder = join(import.meta.dirname, "python");

/** A server that runs the API, and the header by which it is known to be led to another path. */
export interface Server {
  readonly name: string;
  readonly program: string;
  readonly debianPackage: string;
  /** Separated by blanks. Each believes whatever proxies it can be told to believe. */
  readonly args: (port: number) => string;
  readonly misled?: string;
}

export const servers: readonly Server[] = [
  {
    name: "gunicorn",
    program: "/usr/bin/gunicorn",
    debianPackage: "gunicorn",
    args: (port) => `--bind 127.0.0.1:${port} --log-level error --forwarded-allow-ips * steered_api:wsgi`,
    misled: "SCRIPT_NAME",
  },
  {
    name: "Daphne",
    program: "/usr/bin/daphne",
    debianPackage: "daphne",
    args: (port) => `-b 127.0.0.1 -p ${port} -v 0 --proxy-headers steered_api:asgi`,
    misled: "Daphne-Root-Path",
  },
  {
    name: "uvicorn",
    program: "/usr/bin/uvicorn",
    debianPackage: "uvicorn",
    args: (port) => `--host 127.0.0.1 --port ${port} --log-level error --forwarded-allow-ips * steered_api:asgi`,
  },
  {
    name: "Hypercorn",
    program: "/usr/bin/hypercorn",
    debianPackage: "python3-hypercorn",
    args: (port) => `--bind 127.0.0.1:${port} --log-level error steered_api:asgi`,
  },
  {
    name: "waitress",
    program: "/usr/bin/waitress-serve",
    debianPackage: "python3-waitress",
    args: (port) => `--listen=127.0.0.1:${port} --trusted-proxy=* steered_api:wsgi`,
  },
  {
    name: "uWSGI",
    program: "/usr/bin/uwsgi_python3",
    debianPackage: "uwsgi-plugin-python3",
    args: (port) => `--http-socket 127.0.0.1:${port} --logto /dev/null --module steered_api:wsgi --master`,
  },
];

export const isThere = ({ program }: Server): boolean => existsSync(program);

/** What the API says of a request that reached it. */
interface Seen {
  readonly view: string;
  readonly path: string;
  readonly method: string;
  readonly host: string;
  readonly scheme: string;
  readonly user: string | null;
  readonly variables: readonly string[];
}

interface Ground {
  readonly server: Server;
  readonly originPort: number;
  readonly gateway: Gateway;
}

/** Runs `work` with a server and a gateway in front of it. */
export async function withServer(server: Server, work: (ground: Ground) => Promise<void>): Promise<void> {
  const originPort = await freePort();
  const url = `http://127.0.0.1:${originPort}`;
  const command = [PYTHON, ...pythonArguments([join(folder, "until_input_ends.py")])];
  const env = { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" };
  const origin = await startOriginProcess(
    [...command, server.program, ...server.args(originPort).split(" ")],
    env,
    url,
  );
  try {
    const gateway = await startGateway({
      ORIGIN_URL: url,
      ROUTES: [
        { path: "/api/public/*", auth: "public" },
        { path: "/api/admin/*", auth: "user", require: { is_staff: true } },
      ],
    });
    await work({ server, originPort, gateway }).finally(() => gateway.close());
  } finally {
    await origin.stop();
  }
}

const secrets = "/api/public/api/admin/secrets";
const prefix = "/api/public";

/** All names of the table, those of its prefixes with an end, and variables of WSGI and CGI by their own names. */
const dashed = steeringHeaders.flatMap(({ names }) => names.map((name) => name.replace(/-?\*$/, "-path")));
const variables = [
  ...["SCRIPT_NAME", "PATH_INFO", "PATH_TRANSLATED", "REQUEST_URI", "RAW_URI", "SCRIPT_URL", "REDIRECT_URL"],
  ...["REQUEST_METHOD", "REMOTE_USER", "REMOTE_ADDR", "HTTP_HOST", "SERVER_NAME", "UWSGI_SCRIPT", "UWSGI_APPID"],
  ...["wsgi.url_scheme", "wsgi_url_scheme", "X_SCRIPT_NAME", "X_FORWARDED_PREFIX", "DAPHNE_ROOT_PATH"],
];
const spelled = dashed.flatMap((name) => [
  name,
  name.toUpperCase(),
  name.replaceAll("-", "_"),
  name.replaceAll("-", "."),
]);
const allNames = [...new Set([...variables, ...spelled])];

async function seenAt(port: number, target: string, headers: readonly string[], method = "GET"): Promise<Seen> {
  const answer = await rawRequest(port, target, { headers, method });
  equal(answer.status, 200, `${answer.status} ${answer.body.slice(0, 200)}`);
  // Some servers send chunks; there is one JSON object in them.
  return JSON.parse(answer.body.slice(answer.body.indexOf("{"), answer.body.lastIndexOf("}") + 1)) as Seen;
}

const through = ({ gateway }: Ground, target: string, headers: readonly string[], method?: string) =>
  seenAt(Number(gateway.url.port), target, headers, method);

/** Servers limit the number of fields: gunicorn to 100. */
function* inPortions(names: readonly string[], size = 60): Generator<readonly string[]> {
  for (let at = 0; at < names.length; at += size) yield names.slice(at, at + size);
}

const variableOf = (name: string) => `HTTP_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
/** What the gateway itself says. */
const gatewaysOwn = ["HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP"];

export const sentences: ReadonlyArray<readonly [sentence: string, prove: (ground: Ground) => Promise<void>]> = [
  [
    "answers at the public path and refuses anonymous requests for the admin view",
    async (ground) => {
      equal((await through(ground, `${prefix}/x`, [])).view, "public");
      const refused = await rawRequest(Number(ground.gateway.url.port), "/api/admin/secrets");
      equal(refused.status, 401);
    },
  ],
  [
    "never shows the admin view to anybody who sends one such header",
    async (ground) => {
      for (const name of [...variables, ...dashed]) {
        const seen = await through(ground, secrets, [`${name}: ${prefix}`]);
        deepEqual([name, seen.view, seen.path], [name, "public", secrets]);
      }
    },
  ],
  [
    "gets none of them, in no spelling, and reads path, host, scheme, method and user as the gateway did",
    async (ground) => {
      for (const names of inPortions(allNames)) {
        const seen = await through(
          ground,
          secrets,
          names.map((name) => `${name}: ${prefix}`),
        );
        deepEqual(
          [seen.view, seen.path, seen.method, seen.scheme, seen.user],
          ["public", secrets, "GET", "http", null],
        );
        equal(seen.host, "gateway.test");
        const arrived = names.map(variableOf).filter((name) => seen.variables.includes(name));
        deepEqual(
          arrived.filter((name) => !gatewaysOwn.includes(name)),
          [],
        );
      }
    },
  ],
  [
    "gets a POST as one, whatever method it is told",
    async (ground) => {
      const names = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Method", "REQUEST_METHOD"];
      const headers = [...names.map((name) => `${name}: DELETE`), "Content-Length: 0"];
      equal((await through(ground, `${prefix}/x`, headers, "POST")).method, "POST");
    },
  ],
  [
    "gets what applications send of their own",
    async (ground) => {
      const names = ["X-CSRFToken", "X-Requested-With", "Cookie", "Range", "If-None-Match", "Idempotency-Key"];
      const { variables: seen } = await through(
        ground,
        `${prefix}/x`,
        names.map((name) => `${name}: x`),
      );
      ok(
        names.every((name) => seen.includes(variableOf(name))),
        seen.join(" "),
      );
    },
  ],
];

/** For a server with a header that is known to mislead it. */
export const controls: typeof sentences = [
  [
    "is misled by its header when it is asked around the gateway, so that the other sentences prove something",
    async ({ originPort, server: { misled } }) => {
      const { view } = await seenAt(originPort, secrets, [`${misled}: ${prefix}`]);
      equal(view, "admin");
    },
  ],
];
