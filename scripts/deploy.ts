// `npm run deploy`: checks, deploys, and brings the deployed database's tables up to date.
// Must never do anything itself: deploy/deploy.ts does.
import { deploy } from "./deploy/deploy.ts";
import { run } from "./shared/run.ts";

await run("deploy", deploy);
