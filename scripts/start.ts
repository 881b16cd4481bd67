// `npm start`: the gateway on this machine, with the demo API or your own behind it, ready to be tried.
// Must never listen on anything but 127.0.0.1, and never leave a process behind.
import { EXIT } from "./shared/failure.ts";
import { requirePackages } from "./shared/project.ts";
import { run } from "./shared/run.ts";
import { readStartOptions, startHelp } from "./start/options.ts";
import { openServices } from "./start/service.ts";

/** Resolves when somebody asks this process to stop. Asked twice, it stops at once. */
const untilSignal = (): Promise<void> =>
  new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve();
      });
  });

/**
 * Resolves when npm is gone, never when this was not started by npm. Told to stop, npm passes the signal to a shell,
 * and the shell ends without passing it on.
 */
const untilOrphaned = (): Promise<void> =>
  new Promise((resolve) => {
    const parent = process.ppid;
    if (process.env.npm_lifecycle_event === undefined) return;
    setInterval(() => {
      if (process.ppid !== parent) resolve();
    }, 300).unref();
  });

await run("start", async (argv) => {
  const options = readStartOptions(argv);
  if (options.help) {
    console.log(startHelp);
    return EXIT.ok;
  }
  requirePackages();
  // Not at the top: it needs packages, and a project without them is to get a sentence.
  const { serve } = await import("./start/serve.ts");
  const services = openServices();
  try {
    await Promise.race([serve(options, services.start), untilSignal(), untilOrphaned()]);
    console.log("\nStopping.");
    return EXIT.ok;
  } finally {
    await services.stopAll();
  }
});
// What was under way when the signal came is not waited for.
process.exit();
