// Carries out a key plan: checks it, writes the file, and lists the next steps.
// Must never write what the Worker would refuse to start with, nor show a value.
import { type SettingName, settingsTable } from "../../src/settings/settings.ts";
import { withCommandNames } from "../shared/command-names.ts";
import { Failure } from "../shared/failure.ts";
import { configurationAt, type KeyPlace, nameOf } from "./key-place.ts";
import type { KeyPlan } from "./plan-keys.ts";
import { replaceFile } from "./replace-file.ts";
import { type Changes, changedSecrets } from "./secrets-text.ts";

/** Fails if there is no file. */
export function needFile({ text, name, isLocal }: KeyPlace): void {
  if (text === "") throw new Failure(`There is no ${name}${isLocal ? ": npm start creates one" : ""}.`);
}

/** Checks the resulting configuration, writes the file, and returns the lines about the next steps. */
export async function carryOut(place: KeyPlace, { changes, byHand }: KeyPlan, nowSeconds: number): Promise<string[]> {
  const hands = Object.fromEntries(Object.entries(byHand).map(([name, value]) => [name, value ?? undefined]));
  await configurationAt(place, { ...changes, ...hands });
  const backup = replaceFile(place.path, changedSecrets(place.text, changes), nowSeconds);
  const steps = Object.entries(byHand).map(([name, value]) =>
    value === null
      ? `wrangler.toml: remove ${name}`
      : `wrangler.toml, under [vars]: ${name} = ${JSON.stringify(value)}`,
  );
  const passedOver = passedOverIn(place, changes);
  if (passedOver.length > 0) {
    // Settings that are not secrets are loaded from .dev.vars only if [vars] names them.
    const isSecret = (name: string) =>
      Object.hasOwn(settingsTable, name) && "secret" in settingsTable[name as SettingName];
    const why = "(from .dev.vars, wrangler only loads names that are listed there)";
    const values = { ...place.secrets, ...changes };
    for (const name of passedOver.filter((one) => !isSecret(one))) {
      steps.push(`wrangler.toml, under [vars]: ${name} = ${JSON.stringify(values[name])}   ${why}`);
    }
    const names = passedOver.filter(isSecret);
    if (names.length > 0) {
      const required = JSON.stringify([...(place.required ?? []), ...names]);
      steps.push(`wrangler.toml, under [secrets]: required = ${required}   ${why}`);
    }
  }
  steps.push(
    place.isLocal
      ? "restart npm start"
      : `npm run deploy -- --secrets-file ${place.name}   (all at once; wrangler secret put would do it one by one)`,
  );
  if (!place.isLocal)
    steps.push(`store the secrets of ${place.name} where you keep other secrets, and delete the file`);
  if (backup) steps.push(`delete ${nameOf(backup)}, the backup of the previous file`);
  return ["Next:", ...steps.map((step, index) => `  ${index + 1}. ${step}`)];
}

/** Settings in .dev.vars that wrangler would not load. */
function passedOverIn({ isLocal, required, vars, secrets }: KeyPlace, changes: Changes): string[] {
  if (!isLocal || required === undefined) return [];
  const after = Object.entries({ ...secrets, ...changes }).filter(([, value]) => value !== undefined);
  const settings = after.map(([name]) => name).filter((name) => Object.hasOwn(settingsTable, name));
  return settings.filter((name) => !required.includes(name) && !Object.hasOwn(vars, name));
}

/** To standard output. */
export function say(lines: readonly string[]): void {
  for (const line of lines) console.log(withCommandNames(line));
}
