// The browser of these tests: Debian's Chromium, driven by playwright-core.
// Must never download a browser by another way than the system's packages.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = "/usr/bin/chromium";

/** Starts headless Chromium with a fresh profile, which goes away with it. Installs the package when it is missing. */
export async function launchChromium(): Promise<Browser> {
  if (!existsSync(executablePath)) installChromium();
  return chromium.launch({
    executablePath,
    headless: true,
    chromiumSandbox: false,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

function installChromium(): void {
  console.log(`${executablePath} is missing: installing Debian's package chromium with apt-get.`);
  aptGet("update", "-qq");
  aptGet("install", "-y", "-qq", "--no-install-recommends", "chromium");
}

function aptGet(...args: readonly string[]): void {
  const { status, error, stderr } = spawnSync("apt-get", args, {
    encoding: "utf8",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) throw new Error(`apt-get ${args.join(" ")} failed: ${error?.message ?? stderr.trim()}`);
}
