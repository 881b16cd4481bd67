// Run by `npm ci`: links the Node that the scripts need into node_modules/.bin, which npm searches first. Where npm
// prepares the package for a project that depends on its git URL, it also builds dist/.
// Must never make an installation in this repository fail.
//
// Two packages, one for each kind of processor, provide the same command, and npm installs the matching one. npm 10 then
// removes the command's link together with the other package.
import { spawnSync } from "node:child_process";
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

// npm sets this where it installs a clone to pack it. It then runs `prepare`, but not `prepack`.
if (process.env._PACOTE_NO_PREPARE_ !== undefined) {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "prepack"], { encoding: "utf8", shell: true });
  if (status !== 0) {
    console.error(`simplejwt-edge could not be built: ${stdout}${stderr}`);
    process.exitCode = 1;
  }
}
