// The entry of `npm run manage -- COMMAND`.
import { manage } from "./manage/manage.ts";
import { run } from "./shared/run.ts";

await run("manage", manage);
