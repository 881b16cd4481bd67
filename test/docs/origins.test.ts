// docs/origins.md: its table of examples is what the code does, and its wrangler.toml pieces are in order.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { readConfiguration } from "../../src/configuration.ts";
import { Refusal } from "../../src/errors.ts";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { matchRule } from "../../src/proxy/routes/match.ts";
import { canonicalPath } from "../../src/proxy/routes/path.ts";
import { targetOf } from "../../src/proxy/routes/rule.ts";

const text = readFileSync(resolve(import.meta.dirname, "../../docs/origins.md"), "utf8");
const configurationOf = (vars: object) =>
  readConfiguration({ SIGNING_KEY: "docs-tests-only-docs-tests-only-!", ...vars });

const examples = text
  .slice(text.indexOf("| request | goes to |"))
  .split("\n\n")[0]
  ?.split("\n")
  .slice(2)
  .map((row) =>
    row
      .split("|")
      .slice(1, 6)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, "$1")),
  ) as Array<[path: string, origin: string, strip: string, request: string, goesTo: string]>;

describe("docs/origins.md", () => {
  it("has a table of examples", () => {
    expect(examples.length).toBe(15);
  });
  it.each(examples)(
    "path %s, origin %j, strip_prefix %j: %s → %s",
    async (path, origin, strip_prefix, request, goesTo) => {
      const route = { path, auth: "token", ...(origin && { origin }), ...(strip_prefix && { strip_prefix }) };
      const { configuration, errors } = await configurationOf({ ROUTES: [route] });
      if (goesTo === "error")
        return expect(errors).toEqual([expect.stringMatching(/^ROUTES\[0\]\.strip_prefix must be /)]);
      expect(errors).toEqual([]);
      expect(sent(request)).toBe(goesTo);

      function sent(pathAndQuery: string): string {
        try {
          const canonical = canonicalPath(readRequestUrl(`https://gateway.example${pathAndQuery}`));
          const rule = matchRule(configuration?.rules ?? [], "GET", canonical, configuration?.stricterPaths);
          return (rule.destination?.base ?? "https://api.example.com") + targetOf(canonical, rule.strip);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          return error.reason === "no_route" ? "404: no rule" : `${error.wire.status}: ambiguous`;
        }
      }
    },
  );

  const pieces = [...text.matchAll(/```toml\n([\s\S]*?)```/g)].map(([, toml = ""]) => toml);
  it("shows a wrangler.toml for each kind", () => {
    expect(pieces.length).toBe(6);
  });
  it.each(pieces)("shows settings without errors or warnings: %s", async (toml) => {
    const { vars = {} } = parse(toml) as { vars?: object };
    const { errors, warnings } = await configurationOf(vars);
    expect([errors, warnings]).toEqual([[], []]);
  });
});
