// `keys`: creates, rotates, retires and lists signing keys.
// Must never show a private key or a secret without --print.
import { type Algorithm, algorithms } from "../../src/settings/settings.ts";
import { carryOut, needFile, say } from "../keys/carry-out.ts";
import { configurationAt, type KeyPlace, openKeyPlace } from "../keys/key-place.ts";
import { newKey } from "../keys/new-key.ts";
import { planKey, planRing } from "../keys/plan-keys.ts";
import { publishFirst, rotate } from "../keys/rotate.ts";
import { secretLines } from "../keys/secrets-text.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { unknownWord } from "../shared/suggest.ts";
import { textTable } from "../shared/terminal.ts";
import type { Command } from "./command.ts";

const flags = {
  alg: { type: "string" },
  write: { type: "boolean" },
  print: { type: "boolean" },
  "publish-first": { type: "boolean" },
  "secrets-file": { type: "string" },
  env: { type: "string" },
} as const;

const help = `npm run manage -- keys list | generate | rotate | retire KID [flags]

  list               list the key that signs and those of VERIFYING_KEYS; never shows a secret
  generate           create the first SIGNING_KEY, with its KEY_ID
  rotate             create a new SIGNING_KEY; the current one keeps verifying, as one of VERIFYING_KEYS
  retire KID         remove a key from VERIFYING_KEYS, once its last token has expired

  --secrets-file FILE  the keys of production, as for npm run deploy (.env or JSON).
                     Default: .dev.vars, the keys of npm start
  --env NAME         with --secrets-file: an environment of wrangler.toml
  --alg NAME         generate, rotate: the algorithm; default: the current ALGORITHM
  --write            generate: write to .dev.vars
  --print            generate: print everything, including the private key, and write no file
  --publish-first    rotate: only publish the next public key; the next rotate does the rest
  --help             show this text

Files are replaced in one step, readable only by you, with a backup of the previous file. Nothing is deployed.
docs/key-rotation.md describes the procedure.

  npm run manage -- keys generate --write
  npm run manage -- keys rotate --secrets-file .dev.vars.production
  npm run manage -- keys retire 2026-01-31-a1b2c3`;

interface Values {
  readonly alg?: string | undefined;
  readonly write?: boolean | undefined;
  readonly print?: boolean | undefined;
  readonly "publish-first"?: boolean | undefined;
  readonly "secrets-file"?: string | undefined;
  readonly env?: string | undefined;
}

function readAlgorithm(text: string | undefined): Algorithm | undefined {
  const found = algorithms.find((name) => name === text);
  if (text !== undefined && !found) throw usage(`--alg must be one of ${algorithms.join(", ")}; it is '${text}'.`);
  return found;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 2);
  const [what, kid] = positionals;
  if (values.env !== undefined && values["secrets-file"] === undefined) throw usage("--env requires --secrets-file.");
  if (kid !== undefined && what !== "retire") throw usage(`Unexpected word '${kid}'. See --help.`);
  const task = tasks[what ?? ""];
  if (!task && what !== undefined) throw unknownWord("command keys", what, subcommands);
  if (!task) throw usage("A subcommand is missing: keys list, generate, rotate or retire KID. See --help.");
  checkFlags(what ?? "", values);
  const algorithm = readAlgorithm(values.alg);
  const place = await openKeyPlace(values["secrets-file"], values.env);
  await task({ place, values, algorithm, kid, nowSeconds: Math.floor(Date.now() / 1000) });
  return EXIT.ok;
}

interface Task {
  readonly place: KeyPlace;
  readonly values: Values;
  readonly algorithm: Algorithm | undefined;
  readonly kid: string | undefined;
  readonly nowSeconds: number;
}

const subcommands = ["list", "generate", "rotate", "retire"] as const;

const tasks: Readonly<Record<string, (task: Task) => Promise<void>>> = {
  list,
  generate,
  rotate: (task) => (task.values["publish-first"] ? publishFirst(task) : rotate(task)),
  retire,
};

/** A flag that was ignored silently would make the command do something else. */
function checkFlags(what: string, values: Values): void {
  const only: Readonly<Record<string, readonly string[]>> = {
    alg: ["generate", "rotate"],
    write: ["generate"],
    print: ["generate"],
    "publish-first": ["rotate"],
  };
  for (const name of Object.keys(values)) {
    if (only[name] && !only[name].includes(what))
      throw usage(`--${name} only applies to keys ${only[name].join(" or ")}.`);
  }
}

async function list({ place }: Task): Promise<void> {
  const { settings, keys } = await configurationAt(place);
  const own = [settings.KEY_ID ?? "-", settings.ALGORITHM, "signs and verifies"];
  const ring = (keys.ring ?? []).map(({ kid, alg }) => [kid, alg, "verifies"]);
  for (const line of textTable(["kid", "alg", "use"], [own, ...ring])) console.log(line);
}

async function generate({ place, values, algorithm, nowSeconds }: Task): Promise<void> {
  const ways = [values.write, values.print, values["secrets-file"] !== undefined].filter(Boolean).length;
  if (ways !== 1) throw usage("A destination is missing: --write (.dev.vars), --secrets-file FILE, or --print.");
  const asSet = algorithms.find((name) => name === (place.secrets.ALGORITHM ?? place.vars.ALGORITHM)) ?? "HS256";
  const key = newKey(algorithm ?? asSet, nowSeconds);
  if (values.print) {
    const { algorithm: ALGORITHM, kid: KEY_ID, signingKey: SIGNING_KEY } = key;
    process.stdout.write(secretLines({ ALGORITHM, KEY_ID, SIGNING_KEY }));
    return;
  }
  if ((place.secrets.SIGNING_KEY ?? "") !== "") {
    throw new Failure(
      `${place.name} already has a SIGNING_KEY: npm run manage -- keys rotate replaces it and keeps its tokens valid.`,
    );
  }
  const lines = await carryOut(place, planKey(place, key), nowSeconds);
  say([`Created a key for ${key.algorithm}, kid ${key.kid}: SIGNING_KEY and KEY_ID are in ${place.name}.`, ...lines]);
}

async function retire({ place, kid, nowSeconds }: Task): Promise<void> {
  if (kid === undefined) throw usage("KID is missing: npm run manage -- keys retire KID");
  needFile(place);
  const { settings } = await configurationAt(place);
  const ring = settings.VERIFYING_KEYS ?? [];
  const rest = ring.filter((entry) => entry.kid !== kid);
  if (rest.length === ring.length) throw new Failure(`VERIFYING_KEYS has no key '${kid}'. npm run manage -- keys list`);
  const lines = await carryOut(place, planRing(place, rest), nowSeconds);
  say([`${kid} is no longer in VERIFYING_KEYS of ${place.name}; its tokens will be refused.`, ...lines]);
}

export const keysCommand: Command = {
  summary: "list, create and rotate signing keys",
  help,
  flags,
  words: subcommands,
  run,
};
