// Run by `npm ci`: links the Node that the scripts need into node_modules/.bin, which npm searches first.
// Must never make an installation fail.
//
// Two packages, one for each kind of processor, provide the same command, and npm installs the matching one. npm 10 then
// removes the command's link together with the other package.
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
