// `npm run test:recipes`: djoser, dj-rest-auth and allauth themselves, behind the gateway with the settings of docs/djoser-and-others.md.
// Must never leave a process or a folder behind, whether it ends well, badly or by Ctrl-C.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "smol-toml";
import { EXIT, Failure, usage } from "../../scripts/shared/failure.ts";
import { readFlags } from "../../scripts/shared/flags.ts";
import { killAtExit, lastLines, runToEnd } from "../../scripts/shared/processes.ts";
import { requirePackages } from "../../scripts/shared/project.ts";
import { run } from "../../scripts/shared/run.ts";
import { freePort } from "../../scripts/start/ports.ts";
import { type GatewayServer, startGateway } from "../interop/gateway.ts";
import { bundleGateway } from "../interop/gateway-config.ts";
import { type Keys, newKeys } from "../interop/keys.ts";
import { PYTHON, pythonArguments } from "../interop/python.ts";
import { openReport, type Report } from "../interop/report.ts";
import { type Answer, type Ask, type Side, sideAt } from "../interop/side.ts";
import { type TemporaryFolder, withTemporaryFolder } from "../interop/temporary-folder.ts";
import { blocksOf, documentText } from "../support/documents.ts";

const DOCUMENT = "docs/djoser-and-others.md";
const DJANGO = join(import.meta.dirname, "django");
const STOPPED = 130;
const ada = { email: "ada@example.com", password: "correct horse battery" };

/** What is needed to run one recipe. */
interface Kitchen {
  readonly report: Report;
  readonly temporary: TemporaryFolder;
  readonly bundle: string;
  /** Folders with the packages, as PYTHONPATH. */
  readonly packages: string;
}

/** A recipe in operation. */
interface Stage {
  readonly gateway: GatewayServer;
  readonly django: Side;
  readonly keys: Keys;
  /** The newest mail that Django sent. */
  mail(): Promise<string>;
  prove(sentence: string, work: () => Promise<void>): Promise<void>;
}

/** A block of the document, by its section. */
function block(section: string, language: string, index = 0): string {
  const lines = documentText(DOCUMENT).split("\n");
  const inSection = blocksOf(DOCUMENT).filter(
    (one) =>
      one.language === language &&
      lines.slice(0, one.line).findLast((line) => line.startsWith("## ")) === `## ${section}`,
  );
  const found = inSection[index];
  if (found === undefined) throw new Failure(`${DOCUMENT}: ${section} has no such ${language}`);
  return found.text;
}

async function withRecipe(
  { report, temporary, bundle, packages }: Kitchen,
  [recipe, section]: readonly [recipe: string, section: string],
  algorithm: "HS256" | "RS256",
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = join(temporary.path, recipe);
  await mkdir(join(folder, "mail"), { recursive: true });
  const keys = newKeys(algorithm);
  const env = {
    ...process.env,
    RECIPE: recipe,
    RECIPE_FOLDER: folder,
    RECIPE_SIGNING_KEY: keys.signing,
    JWT_PRIVATE_KEY: keys.signing,
    PYTHONPATH: packages,
  };
  const python = async (args: readonly string[]) => {
    const done = await runToEnd(PYTHON, pythonArguments(args), { cwd: DJANGO, env });
    if (done.exitCode !== 0) throw new Failure(`${args.join(" ")} failed:\n${lastLines(done.stderr)}`);
    return done.stdout;
  };
  await python(["manage.py", "migrate", "--run-syncdb", "--verbosity", "0"]);
  if (recipe === "dj-rest-auth") await python(["manage.py", "makeuser", ada.email, ada.password]);
  const django = await startDjango(env);
  const { vars } = parse(block(section, "toml")) as { readonly vars: Readonly<Record<string, unknown>> };
  const settings = { ...vars, ORIGIN_URL: django.url };
  if (recipe === "allauth") {
    const script = join(folder, "allauth_jwks.py");
    await writeFile(script, block(section, "python", 1));
    Object.assign(settings, { VERIFYING_KEYS: await python([script]) });
  }
  const own = recipe === "allauth" ? newKeys("HS256") : keys;
  const gateway = await startGateway(temporary, { bundle, originUrl: django.url, keys: own, settings });
  const mail = async () => {
    const files = (await readdir(join(folder, "mail"))).sort();
    return (await readFile(join(folder, "mail", files.at(-1) ?? ""), "utf8")).replaceAll("=\n", "");
  };
  try {
    const prove: Stage["prove"] = (sentence, work) => report.prove(`${recipe}: ${sentence}`, work);
    await work({ gateway, django, keys, mail, prove });
  } finally {
    await gateway.stop();
    django.stop();
  }
}

