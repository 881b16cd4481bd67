// Each example of docs/cors.md is a configuration that runs, with no error and no warning, and does what it is there for.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { readConfiguration } from "../../src/configuration.ts";
import { createCors } from "../../src/http/cors.ts";
import { testSecret } from "../support/settings.ts";

const text = readFileSync(resolve(import.meta.dirname, "../../docs/cors.md"), "utf8");
const examples = [...text.matchAll(/## ([^\n]+)\n(?:(?!## )[\s\S])*?```toml\n([\s\S]*?)```/g)].map(
  ([, title = "", toml = ""]) => [title, toml] as const,
);

/** What is allowed to a page in a preflight, in the words of the headers. */
async function allowedTo(origin: string, toml: string): Promise<ReadonlyArray<string | null>> {
  const { vars } = parse(toml) as { vars: Record<string, unknown> };
  const { configuration, errors, warnings } = await readConfiguration({ SIGNING_KEY: testSecret, ...vars });
  expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
  if (!configuration) throw new Error("there is no configuration");
  const { settings, headerPlan } = configuration;
  // Only in Node may a Request have no Origin of its own choosing.
  const headers = new Headers({ origin, "access-control-request-method": "PUT" });
  const cors = createCors(settings, headerPlan.authHeader);
  const response = cors?.preflight({ method: "OPTIONS", headers } as Request, "5f0c8d7e6b5a49382716051423324150");
  if (!response) throw new Error("this is no preflight");
  return ["origin", "credentials", "headers", "max-age"].map((name) =>
    response.headers.get(name === "max-age" ? "access-control-max-age" : `access-control-allow-${name}`),
  );
}

const usual = "Authorization, Content-Type";
const wanted: Readonly<Record<string, readonly [origin: string, ...allowed: Array<string | null>]>> = {
  "A single-page app": ["https://app.example", "https://app.example", null, usual, "7200"],
  "Several origins": ["http://localhost:5173", "http://localhost:5173", null, `${usual}, X-Client-Version`, null],
  "Headers that pages read": ["https://app.example", "https://app.example", null, usual, null],
  "With cookies": ["https://app.example", "https://app.example", "true", usual, null],
  "A public API": ["https://anyone.example", "*", null, usual, null],
};

describe("docs/cors.md", () => {
  it("has the examples that are tested here", () => {
    expect(examples.map(([title]) => title)).toEqual(Object.keys(wanted));
  });
  it.each(examples)("%s: runs and allows what it says", async (title, toml) => {
    const [origin = "", ...allowed] = wanted[title] ?? [];
    expect(await allowedTo(origin ?? "", toml)).toEqual(allowed);
  });
});
