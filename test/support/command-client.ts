// `npm run manage` for a shell: has a command run by the host of a copied project (projects.ts), as if here.
// Must never load what a command loads: that is what the host is for.
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { HostAnswer, HostRequest } from "./command-host.ts";

const [socket = "", ...words] = process.argv.slice(2);
const { INIT_CWD = process.cwd(), NO_COLOR = "" } = process.env;
const request: HostRequest = { words, input: await text(process.stdin), env: { INIT_CWD, NO_COLOR } };
const connection = connect({ path: socket, allowHalfOpen: true });
connection.end(JSON.stringify(request));
const { code, written } = JSON.parse(await text(connection)) as HostAnswer;
// A reader such as `head` may close the pipe before all is written.
process.stdout.on("error", () => {});
for (const [stream, part] of written) process[stream].write(part);
process.exitCode = code;
