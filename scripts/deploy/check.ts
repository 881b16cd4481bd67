// Checks a deployment before anything is uploaded: what the Worker would refuse, it refuses here.
// Must never need an account or the network.
import { readConfiguration } from "../../src/configuration.ts";
import { readJwkSet } from "../../src/settings/read-jwk-set.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { Failure, reasonOf, settingsFailure } from "../shared/failure.ts";
import { CONFIG_FILE } from "../shared/project.ts";
import { importWrangler } from "../shared/wrangler.ts";
import type { DeployArguments } from "./arguments.ts";
import { readSecretsFile } from "./secrets-file.ts";
import { standInSecrets } from "./stand-in-key.ts";

/** The bindings of wrangler.toml by name, as far as the check looks at them. */
interface Bindings {
  readonly databases: readonly string[];
  readonly namespaces: readonly string[];
  readonly services: readonly string[];
}

/** A deployment without faults. */
export interface Checked {
  readonly warnings: readonly string[];
  /** SIGNING_KEY is none of the deployment's business this time: it was checked with another one. */
  readonly standIn: boolean;
}

/** Checks settings and bindings; fails with the faults. */
export async function checkDeployment(args: DeployArguments): Promise<Checked> {
  const { vars, bindings } = await readWranglerToml(args);
  const file = args.secretsFile === undefined ? { secrets: {}, warnings: [] } : readSecretsFile(args.secretsFile);
  const given: Record<string, unknown> = { ...vars, ...args.vars, ...file.secrets };
  const standIn = given.SIGNING_KEY === undefined;
  // The stand-in is nobody's other half, so that a VERIFYING_KEY is only looked at beside the real key.
  const env = standIn ? { ...given, VERIFYING_KEY: "", ...standInSecrets(given) } : given;
  const { configuration, settings, faults, warnings } = await readConfiguration(env);
  // Routes that all name an origin, or a Worker on a route of its zone, need no other.
  const elsewhere = given.ORIGIN === "zone" || (configuration?.rules.every((rule) => rule.origin) ?? false);
  const all = [...faults, ...bindingFaults(settings, bindings)];
  if (all.length > 0) throw settingsFailure(all);
  return {
    warnings: [
      ...warnings,
      ...ringWarnings(vars),
      ...(elsewhere ? [] : originWarnings(settings, bindings)),
      ...file.warnings,
    ],
    standIn,
  };
}

async function readWranglerToml(args: DeployArguments): Promise<{ vars: Record<string, unknown>; bindings: Bindings }> {
  const { unstable_readConfig: readConfig } = await importWrangler();
  try {
    const config = readConfig({ config: args.configFile ?? CONFIG_FILE, env: args.environment });
    const bindings = {
      databases: bindingNames(config.d1_databases),
      namespaces: bindingNames(config.kv_namespaces),
      services: bindingNames(config.services),
    };
    return { vars: config.vars, bindings };
  } catch (error) {
    throw new Failure(`wrangler.toml cannot be read: ${reasonOf(error)}`);
  }
}

/** The names in a list of bindings, which wrangler's types do not reach from here. */
function bindingNames(list: unknown): string[] {
  const rows: readonly unknown[] = Array.isArray(list) ? list : [];
  return rows.flatMap((row) =>
    typeof row === "object" && row !== null && "binding" in row ? [String(row.binding)] : [],
  );
}

/** What wire.ts would find missing. */
function bindingFaults(settings: Settings, bindings: Bindings): string[] {
  const faults: string[] = [];
  if (!bindings.databases.includes("DB"))
    faults.push("DB is missing: wrangler.toml binds no D1 database by this name.");
  if (settings.TOKEN_BLACKLIST_ENABLED && !bindings.namespaces.includes("BLACKLIST"))
    faults.push(
      "BLACKLIST is missing: wrangler.toml binds no KV namespace by this name, and TOKEN_BLACKLIST_ENABLED is true.",
    );
  return faults;
}

/** A secret that anyone can read who can read wrangler.toml, or the dashboard. */
export function ringWarnings({ VERIFYING_KEYS }: Readonly<Record<string, unknown>>): string[] {
  const set = readJwkSet(VERIFYING_KEYS);
  const isOpen = "value" in set && set.value?.some((key) => key.kty === "oct");
  return isOpen ? ["VERIFYING_KEYS has a secret (oct), and is a var in wrangler.toml: make it a secret."] : [];
}

/** What is no fault, but hardly meant. */
export function originWarnings(settings: Pick<Settings, "ORIGIN_URL">, bindings: Pick<Bindings, "services">): string[] {
  if (bindings.services.includes("ORIGIN")) return [];
  if (settings.ORIGIN_URL === null)
    return ["neither ORIGIN_URL nor an ORIGIN binding is set: requests that pass will be answered 502."];
  const { hostname } = new URL(settings.ORIGIN_URL);
  return /^(localhost$|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(hostname)
    ? [`ORIGIN_URL is ${hostname}, which Cloudflare cannot reach: it has to be a public name.`]
    : [];
}
