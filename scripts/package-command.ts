#!/usr/bin/env node
// `npx simplejwt-edge COMMAND`, where the package is installed: the commands of `npm run manage`, and deploy.
// Must never do anything itself: it hands over.
import { deploy } from "./deploy/deploy.ts";
import { manage } from "./manage/manage.ts";
import { run } from "./shared/run.ts";

const besides = `
  deploy              check the settings, deploy, and update the deployed tables`;

await run("simplejwt-edge", async (argv) => {
  const [name, ...rest] = argv;
  if (name === "deploy") return deploy(rest);
  const exitCode = await manage(argv);
  if (name === undefined) console.error(besides);
  if (name === "--help" || name === "-h") console.log(besides);
  return exitCode;
});
