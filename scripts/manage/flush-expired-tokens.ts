// `flushexpiredtokens`: Simple JWT's command of that name. The Worker's cron trigger does the same every hour.
// Must never delete the row of a token that is still accepted.
import { type Bindings, settingsOf, storesOf } from "../database/bindings.ts";
import { EXIT } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openProgress, type Progress } from "../shared/progress.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

/** Rows deleted by one statement: ten times the Worker's batch, because a statement may start wrangler. */
const BATCH_ROWS = 10_000;

const flags = { quiet: { type: "boolean" }, ...placeFlags } as const;

const help = `npm run manage -- flushexpiredtokens [flags]

Deletes the rows of expired tokens, ${BATCH_ROWS} at a time, until none is left. A token that expired less than
LEEWAY ago (the setting in wrangler.toml) is still accepted, so its row is kept that long. The deployed Worker does
this once an hour, on the cron trigger in wrangler.toml.

  --quiet            show no progress
${placeHelp}`;

/** Returns the number of deleted rows. */
export async function flushExpired(bindings: Bindings, nowSeconds: number, progress: Progress): Promise<number> {
  const { LEEWAY } = settingsOf(bindings.vars, ["LEEWAY"]);
  const { tokens } = storesOf(bindings);
  let total = 0;
  for (;;) {
    const went = await tokens.deleteExpired(nowSeconds - LEEWAY, BATCH_ROWS);
    total += went;
    if (went < BATCH_ROWS) return total;
    progress.step(`${total} rows deleted so far`);
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  checkPlace(values);
  const progress = openProgress(values.quiet === true);
  const nowSeconds = Math.floor(Date.now() / 1000);
  try {
    const deleted = await withBindings(values, (bindings) => flushExpired(bindings, nowSeconds, progress));
    progress.end();
    const rows = deleted === 1 ? "1 expired row" : `${deleted} expired rows`;
    console.log(`Deleted ${rows} from the ${values.remote === true ? "remote" : "local"} database.`);
    return EXIT.ok;
  } finally {
    progress.end();
  }
}

export const flushExpiredTokensCommand: Command = { summary: "delete the rows of expired tokens", help, run };
