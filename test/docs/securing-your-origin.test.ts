// docs/securing-your-origin.md shows the files that test/origin-checks runs, to the letter.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const shown = readFileSync(join(root, "docs/securing-your-origin.md"), "utf8");

it.each([
  ["js", "// ", "test/origin-checks/express/gateway-caller.js"],
  ["python", "# ", "test/origin-checks/python/gateway_assertion.py"],
  ["python", "# ", "test/origin-checks/python/django_gateway.py"],
  ["python", "# ", "test/origin-checks/python/fastapi_gateway.py"],
])("docs/securing-your-origin.md shows in %s, behind %j, %s", (language, comment, file) => {
  const text = readFileSync(join(root, file), "utf8");
  expect(shown).toContain(`\`\`\`${language}\n${comment}${file}\n${text}\`\`\``);
});
