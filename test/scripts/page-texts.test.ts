// What the pages send to browsers is made from the readable files beside it.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { pageTexts, pageTextsFile } from "../../scripts/page-texts.ts";

it("the committed texts are those that `npm run pages` makes from the style sheets and scripts", async () => {
  const expected = await pageTexts();
  expect(expected).toMatch(/^export const clientScript = "const createClient=/m);
  expect(expected).toMatch(/^export const consoleScript = "const /m);
  expect(readFileSync(pageTextsFile, "utf8"), "run `npm run pages`").toBe(expected);
});
