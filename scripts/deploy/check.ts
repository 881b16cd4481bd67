// Checks a deployment before anything is uploaded, as the Worker would. Needs no account and no network.
import { readJwkSet } from "../../src/settings/readers.ts";
import type { Settings } from "../../src/settings/settings.ts";
import { checkCode } from "../configuration/check-code.ts";
import { readAsWorker } from "../configuration/read-as-worker.ts";
import { readSecretsFile } from "../configuration/secrets-file.ts";
import { settingsFailure } from "../shared/failure.ts";
import type { DeployArguments } from "./arguments.ts";

/** A deployment without errors. */
export interface Checked {
  readonly warnings: readonly string[];
  readonly settings: Settings;
  /** SIGNING_KEY is not part of this deployment, so a placeholder was used. */
  readonly standIn: boolean;
}

/** Checks settings and bindings; fails with the errors. */
export async function checkDeployment(args: DeployArguments): Promise<Checked> {
  const file = args.secretsFile === undefined ? { secrets: {}, warnings: [] } : readSecretsFile(args.secretsFile);
  const reading = await readAsWorker({ ...args, local: false }, file.secrets);
  const code = await checkCode(reading);
  const errors = [...reading.errors, ...code.errors, ...code.buildErrors];
  if (errors.length > 0) throw settingsFailure(errors);
  const deployment = deploymentWarnings(reading.settings, reading.file.openVars);
  const warnings = [...reading.warnings, ...code.warnings, ...deployment, ...file.warnings];
  return { warnings, settings: reading.settings, standIn: reading.hasPlaceholderKey };
}

/** Warnings that only concern deployments. @param openVars `[vars]` of wrangler.toml */
export function deploymentWarnings(settings: Settings, openVars: Readonly<Record<string, unknown>>): string[] {
  return [...ringWarnings(openVars), ...originWarnings(settings)];
}

/** A secret that is readable in wrangler.toml and the dashboard. */
export function ringWarnings({ VERIFYING_KEYS }: Readonly<Record<string, unknown>>): string[] {
  const set = readJwkSet(VERIFYING_KEYS);
  const isOpen = "value" in set && set.value?.some((key) => key.kty === "oct");
  return isOpen ? ["VERIFYING_KEYS has a secret (oct), and is a var in wrangler.toml: make it a secret."] : [];
}

/** An origin that is only reachable from this machine or its network. */
export function originWarnings({ ORIGIN_URL }: Pick<Settings, "ORIGIN_URL">): string[] {
  if (ORIGIN_URL === null || !URL.canParse(ORIGIN_URL)) return [];
  const { hostname } = new URL(ORIGIN_URL);
  return /^(localhost$|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(hostname)
    ? [`ORIGIN_URL is ${hostname}, which Cloudflare cannot reach: it has to be a public name.`]
    : [];
}
