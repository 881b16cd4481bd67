// `npm run manage -- COMMAND`: looks after the users, as manage.py does in Django.
// Must never do anything itself: manage/manage.ts finds the command and hands over.
import { manage } from "./manage/manage.ts";
import { run } from "./shared/run.ts";

await run("manage", manage);
