// `keys`: makes signing keys, changes them without a forced log-in, and lists them.
// Must never show a private key or a secret unless it is asked for with --print.
import { type Algorithm, algorithms } from "../../src/settings/settings.ts";
import { carryOut, needFile, say } from "../keys/carry-out.ts";
import { configurationAt, type KeyPlace, openKeyPlace } from "../keys/key-place.ts";
import { newKey } from "../keys/new-key.ts";
import { planKey, planRing } from "../keys/plan-keys.ts";
import { publishFirst, rotate } from "../keys/rotate.ts";
import { secretLines } from "../keys/secrets-text.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
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

  list               the key that signs and those of VERIFYING_KEYS; never a secret
  generate           makes the first SIGNING_KEY, with its KEY_ID
  rotate             makes a new SIGNING_KEY; the one of now goes on verifying, as one of VERIFYING_KEYS
  retire KID         takes a key out of VERIFYING_KEYS, once its last token has expired

  --secrets-file FILE  the keys of production, as npm run deploy takes them (.env or JSON).
                     Without it: .dev.vars, the keys of local runs
  --env NAME         with --secrets-file: the environment of wrangler.toml that is meant
  --alg NAME         generate, rotate: the algorithm; without it, ALGORITHM as it is set
  --write            generate: into .dev.vars
  --print            generate: on the terminal, the private key too, and into no file
  --publish-first    rotate: publishes the next public key and leaves the rest for the next rotate
  --help             this text

Files are replaced in one step, readable by you alone, with a backup of what was there. Deploys nothing.
docs/key-rotation.md tells the whole way.`;

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
  if (values.env !== undefined && values["secrets-file"] === undefined) throw usage("--env goes with --secrets-file.");
  if (kid !== undefined && what !== "retire") throw usage(`Unexpected word '${kid}'. See --help.`);
  const task = tasks[what ?? ""];
  if (!task) throw usage("Say what: keys list, generate, rotate or retire KID. See --help.");
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

const tasks: Readonly<Record<string, (task: Task) => Promise<void>>> = {
  list,
  generate,
  rotate: (task) => (task.values["publish-first"] ? publishFirst(task) : rotate(task)),
  retire,
};

/** A flag that is passed over would be a command that does something else. */
function checkFlags(what: string, values: Values): void {
  const only: Readonly<Record<string, readonly string[]>> = {
    alg: ["generate", "rotate"],
    write: ["generate"],
    print: ["generate"],
    "publish-first": ["rotate"],
  };
  for (const name of Object.keys(values)) {
    if (only[name] && !only[name].includes(what)) throw usage(`--${name} goes with keys ${only[name].join(" or ")}.`);
  }
}

async function list({ place }: Task): Promise<void> {
  const { settings, keys } = await configurationAt(place);
  const own = [settings.KEY_ID ?? "-", settings.ALGORITHM, "signs and verifies"];
  const ring = (keys.ring ?? []).map(({ kid, alg }) => [kid, alg, "verifies"]);
  for (const line of textTable(["kid", "alg", "what it does"], [own, ...ring])) console.log(line);
}

async function generate({ place, values, algorithm, nowSeconds }: Task): Promise<void> {
  const ways = [values.write, values.print, values["secrets-file"] !== undefined].filter(Boolean).length;
  if (ways !== 1) throw usage("Say where the key goes: --write (.dev.vars), --secrets-file FILE, or --print.");
  const asSet = algorithms.find((name) => name === (place.secrets.ALGORITHM ?? place.vars.ALGORITHM)) ?? "HS256";
  const key = newKey(algorithm ?? asSet, nowSeconds);
  if (values.print) {
    const { algorithm: ALGORITHM, kid: KEY_ID, signingKey: SIGNING_KEY } = key;
    process.stdout.write(secretLines({ ALGORITHM, KEY_ID, SIGNING_KEY }));
    return;
  }
  if ((place.secrets.SIGNING_KEY ?? "") !== "") {
    throw new Failure(
      `${place.name} has a SIGNING_KEY: npm run manage -- keys rotate changes it and keeps its tokens good.`,
    );
  }
  const lines = await carryOut(place, planKey(place, key), nowSeconds);
  say([`Made a key for ${key.algorithm}, kid ${key.kid}: SIGNING_KEY and KEY_ID are in ${place.name}.`, ...lines]);
}

async function retire({ place, kid, nowSeconds }: Task): Promise<void> {
  if (kid === undefined) throw usage("Which key? npm run manage -- keys retire KID");
  needFile(place);
  const { settings } = await configurationAt(place);
  const ring = settings.VERIFYING_KEYS ?? [];
  const rest = ring.filter((entry) => entry.kid !== kid);
  if (rest.length === ring.length) throw new Failure(`VERIFYING_KEYS has no key '${kid}'. npm run manage -- keys list`);
  const lines = await carryOut(place, planRing(place, rest), nowSeconds);
  say([`${kid} is no longer in VERIFYING_KEYS of ${place.name}: its tokens are refused.`, ...lines]);
}

export const keysCommand: Command = { summary: "list, make and change signing keys", help, run };
