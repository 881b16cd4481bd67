// Part of `npm pack`: what the sources import as text becomes modules, so that any bundler can take the package.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { sentText } from "../src/pages/sent-text.ts";

const project = resolve(import.meta.dirname, "..");
const built = join(project, "dist");
const asText = /(from "\.[^"]*\/)([^"/]+)(") with \{ type: "text" \}/g;

for (const path of readdirSync(join(built, "src"), { recursive: true, encoding: "utf8" })) {
  if (!path.endsWith(".js")) continue;
  const file = join(built, "src", path);
  const code = readFileSync(file, "utf8");
  const changed = code.replace(asText, (_, from: string, name: string, end: string) => {
    const target = join(dirname(path), from.slice(6), name);
    const text = readFileSync(join(project, "src", target), "utf8");
    const module = `${name.replace(/\.js$/, "").replaceAll(".", "-")}.js`;
    writeFileSync(join(built, "src", dirname(target), module), `export default ${JSON.stringify(sentText(text))};\n`);
    return `${from}${module}${end}`;
  });
  if (changed !== code) writeFileSync(file, changed);
}
