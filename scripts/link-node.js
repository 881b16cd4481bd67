// Run by `npm ci` itself: puts the Node that the scripts need where npm's commands find it first.
// Must never fail an installation, nor need more than the Node that is there: plain JavaScript.
//
// Two packages, one for each kind of processor, bring the same command, and npm installs the one that fits. npm 10 then
// takes the command's link away with the package that did not fit.
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../node_modules", import.meta.url));
const name = `node-${process.platform}-${process.arch}`;
const link = join(packages, ".bin", "node");

if (existsSync(join(packages, name, "bin", "node")) && !existsSync(link)) {
  mkdirSync(join(packages, ".bin"), { recursive: true });
  symlinkSync(join("..", name, "bin", "node"), link);
}
