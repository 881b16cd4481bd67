// Checks, deploys, and updates the tables of the deployed databases.
// Must never deploy a configuration that the Worker would refuse.
import { relative } from "node:path";
import { withCommandNames } from "../shared/command-names.ts";
import { EXIT, Failure, reasonOf } from "../shared/failure.ts";
import { refuseKeptFlags } from "../shared/npm-flags.ts";
import { ROOT, requirePackages, SCHEMA_FILE, SESSIONS_SCHEMA_FILE } from "../shared/project.ts";
import { runWrangler } from "../shared/wrangler.ts";
import { deployHelp, OPTIONS, readDeployArguments } from "./arguments.ts";

const NEEDS_KEY = `If this is the first deploy: the Worker does not exist yet, so its key has to be deployed with it.
  npm run deploy -- --secrets-file FILE     (docs/deploy.md shows how to make FILE)`;

/** @param argv flags of this command and of wrangler. @returns the exit code */
export async function deploy(argv: readonly string[]): Promise<number> {
  refuseKeptFlags("deploy", argv, OPTIONS);
  const args = readDeployArguments(argv);
  if (args.help) {
    console.log(withCommandNames(deployHelp));
    return EXIT.ok;
  }
  requirePackages();
  // Imported here because it needs packages, and a project without them gets an error message first.
  const { checkDeployment } = await import("./check.ts");
  const { warnings, settings, standIn } = await checkDeployment(args);
  for (const warning of warnings) console.log(`Warning: ${warning}`);
  const key = standIn ? "a placeholder for SIGNING_KEY" : "the SIGNING_KEY of --secrets-file";
  console.log(`Settings: OK (checked with ${key}).`);

  // Tables first, if there is a database: the running Worker works with newer tables, and the new one needs them.
  const { openRemoteAsItIs } = await import("../database/remote.ts");
  const { readConfigFile } = await import("../shared/config-failure.ts");
  const { updateSessionTables, updateTables } = await import("../database/tables.ts");
  const { sessionBindingsIn } = await import("../database/bindings.ts");
  const { prepareModel } = await import("../database/user-model.ts");
  const database = openRemoteAsItIs(args.place);
  const forSessions = sessionBindingsIn(await readConfigFile(args.environment, args.configFile));
  const updateAll = async () => {
    const added = await updateTables(database);
    for (const name of forSessions) await updateSessionTables(openRemoteAsItIs(args.place, undefined, name));
    return added;
  };
  const before = args.dryRun ? undefined : await updateAll().catch(() => undefined);
  if (before !== undefined)
    console.log(`Tables: up to date with schema.sql${before.length > 0 ? `; added ${before.join(", ")}` : ""}.`);
  const sayModel = async () => {
    for (const warning of await prepareModel(database, settings)) console.log(withCommandNames(`Warning: ${warning}`));
  };
  if (before !== undefined) await sayModel();

  const deployed = await runWrangler(["deploy", ...argv], "show");
  if (deployed.exitCode !== 0) {
    if (args.secretsFile === undefined && !args.dryRun) console.error(withCommandNames(`\n${NEEDS_KEY}`));
    throw new Failure("wrangler could not deploy; see its output above.");
  }

  if (args.dryRun) {
    console.log(`
Skipped because of --dry-run:
  the upload; with the first one, Cloudflare creates DB and BLACKLIST and stores the secrets of --secrets-file
${executeLines(forSessions, args.place).join("\n")}`);
    return EXIT.ok;
  }
  // A first deploy creates the database.
  if (before === undefined) {
    await updateAll().catch((error: unknown) => {
      throw new Failure(
        `the Worker is deployed, but its tables are not up to date (${reasonOf(error)}): run this again, or npm run manage -- migrate --remote.`,
      );
    });
    await sayModel();
  }
  if (args.secretsFile !== undefined && !standIn) {
    const { noteDone } = await import("../database/command-notes.ts");
    const detail = { key_id: settings.KEY_ID, verifying_keys: (settings.VERIFYING_KEYS ?? []).map(({ kid }) => kid) };
    const noted = noteDone(
      database,
      { action: "keys_deployed", user: undefined, detail },
      Math.floor(Date.now() / 1000),
    );
    await noted.catch((error: unknown) => console.log(`Warning: the audit log does not have it: ${reasonOf(error)}`));
  }
  console.log(
    withCommandNames(`
Deployed, and the tables are up to date. If there are no users yet, create one:
  npm run manage -- createsuperuser --remote${args.environment === undefined ? "" : ` --env ${args.environment}`}`),
  );
  return EXIT.ok;
}

/** What makes the tables, a line for each database. */
function executeLines(forSessions: readonly string[], place: readonly string[]): readonly string[] {
  const line = (binding: string, file: string): string =>
    ["  wrangler d1 execute", binding, "--remote --file", relative(ROOT, file), "--yes", ...place].join(" ");
  return [line("DB", SCHEMA_FILE), ...forSessions.map((name) => line(name, SESSIONS_SCHEMA_FILE))];
}
