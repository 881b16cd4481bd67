// The version of the gateway, for --version.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "./project.ts";

/** `simplejwt-edge 0.2.0`. */
export function versionLine(): string {
  const { name, version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
  };
  return `${name} ${version}`;
}
