// Settings that stand in wrangler.toml where the Worker does not get them: outside of [vars], or in a table inside of it.
import { inSettingCase, nameError, pythonSettings } from "../../src/settings/checks/check-names.ts";
import { isRecord } from "../../src/settings/readers.ts";
import { settingsTable } from "../../src/settings/settings.ts";

/** What was found in the file, apart from what the Worker itself finds in its vars. */
export interface FileFindings {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Tables of wrangler whose keys are the deployer's own names. */
const ownNames = new Set(["alias", "define", "unsafe", "vars", "env"]);

/**
 * @param raw the file as it was parsed, with all environments
 * @param file its name, for texts
 * @param environment the one that is checked beside the top level; without one, there are warnings about all of them
 */
export function misplacedSettings(raw: unknown, file: string, environment: string | undefined): FileFindings {
  if (!isRecord(raw)) return { errors: [], warnings: [] };
  const isToml = file.endsWith(".toml");
  const environments = isRecord(raw.env) ? raw.env : {};
  const find = (table: unknown, prefix: string): FileFindings =>
    isRecord(table)
      ? {
          errors: [...outside(table, prefix, file, isToml), ...swallowedByRoutes(table.vars, prefix, isToml)],
          warnings: swallowedByHeaders(table.vars, prefix, isToml),
        }
      : { errors: [], warnings: [] };
  const top = find(raw, "");
  if (environment !== undefined) {
    const chosen = find(environments[environment], `env.${environment}.`);
    return { errors: [...top.errors, ...chosen.errors], warnings: [...top.warnings, ...chosen.warnings] };
  }
  const others = Object.entries(environments).flatMap(([name, table]) => {
    const { errors, warnings } = find(table, `env.${name}.`);
    return [...errors, ...warnings, ...wrongNames(table, `env.${name}.`, file, isToml)];
  });
  return { errors: top.errors, warnings: [...top.warnings, ...others] };
}

/** In the vars that are checked, the Worker's own code finds them. */
function wrongNames(table: unknown, prefix: string, file: string, isToml: boolean): string[] {
  const vars = isRecord(table) && isRecord(table.vars) ? table.vars : {};
  const where = isToml ? `[${prefix}vars]` : `"${prefix}vars"`;
  return Object.entries(vars).flatMap(([name, value]) => {
    const error = nameError(name, value);
    return error === undefined ? [] : [`${where} in ${file}: ${error}`];
  });
}

function outside(table: Readonly<Record<string, unknown>>, prefix: string, file: string, isToml: boolean): string[] {
  const vars = isToml ? `[${prefix}vars]` : `"${prefix}vars"`;
  return Object.entries(table).flatMap(([key, value]) => {
    if (/^vars?$/i.test(key) && key !== "vars") {
      return [`${inBrackets(prefix + key, value, isToml)} in ${file} has no effect: the name is ${vars}.`];
    }
    const name = settingNamed(key, value);
    if (name !== undefined) {
      const path = inBrackets(`${prefix}vars.${name}`, value, isToml);
      const instead = path.startsWith("[") ? `write ${path}` : `move it into ${vars}`;
      return [
        `${inBrackets(prefix + key, value, isToml)} in ${file} is outside of ${vars} and has no effect: ${advice(name, instead)}.`,
      ];
    }
    if (ownNames.has(key) || !isRecord(value)) return [];
    return Object.keys(value)
      .filter((inner) => Object.hasOwn(settingsTable, inner))
      .map(
        (inner) =>
          `${inner} in ${file} is in ${isToml ? `[${prefix}${key}]` : `"${prefix}${key}"`} and has no effect there: ${advice(inner, `move it into ${vars}`)}.`,
      );
  });
}

const inBrackets = (path: string, value: unknown, isToml: boolean): string => {
  if (!isToml || typeof value !== "object" || value === null) return path;
  if (!Array.isArray(value)) return `[${path}]`;
  return value.some(isRecord) ? `[[${path}]]` : path;
};

const advice = (name: string, move: string): string => {
  const python = pythonSettings[name];
  if (python !== undefined) return `it is Python code in Simple JWT; ${python}`;
  const isSecret = name !== "VERIFYING_KEY" && isSecretSetting(name);
  return isSecret
    ? "it is a secret, for .dev.vars and --secrets-file; [secrets] lists only its name, in required"
    : move;
};

const isSecretSetting = (name: string): boolean =>
  Object.entries(settingsTable).some(([known, setting]) => known === name && "secret" in setting);

/** The setting that a key at the top level was meant to be. `routes` is wrangler's own, but its entries have no `auth`. */
function settingNamed(key: string, value: unknown): string | undefined {
  const name = inSettingCase(key);
  if (!Object.hasOwn(settingsTable, name) && !Object.hasOwn(pythonSettings, name)) return undefined;
  if (key !== "routes") return name;
  const isRoutes = Array.isArray(value) && value.some((one) => isRecord(one) && ("auth" in one || "path" in one));
  return isRoutes ? name : undefined;
}

/** In TOML, a line belongs to the last table header above it. */
function swallowedByRoutes(vars: unknown, prefix: string, isToml: boolean): string[] {
  const routes: unknown = isRecord(vars) ? vars.ROUTES : undefined;
  const tables: readonly unknown[] = Array.isArray(routes) ? routes : [];
  return tables.flatMap((route, index) =>
    isRecord(route) ? swallowed(route, `ROUTES[${index}]`, `[[${prefix}vars.ROUTES]]`, isToml) : [],
  );
}

/** A header may have any name, so this is only worth a warning. */
function swallowedByHeaders(vars: unknown, prefix: string, isToml: boolean): string[] {
  const headers: unknown = isRecord(vars) ? vars.IDENTITY_HEADERS : undefined;
  return isRecord(headers) ? swallowed(headers, "IDENTITY_HEADERS", `[${prefix}vars.IDENTITY_HEADERS]`, isToml) : [];
}

function swallowed(table: Readonly<Record<string, unknown>>, where: string, header: string, isToml: boolean): string[] {
  const names = Object.keys(table).filter((name) => Object.hasOwn(settingsTable, name));
  const move = isToml ? `move it above ${header}` : "move it out of there";
  return names.map((name) => `${name} is a setting, but here it is a part of ${where}: ${move}.`);
}
