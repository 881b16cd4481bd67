// Reads wrangler.toml: the vars of the Worker, and what is bound under which name.
// Must never need an account or the network, nor show a secret.
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseEnv } from "node:util";
import { type Bound, type BoundLimiter, isSessionsBinding } from "../../src/settings/checks/check-bindings.ts";
import { nameError } from "../../src/settings/checks/check-names.ts";
import { settingsTable } from "../../src/settings/settings.ts";
import { configFailure, readConfigFile } from "../shared/config-failure.ts";
import { Failure } from "../shared/failure.ts";
import { CONFIG_FILE, DEV_VARS_FILE } from "../shared/project.ts";
import { importWrangler } from "../shared/wrangler.ts";
import { dotenvWarnings } from "./dotenv-lines.ts";
import { type FileFindings, misplacedSettings } from "./misplaced-settings.ts";
import type { CodeChoice } from "./worker-code.ts";

/** Which file, and which of its environments. */
export interface WranglerChoice {
  readonly configFile?: string | undefined;
  readonly environment?: string | undefined;
  /** `--var`, which takes precedence over the vars of the file. */
  readonly vars?: Readonly<Record<string, string>> | undefined;
  /** Whether .dev.vars (or what wrangler uses instead) is read, as in local runs. */
  readonly local: boolean;
}

export interface WranglerFile {
  /** The vars by name; locally also the secrets that wrangler would load. */
  readonly vars: Readonly<Record<string, unknown>>;
  /** Which of them wrangler treats as secrets. */
  readonly secretNames: readonly string[];
  /** The names of `[vars]` in the file itself. */
  readonly openVars: Readonly<Record<string, unknown>>;
  /** About the file itself. */
  readonly findings: FileFindings;
  readonly code: CodeChoice;
  /** The bindings, without ORIGIN = "zone", which is a var. */
  readonly bound: Omit<Bound, "ORIGIN"> & { readonly ORIGIN: "service" | undefined };
}

type Wrangler = typeof import("wrangler");

/** What wrangler needs to run the Worker: the file as it was read, and locally the vars and secrets as bindings. */
export interface WranglerInput {
  readonly config: ReturnType<Wrangler["unstable_readConfig"]>;
  readonly bindings: ReturnType<Wrangler["unstable_getVarsForDev"]>;
}

export interface RunnableWranglerFile extends WranglerFile {
  readonly wrangler: WranglerInput;
}

