#!/usr/bin/env node
// The entry of `npx simplejwt-edge COMMAND` in projects with the package: the commands of `npm run manage`, and deploy.
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
