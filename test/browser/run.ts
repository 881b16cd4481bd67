// `npm run test:browser`: the pages for browsers in a real one, over real HTTP; with a text, the sentences that have it.
// Must never leave a process or a profile behind.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { startDemoOrigin, startGateway } from "../support/gateway-over-http.ts";
import { adminSentences, type Shoot } from "./admin.ts";
import { launchChromium } from "./chromium.ts";
import { sentences } from "./sentences.ts";
import type { Stage } from "./visit.ts";

/** Runs what was put aside for the end, last first. */
const closing: (() => Promise<void>)[] = [];

async function openStage(): Promise<Stage> {
  const browser = await launchChromium();
  closing.unshift(() => browser.close());
  const api = await startDemoOrigin();
  closing.unshift(() => api.close());
  const gateway = await startGateway({
    TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions"],
    CONSOLE: true,
    ORIGIN_URL: api.url,
    LOG: "off",
  });
  closing.unshift(() => gateway.close());
  const person = { username: "ada", password: "correct horse battery staple" };
  await gateway.addUser({ id: 1, ...person });
  return { browser, gateway, ...person };
}

/** `--pictures` takes the pictures of the admin page for docs/ anew (`npm run screenshots`). */
const shoot: Shoot | undefined = process.argv.includes("--pictures")
  ? async (page, name) => {
      for (const colorScheme of ["dark", "light"] as const) {
        await page.emulateMedia({ colorScheme });
        const file = colorScheme === "dark" ? `${name}-dark.png` : `${name}.png`;
        const path = resolve(import.meta.dirname, "../../docs/images", file);
        // The documents do not show every picture in both.
        if (existsSync(path)) await page.screenshot({ path });
      }
    }
  : undefined;

/** @param about only sentences that have this text */
async function runAll(stage: Stage, about: string): Promise<boolean> {
  let passed = 0;
  const chosen = [...sentences, ...adminSentences(shoot)].filter(([says]) => says.includes(about));
  for (const [says, holds] of chosen) {
    const failure = await holds(stage).then(() => undefined, String);
    if (failure === undefined) passed += 1;
    console.log(
      failure === undefined ? `ok      ${says}` : `FAILED  ${says}\n        ${failure.replaceAll("\n", "\n        ")}`,
    );
  }
  const failed = chosen.length - passed;
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

const about = process.argv.slice(2).find((word) => !word.startsWith("--")) ?? "";
process.env.WRANGLER_SEND_METRICS = "false";
process.env.WRANGLER_HIDE_BANNER = "true";
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
try {
  if (!(await runAll(await openStage(), about))) process.exitCode = 1;
} finally {
  for (const close of closing) await close();
}
