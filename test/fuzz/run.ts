// `npm run test:fuzz`: the long form of the fuzzer, by hand. The corpus first, then a million cases of each target.
import "./in-node.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT, reasonOf, usage } from "../../scripts/shared/failure.ts";
import { readFlags } from "../../scripts/shared/flags.ts";
import { run } from "../../scripts/shared/run.ts";
import { type Fault, type Found, tryCases } from "./fuzz.ts";
import { growthOf } from "./growth.ts";
import type { AnyTarget, Check } from "./target.ts";

const { workerTargets } = await import("./targets.ts");
const { commandTargets } = await import("./command-targets.ts");
const targets: readonly AnyTarget[] = [...workerTargets, ...commandTargets];

const help = `npm run test:fuzz [-- options]

  --target a,b   only these: ${targets.map(({ name }) => name).join(", ")}
  --cases n      cases of each target (1000000)
  --seed n       seed of the first 10,000 cases; each 10,000 after them take the next (1)
  --path p       with --target and --seed: that case alone, as a fault names it
  --growth       measure how the cost grows with the input, and try no cases`;

interface Options {
  readonly targets: readonly AnyTarget[];
  readonly cases: number;
  readonly seed: number;
  readonly path: string | undefined;
  readonly growth: boolean;
}

function readOptions(argv: readonly string[]): Options | undefined {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = readFlags(argv, { target: text, cases: text, seed: text, path: text, growth: flag, help: flag });
  if (values.help) return undefined;
  const wanted = values.target?.split(",");
  const stranger = wanted?.find((name) => !targets.some((target) => target.name === name));
  if (stranger !== undefined) throw usage(`--target: there is no ${stranger}. See --help.`);
  return {
    targets: targets.filter(({ name }) => wanted?.includes(name) ?? true),
    cases: whole("cases", values.cases, 1_000_000),
    seed: whole("seed", values.seed, 1),
    path: values.path,
    growth: values.growth,
  };
}

function whole(flag: string, text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(number)) throw usage(`--${flag} must be a whole number.`);
  return number;
}

const corpusOf = ({ name }: AnyTarget): readonly Found[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, "corpus", `${name}.json`), "utf8"));

function show(target: AnyTarget, { seed, path, input, says }: Fault): void {
  console.log(`\n${target.name}: ${says.slice(0, 4000)}\n`);
  const text = JSON.stringify(input);
  console.log(`input: ${text.length > 4000 ? `${text.slice(0, 4000)}… (${text.length} characters)` : text}`);
  console.log(`again: npm run test:fuzz -- --target ${target.name} --seed ${seed} --path ${path}\n`);
}

async function holdsForCorpus(target: AnyTarget, check: Check<unknown>): Promise<boolean> {
  let good = true;
  for (const { found, input } of corpusOf(target)) {
    try {
      await check(input);
    } catch (error) {
      good = false;
      console.log(`${target.name}: again, ${found}: ${reasonOf(error).slice(0, 4000)}`);
    }
  }
  return good;
}

async function fuzz(target: AnyTarget, { cases, seed, path }: Options): Promise<boolean> {
  const check = await target.open();
  const started = performance.now();
  if (path === undefined && !(await holdsForCorpus(target, check))) return false;
  const fault = await tryCases(target, check, {
    ...{ cases: path === undefined ? cases : 1, seed, path },
    tried: (count) => {
      if (count % 100_000 === 0) console.error(`${target.name}: ${count}`);
    },
  });
  if (fault) show(target, fault);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${target.name}: ${fault ? "a fault" : `${cases} cases, none found`}, seed ${seed}, ${seconds} s`);
  return fault === undefined;
}

/** No verdict: an engine that takes larger pages for larger arrays has steps of its own. */
async function measure(target: AnyTarget): Promise<void> {
  for (const growth of target.growth) {
    const [first, second] = (await growthOf(growth)).map((one) => one.toFixed(1));
    console.log(`${target.name}: ${growth.name}: ${first} times for four times the input, then ${second} times`);
  }
}

await run("test:fuzz", async (argv) => {
  const options = readOptions(argv);
  if (options === undefined) {
    console.log(help);
    return EXIT.ok;
  }
  let good = true;
  for (const target of options.targets) {
    if (options.growth) await measure(target);
    else if (!(await fuzz(target, options))) good = false;
  }
  return good ? EXIT.ok : EXIT.failed;
});