/** Reads the file as wrangler does; fails if it cannot be read. */
export async function readWranglerFile(choice: WranglerChoice): Promise<RunnableWranglerFile> {
  const { unstable_getVarsForDev: varsForDev, experimental_readRawConfig: readRaw } = await importWrangler();
  const { environment, configFile = CONFIG_FILE } = choice;
  try {
    const { rawConfig } = readRaw({ config: configFile });
    const findings = misplacedSettings(rawConfig, basename(configFile), environment);
    // [[routes]] of the gateway would be an error of wrangler, about routes of its own.
    const [misplaced] = findings.errors.filter((error) => error.startsWith("[[routes]]"));
    if (misplaced !== undefined) throw new Failure(misplaced);
    const config = await readConfigFile(environment, configFile);
    // Without any environment, wrangler accepts every name and uses the top level.
    if (environment !== undefined && !config.definedEnvironments?.includes(environment)) throw unknown(environment);
    const loaded = choice.local
      ? varsForDev(config.configPath, undefined, config.vars, environment, true, config.secrets)
      : {};
    const values = Object.entries(loaded).map(([name, { value }]) => [name, value] as const);
    const secretNames = Object.entries(loaded).flatMap(([name, { type }]) => (type === "secret_text" ? [name] : []));
    const databases = bindingNames(config.d1_databases);
    const namespaces = bindingNames(config.kv_namespaces);
    const services = bindingNames(config.services);
    const limiters = bindingNames(config.ratelimits);
    const datasets = bindingNames(config.analytics_engine_datasets);
    const queues = bindingNames(config.queues?.producers);
    const others = [...databases, ...namespaces, ...services, ...Object.keys(config.vars)];
    return {
      vars: { ...config.vars, ...Object.fromEntries(values), ...choice.vars },
      secretNames,
      openVars: config.vars,
      findings,
      code: { main: config.main, alias: config.alias, define: config.define, tsconfig: config.tsconfig },
      bound: {
        DB: databases.includes("DB"),
        BLACKLIST: namespaces.includes("BLACKLIST"),
        LOGIN_LIMITER: bindingOf("LOGIN_LIMITER", limiters, [...others, ...datasets, ...queues]),
        METRICS: bindingOf("METRICS", datasets, [...others, ...limiters, ...queues]),
        EVENTS: bindingOf("EVENTS", queues, [...others, ...limiters, ...datasets]),
        ORIGIN: services.includes("ORIGIN") ? "service" : undefined,
        LIMITERS: limitersIn(config.ratelimits, [...others, ...datasets, ...queues]),
        SESSIONS: new Map(
          [...new Set([...databases, ...others])]
            .filter(isSessionsBinding)
            .map((name) => [name, databases.includes(name) ? ("right" as const) : ("other" as const)]),
        ),
      },
      wrangler: { config, bindings: loaded },
    };
  } catch (error) {
    if (String(error).includes("No environment found")) throw unknown(environment);
    throw configFailure(error, configFile, "wrangler.toml cannot be read");
  }
}

const unknown = (environment: string | undefined): Failure =>
  new Failure(`wrangler.toml has no environment '${environment}'.`);

/** Whether a name has a binding of the right type, or another one. */
function bindingOf(name: string, right: readonly string[], others: readonly string[]): Bound["METRICS"] {
  if (right.includes(name)) return "right";
  return others.includes(name) ? "other" : undefined;
}

/** The rate limit bindings with their periods, and everything else by its name. */
function limitersIn(ratelimits: unknown, others: readonly string[]): NonNullable<Bound["LIMITERS"]> {
  const rows: readonly unknown[] = Array.isArray(ratelimits) ? ratelimits : [];
  const limiters = rows.map((row) => {
    const { name, simple } = row as { readonly name: unknown; readonly simple?: { readonly period?: number } };
    return [String(name), { binding: "right" as const, period: simple?.period }] as const;
  });
  return new Map<string, BoundLimiter>([
    ...others.map((name) => [name, { binding: "other" as const }] as const),
    ...limiters,
  ]);
}

/** The names in a list of bindings: `binding`, or `name` for rate limits. Wrangler's types do not reach from here. */
function bindingNames(list: unknown): string[] {
  const rows: readonly unknown[] = Array.isArray(list) ? list : [];
  return rows.flatMap((row) => {
    if (typeof row !== "object" || row === null) return [];
    if ("binding" in row) return [String(row.binding)];
    return "name" in row ? [String(row.name)] : [];
  });
}

/**
 * Warnings about .dev.vars: lines that wrangler reads differently than they look, and settings that it does not load,
 * because it loads what [vars] or [secrets] of wrangler.toml name.
 *
 * @param loaded what the local Worker gets
 */
export function devVarsWarnings(loaded: Readonly<Record<string, unknown>>, path: string = DEV_VARS_FILE): string[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  const unloaded = Object.keys(parseEnv(text)).filter((name) => !Object.hasOwn(loaded, name));
  return [
    ...dotenvWarnings(text, basename(path)),
    ...unloaded.flatMap((name) => {
      if (Object.hasOwn(settingsTable, name)) {
        return `${name} is in .dev.vars, but wrangler does not load it: [vars] and [secrets] do not name it. Add it to required in [secrets].`;
      }
      const error = nameError(name, "");
      return error === undefined ? [] : `.dev.vars: ${error}`;
    }),
  ];
}
