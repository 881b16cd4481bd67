// Runs before a command's TypeScript, so that an old Node gets an error message instead of a stack trace.
// Must never need a package or a newer Node than the one it refuses.
import { existsSync } from "node:fs";

const [major, minor] = process.versions.node.split(".").map(Number);
const runsTypeScript = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
const installed = existsSync(new URL("../node_modules/wrangler/package.json", import.meta.url));

if (!installed) {
  console.error("The packages are not installed. Run: npm ci");
  process.exit(1);
}
if (!runsTypeScript) {
  console.error(`Node.js 22.18 or newer is needed; this is ${process.versions.node}.`);
  process.exit(1);
}
