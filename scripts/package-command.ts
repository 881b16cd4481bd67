#!/usr/bin/env node
// The entry of `npx simplejwt-edge COMMAND` in projects with the package: the commands of `npm run manage`, init and deploy.
import { deploy } from "./deploy/deploy.ts";
import { init } from "./init/init.ts";
import { manage } from "./manage/manage.ts";
import { run } from "./shared/run.ts";

const besides = `
  init                make this folder a Worker with the gateway, or add it to the Worker that is here
  deploy              check the settings, deploy, and update the deployed tables`;

await run("simplejwt-edge", async (argv) => {
  const [name, ...rest] = argv;
  if (name === "init") return init(rest);
  if (name === "deploy") return deploy(rest);
  const exitCode = await manage(argv, ["init", "deploy"]);
  if (name === undefined) console.error(besides);
  if (name === "--help" || name === "-h") console.log(besides);
  return exitCode;
});
