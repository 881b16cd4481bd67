// Carries out what was planned for the keys of a place: checks, writes, says what is next.
// Must never write what the Worker would refuse to start with, nor show a value.
import { type SettingName, settingsTable } from "../../src/settings/settings.ts";
import { withCommandNames } from "../shared/command-names.ts";
import { Failure } from "../shared/failure.ts";
import { configurationAt, type KeyPlace, nameOf } from "./key-place.ts";
import type { KeyPlan } from "./plan-keys.ts";
import { replaceFile } from "./replace-file.ts";
import { type Changes, changedSecrets } from "./secrets-text.ts";

/** Fails where there is nothing to go on from. */
export function needFile({ text, name, isLocal }: KeyPlace): void {
  if (text === "") throw new Failure(`There is no ${name}${isLocal ? ": npm start makes one" : ""}.`);
}

/** Checks what the plan leads to, writes the file, and gives the lines about what is next. */
export async function carryOut(place: KeyPlace, { changes, byHand }: KeyPlan, nowSeconds: number): Promise<string[]> {
  const hands = Object.fromEntries(Object.entries(byHand).map(([name, value]) => [name, value ?? undefined]));
  await configurationAt(place, { ...changes, ...hands });
  const backup = replaceFile(place.path, changedSecrets(place.text, changes), nowSeconds);
  const steps = Object.entries(byHand).map(([name, value]) =>
    value === null
      ? `wrangler.toml: take ${name} out`
      : `wrangler.toml, under [vars]: ${name} = ${JSON.stringify(value)}`,
  );
  const passedOver = passedOverIn(place, changes);
  if (passedOver.length > 0) {
    // What is no secret is loaded from there once [vars] names it, too.
    const isSecret = (name: string) =>
      Object.hasOwn(settingsTable, name) && "secret" in settingsTable[name as SettingName];
    const why = "(of .dev.vars, wrangler loads only names that stand there)";
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
      ? "start npm start again"
      : `npm run deploy -- --secrets-file ${place.name}   (all at once; wrangler secret put would do it one by one)`,
  );
  if (!place.isLocal) steps.push(`keep the secrets of ${place.name} where you keep others, and delete the file`);
  if (backup) steps.push(`delete ${nameOf(backup)}, which has what was there before`);
  return ["Next:", ...steps.map((step, index) => `  ${index + 1}. ${step}`)];
}

/** Secrets that would be in .dev.vars to no purpose. */
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