async function startDjango(env: NodeJS.ProcessEnv): Promise<Side & { readonly stop: () => void }> {
  const port = await freePort();
  const child = spawn(PYTHON, pythonArguments(["manage.py", "serve", String(port)]), {
    cwd: DJANGO,
    env,
    stdio: ["pipe", "ignore", "pipe"],
  });
  const release = killAtExit(child);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () => fetch(url).then(...([() => true, () => false] as const));
  for (let attempt = 0; !(await isUp()); attempt++) {
    if (attempt > 150 || child.exitCode !== null) throw new Failure(`Django does not answer:\n${lastLines(said)}`);
    await sleep(200);
  }
  const stop = () => {
    release();
    child.kill("SIGKILL");
  };
  return { ...sideAt("Django", url), stop };
}

const bodyOf = (answer: Answer) => JSON.parse(answer.text || "null") as Record<string, unknown>;
/** The body of a response with the status. */
async function expecting(side: Side, status: number, path: string, ask?: Ask): Promise<Record<string, unknown>> {
  const answer = await side.ask(path, ask);
  equal(answer.status, status, `${side.name} answers ${path} with ${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer.headers.get("content-type")?.includes("json") ? bodyOf(answer) : {};
}

const tokenIn = (answer: Readonly<Record<string, unknown>>, name: string) => String(answer[name]);

async function djoser({ gateway, mail, prove }: Stage): Promise<void> {
  const jwt = (token: unknown): Ask => ({ headers: { authorization: `JWT ${token}` } });
  const linkOf = async () => {
    const [, uid = "", token = ""] = /\/(?:activate|reset)\/([\w-]+)\/([\w-]+)/.exec(await mail()) ?? [];
    return { uid, token };
  };
  const logIn = (status: number, password = ada.password) =>
    expecting(gateway, status, "/auth/jwt/create/", { json: { ...ada, password } });

  await prove("sign-up, activation by mail, log-in, users/me", async () => {
    const made = await expecting(gateway, 201, "/auth/users/", { json: ada });
    equal(made.email, ada.email);
    await logIn(401);
    await expecting(gateway, 204, "/auth/users/activation/", { json: await linkOf() });
    const { access } = await logIn(200);
    const me = await expecting(gateway, 200, "/auth/users/me/", jwt(access));
    equal(me.email, ada.email);
    deepEqual(await expecting(gateway, 200, "/api/me/", jwt(access)), { email: ada.email, x_user_id: "1" });
  });
  await prove(
    "a request without a token is refused at the edge, and by djoser where the edge lets it pass",
    async () => {
      await expecting(gateway, 401, "/auth/users/me/");
      await expecting(gateway, 401, "/auth/users/");
    },
  );
  await prove("rotation, verify and log-out at djoser's paths, with and without the slash", async () => {
    const login = await logIn(200);
    const refreshed = await expecting(gateway, 200, "/auth/jwt/refresh", { json: { refresh: login.refresh } });
    await expecting(gateway, 401, "/auth/jwt/refresh/", { json: { refresh: login.refresh } });
    await expecting(gateway, 200, "/auth/jwt/verify/", { json: { token: refreshed.access } });
    await expecting(gateway, 200, "/auth/jwt/logout/", { json: { refresh: refreshed.refresh } });
    await expecting(gateway, 401, "/auth/jwt/refresh/", { json: { refresh: refreshed.refresh } });
  });
  await prove("a password reset by mail: the new password logs in, the old one does not", async () => {
    await expecting(gateway, 204, "/auth/users/reset_password/", { json: { email: ada.email } });
    const link = await linkOf();
    const json = { ...link, new_password: "another horse battery" };
    await expecting(gateway, 204, "/auth/users/reset_password_confirm/", { json });
    await logIn(401);
    await logIn(200, "another horse battery");
  });
  await prove("the longer paths that are djoser's log-in view, too, need a token here", async () => {
    for (const path of ["/auth/jwt/create/x", "/auth/jwt/createx", "/auth/jwt/create//", "/auth/jwt/Create/"]) {
      const { status } = await gateway.ask(path, { json: { ...ada, password: "another horse battery" } });
      ok([400, 401].includes(status), `${path}: ${status}`);
    }
    await expecting(gateway, 401, "/api/token/", { json: ada });
  });
}

async function djRestAuth({ gateway, django, mail, prove }: Stage): Promise<void> {
  const own = { "sec-fetch-site": "same-origin" };
  const cookiesOf = ({ headers }: Answer) =>
    headers
      .getSetCookie()
      .map((cookie) => cookie.slice(0, cookie.indexOf(";")))
      .filter((cookie) => !cookie.endsWith("="));
  const logIn = async (password = ada.password) =>
    gateway.ask("/auth/login/", { json: { ...ada, password }, headers: own });

  await prove("the response has the user, and the tokens in cookies alone", async () => {
    const login = await logIn();
    equal(login.status, 200, login.text);
    const user = { pk: 1, email: ada.email, first_name: "", last_name: "" };
    deepEqual(bodyOf(login), { user });
    deepEqual(
      cookiesOf(login)
        .map((cookie) => cookie.slice(0, cookie.indexOf("=")))
        .sort(),
      ["__Host-access", "__Secure-refresh"],
    );
    match(
      login.headers.getSetCookie().join("\n"),
      /__Secure-refresh=ey[^;]*; Max-Age=\d+; Path=\/auth; SameSite=Strict/,
    );
    const direct = await django.ask("/auth/login/", { json: ada });
    deepEqual(Object.keys(bodyOf(direct)).sort(), ["access", "refresh", "user"]);
  });
  await prove("a page calls the API, refreshes and logs out with its cookies", async () => {
    const cookie = cookiesOf(await logIn()).join("; ");
    const me = await expecting(gateway, 200, "/auth/user/", { headers: { ...own, cookie } });
    equal(me.email, ada.email);
    const refreshed = await gateway.ask("/auth/token/refresh/", { json: {}, headers: { ...own, cookie } });
    equal(refreshed.status, 200, refreshed.text);
    const later = cookiesOf(refreshed).join("; ");
    deepEqual(await expecting(gateway, 200, "/auth/logout/", { json: {}, headers: { ...own, cookie: later } }), {});
    await expecting(gateway, 401, "/auth/token/refresh/", { json: {}, headers: { ...own, cookie: later } });
  });
  await prove("a wrong password is dj-rest-auth's 400, word for word", async () => {
    const [through, direct] = [
      await logIn("wrong"),
      await django.ask("/auth/login/", { json: { ...ada, password: "wrong" } }),
    ];
    deepEqual([through.status, through.text], [direct.status, direct.text]);
    equal(through.status, 400);
  });
  await prove("Django's own cookie is no log-in at the edge", async () => {
    await expecting(gateway, 401, "/auth/user/", { headers: { ...own, cookie: "my-app-auth=ey.ey.x" } });
  });
  await prove("a password reset by mail passes, and the change of a password needs a token", async () => {
    await expecting(gateway, 200, "/auth/password/reset/", { json: { email: ada.email } });
    const [, uid = "", token = ""] = /\/reset\/([\w-]+)\/([\w-]+)/.exec(await mail()) ?? [];
    const words = { new_password1: "another horse battery", new_password2: "another horse battery" };
    await expecting(gateway, 200, "/auth/password/reset/confirm/", { json: { uid, token, ...words } });
    await expecting(gateway, 401, "/auth/password/change/", { json: words });
    equal((await logIn("another horse battery")).status, 200);
  });
}

async function allauth({ gateway, prove }: Stage): Promise<void> {
  const api = "/_allauth/app/v1";
  const bearer = (token: unknown): Ask => ({ headers: { authorization: `Bearer ${token}` } });
  const tokensOf = (answer: Readonly<Record<string, unknown>>) => {
    const { access_token, refresh_token, session_token } = answer.meta as Record<string, string>;
    return { access_token, refresh_token, session_token };
  };
  let access: string | undefined;
  let refresh: string | undefined;
  await prove("sign-up gives tokens, and the access token opens routes", async () => {
    const made = tokensOf(await expecting(gateway, 200, `${api}/auth/signup`, { json: ada }));
    deepEqual(await expecting(gateway, 200, "/api/me/", bearer(made.access_token)), {
      email: ada.email,
      x_user_id: "1",
    });
    refresh = made.refresh_token;
  });
  await prove("a log-in and a refresh at allauth give tokens that the gateway accepts", async () => {
    const login = tokensOf(await expecting(gateway, 200, `${api}/auth/login`, { json: ada }));
    await expecting(gateway, 200, "/api/me/", bearer(login.access_token));
    const refreshed = await expecting(gateway, 200, `${api}/tokens/refresh`, { json: { refresh_token: refresh } });
    access = tokenIn(refreshed.data as Record<string, unknown>, "access_token");
    await expecting(gateway, 200, "/api/me/", bearer(access));
  });
  await prove("a refresh token, a changed token and none are refused at the edge", async () => {
    await expecting(gateway, 401, "/api/me/", bearer(refresh));
    await expecting(gateway, 401, "/api/me/", bearer(`${access?.slice(0, -8)}AAAAAAAA`));
    await expecting(gateway, 401, "/api/me/");
  });
  await prove("verify accepts the access token; other endpoints of Simple JWT are not there", async () => {
    await expecting(gateway, 200, "/api/token/verify/", { json: { token: access } });
    await expecting(gateway, 401, "/api/token/", { json: ada });
  });
  await prove("the session at allauth ends by its token, and the access token lasts until it expires", async () => {
    const login = tokensOf(await expecting(gateway, 200, `${api}/auth/login`, { json: ada }));
    const headers = { "x-session-token": login.session_token ?? "" };
    await expecting(gateway, 200, `${api}/auth/session`, { headers });
    await expecting(gateway, 401, `${api}/auth/session`, { method: "DELETE", headers });
    await expecting(gateway, 400, `${api}/tokens/refresh`, { json: { refresh_token: login.refresh_token } });
    await expecting(gateway, 200, "/api/me/", bearer(login.access_token));
  });
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(STOPPED));

await run("test:recipes", async () => {
  requirePackages();
  const { values } = readFlags(process.argv.slice(2), {
    packages: { type: "string" },
    only: { type: "string" },
  } as const);
  const { packages = process.env.RECIPES_PACKAGES, only } = values;
  if (packages === undefined) {
    throw usage(
      "Name the folder with the packages: pip install --target FOLDER django djoser dj-rest-auth 'django-allauth[headless]', then npm run test:recipes -- --packages FOLDER",
    );
  }
  const report = openReport();
  await withTemporaryFolder(async (temporary) => {
    const kitchen = { report, temporary, packages, bundle: await bundleGateway(temporary.path) };
    const attempt = async (name: string, work: () => Promise<void>) => {
      if (only !== undefined && only !== name) return;
      await work().catch((error: unknown) => report.fail(`${name}: everything can be tried`, error));
    };
    await attempt("djoser", () => withRecipe(kitchen, ["djoser", "djoser"], "HS256", djoser));
    await attempt("dj-rest-auth", () => withRecipe(kitchen, ["dj-rest-auth", "dj-rest-auth"], "HS256", djRestAuth));
    await attempt("allauth", () => withRecipe(kitchen, ["allauth", "allauth headless"], "RS256", allauth));
  });
  return report.finish() ? EXIT.ok : EXIT.failed;
});
