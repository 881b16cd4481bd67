// The entry of `npm run deploy`.
import { deploy } from "./deploy/deploy.ts";
import { run } from "./shared/run.ts";

await run("deploy", deploy);
