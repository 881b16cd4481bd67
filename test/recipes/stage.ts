// A Django with one of the packages, behind a gateway with the settings of a document.
// Must never leave the server of Django behind: it ends when its input does.
import { equal } from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "smol-toml";
import { Failure } from "../../scripts/shared/failure.ts";
import { killAtExit, lastLines, runToEnd } from "../../scripts/shared/processes.ts";
import { freePort } from "../../scripts/start/ports.ts";
import { type GatewayServer, startGateway } from "../interop/gateway.ts";
import { newKeys } from "../interop/keys.ts";
import { PYTHON, pythonArguments } from "../interop/python.ts";
import type { Report } from "../interop/report.ts";
import { type Answer, type Ask, type Side, sideAt } from "../interop/side.ts";
import type { TemporaryFolder } from "../interop/temporary-folder.ts";
import { blocksOf, documentText, projectRoot } from "../support/documents.ts";

export const RECIPES = "docs/djoser-and-others.md";
export const MODES = "docs/django-behind-the-gateway.md";
const DJANGO = join(import.meta.dirname, "django");
export const ada = { email: "ada@example.com", password: "correct horse battery" };

type Vars = Readonly<Record<string, unknown>>;

/** What is needed to run one recipe. */
export interface Kitchen {
  readonly report: Report;
  readonly temporary: TemporaryFolder;
  readonly bundle: string;
  /** Folders with the packages, as PYTHONPATH. */
  readonly packages: string;
}

/** What is to be put up. */
export interface Recipe {
  /** For sentences. */
  readonly name: string;
  /** The package of the Django project. */
  readonly app: "djoser" | "dj-rest-auth" | "allauth";
  readonly settings: Vars;
  readonly algorithm?: "HS256" | "RS256";
  /** With integrations/django. */
  readonly provisioningKey?: string;
}

/** A recipe in operation. */
export interface Stage {
  readonly gateway: GatewayServer;
  readonly django: Side;
  /** Runs `manage.py <args>`. */
  manage(...args: readonly string[]): Promise<string>;
  /** The newest mail that Django sent. */
  mail(): Promise<string>;
  prove(sentence: string, work: () => Promise<void>): Promise<void>;
}

/** A block of a document, by its section. */
export function block(file: string, section: string, language: string, index = 0): string {
  const lines = documentText(file).split("\n");
  const headingOf = (line: number) => lines.slice(0, line).findLast((text) => text.startsWith("## "));
  const found = blocksOf(file).filter((one) => one.language === language && headingOf(one.line) === `## ${section}`);
  const { text } = found[index] ?? {};
  if (text === undefined) throw new Failure(`${file}: ${section} has no such ${language}`);
  return text;
}

/** The vars of a section's settings. */
export const varsOf = (file: string, section: string): Vars =>
  (parse(block(file, section, "toml")) as { readonly vars: Vars }).vars;

/** Puts a recipe up, lets it be tried, and takes it down. */
export async function withRecipe(
  { report, temporary, bundle, packages }: Kitchen,
  { name, app, settings, algorithm = "HS256", provisioningKey = "" }: Recipe,
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = join(temporary.path, name.replaceAll(/\W+/g, "-"));
  await mkdir(join(folder, "mail"), { recursive: true });
  const keys = newKeys(algorithm);
  const env = {
    ...process.env,
    RECIPE: app,
    RECIPE_FOLDER: folder,
    RECIPE_SIGNING_KEY: keys.signing,
    RECIPE_PROVISIONING_KEY: provisioningKey,
    RECIPE_GATEWAY: "http://127.0.0.1:1",
    JWT_PRIVATE_KEY: keys.signing,
    PYTHONPATH: `${packages}:${join(projectRoot, "integrations/django")}`,
  };
  const python = async (...args: readonly string[]) => {
    const done = await runToEnd(PYTHON, pythonArguments(args), { cwd: DJANGO, env });
    if (done.exitCode !== 0) throw new Failure(`${args.join(" ")} failed:\n${lastLines(done.stderr)}`);
    return done.stdout;
  };
  const manage = (...args: readonly string[]) => python("manage.py", ...args);
  await manage("migrate", "--run-syncdb", "--verbosity", "0");
  const django = await startDjango(env);
  const vars: Record<string, unknown> = { ...settings, ORIGIN_URL: django.url };
  if (provisioningKey !== "") vars.PROVISIONING_KEY = provisioningKey;
  if (app === "allauth") {
    const script = join(folder, "allauth_jwks.py");
    await writeFile(script, block(RECIPES, "allauth headless", "python", 1));
    vars.VERIFYING_KEYS = await python(script);
  }
  const own = app === "allauth" ? newKeys("HS256") : keys;
  const gateway = await startGateway(temporary, { bundle, originUrl: django.url, keys: own, settings: vars });
  env.RECIPE_GATEWAY = gateway.url;
  const mail = async () => {
    const files = (await readdir(join(folder, "mail"))).sort();
    return (await readFile(join(folder, "mail", files.at(-1) ?? ""), "utf8")).replaceAll("=\n", "");
  };
  try {
    const prove: Stage["prove"] = (sentence, tried) => report.prove(`${name}: ${sentence}`, tried);
    await work({ gateway, django, manage, mail, prove });
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

export const bodyOf = (answer: Answer) => JSON.parse(answer.text || "null") as Record<string, unknown>;
/** The body of a response with the status. */
export async function expecting(side: Side, status: number, path: string, ask?: Ask): Promise<Record<string, unknown>> {
  const answer = await side.ask(path, ask);
  equal(answer.status, status, `${side.name} answers ${path} with ${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer.headers.get("content-type")?.includes("json") ? bodyOf(answer) : {};
}
