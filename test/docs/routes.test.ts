// docs/routes.md: its table says which rule a request meets, its keys are those of a route, its errors are errors.

import { parse } from "smol-toml";
import { expect, it } from "vitest";
import { readConfiguration } from "../../src/configuration.ts";
import { Refusal } from "../../src/errors.ts";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { matchRule } from "../../src/proxy/routes/match.ts";
import { canonicalPath } from "../../src/proxy/routes/path.ts";
import { defaultInWords, routeKeyNames, whereInWords } from "../../src/settings/route-keys.ts";
import { blocksOf, documentText } from "../support/documents.ts";
import { testSecret } from "../support/settings.ts";

const text = documentText("docs/routes.md");
const [toml] = blocksOf("docs/routes.md");
const { vars } = parse(toml?.text ?? "") as { readonly vars: Record<string, unknown> };
const rows = [...text.matchAll(/^\| `([A-Z]+) (\/\S*)` \| (?:`(\/\S*)`|(\d{3})) \|/gm)].map(
  ([, method = "", path = "", rule, status]) => [method, path, rule ?? Number(status)] as const,
);

it("has a table of requests", () => {
  expect(rows.length).toBe(25);
});

it.each(rows)("%s %s meets %s", async (method, path, met) => {
  const { configuration } = await readConfiguration({ SIGNING_KEY: testSecret, ...vars });
  const outcome = () => {
    try {
      const canonical = canonicalPath(readRequestUrl(`http://gateway.example${path}`));
      return matchRule(configuration?.rules ?? [], method, canonical, configuration?.stricterPaths).path;
    } catch (error) {
      if (error instanceof Refusal) return error.wire.status;
      throw error;
    }
  };
  expect(outcome()).toBe(met);
});

it("has a row for every key of a route, with its default and where it applies", () => {
  const [table = ""] = text.slice(text.indexOf("| key |")).split("\n\n");
  const documented = [...table.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|/gm)].map(([, ...cells]) =>
    cells.map((cell) => cell.replaceAll("`", "")),
  );
  expect(documented).toEqual(routeKeyNames.map((name) => [name, defaultInWords(name), whereInWords(name)]));
});

it.each([
  ["an unknown key", [{ path: "/*", auth: "token", methds: ["GET"] }]],
  ["an unknown value", [{ path: "/*", auth: "tokn" }]],
  ["another wildcard", [{ path: "/a*", auth: "token" }]],
  [
    "a rule that an earlier one hides",
    [
      { path: "/*", auth: "token" },
      { path: "/a/*", auth: "public" },
    ],
  ],
  ["a rule that the gateway's own paths hide", [{ path: "/_gateway/x", auth: "token" }]],
  ["require where a request may be anonymous", [{ path: "/*", auth: "optional", require: { is_staff: true } }]],
  ["shadow mode where nothing is refused", [{ path: "/*", auth: "public", enforce: false }]],
  ["a prefix outside of the path", [{ path: "/a/*", auth: "token", strip_prefix: "/b" }]],
])("%s is a problem", async (_, ROUTES) => {
  const { errors } = await readConfiguration({ SIGNING_KEY: testSecret, ROUTES });
  expect(errors).toHaveLength(1);
});
