// scripts/start/reload.ts: what a save does under `npm start`, with a Worker that is played.
import { describe, expect, it } from "vitest";
import { type CodeFindings, createReload, type ReloadDependencies } from "../../scripts/start/reload.ts";
import type { Outcome } from "../../scripts/start/worker.ts";

type Reading = Awaited<ReturnType<ReloadDependencies["read"]>>;
type Input = Parameters<ReloadDependencies["apply"]>[0];

const input = (name: string): Input => ({ config: { name }, bindings: {} }) as unknown as Input;
const noFindings = { errors: [], warnings: [] };
const good = (name: string, ...warnings: string[]): Reading => ({
  input: input(name),
  warnings,
  checkCode: async () => noFindings,
});

/** Reads what `readings` say, one after the other, and builds with the results of `outcomes`, else well. */
function reloading(
  readings: readonly Reading[],
  outcomes: readonly Outcome[] = [],
  checkCode = async (): Promise<CodeFindings> => noFindings,
) {
  const said: string[] = [];
  const applied: (string | undefined)[] = [];
  const left = { readings: [...readings], outcomes: [...outcomes] };
  const reload = createReload(
    {
      name: "The gateway",
      root: "/project",
      isConfiguration: (path) => path === "/project/wrangler.toml",
      read: async () => left.readings.shift() ?? { errors: ["read too often"] },
      apply: async ({ config }, errors = []) => {
        applied.push([config.name, ...errors].join(": "));
        if (errors.length > 0) return { ok: false, errors };
        return left.outcomes.shift() ?? { ok: true };
      },
      say: ({ kind, text }) => said.push(`${kind}: ${text}`),
    },
    { input: input("first"), warnings: ["LOG is old."], checkCode },
  );
  return { said, applied, reload };
}

describe("a save", () => {
  it("of a good wrangler.toml is loaded", async () => {
    const { said, applied, reload } = reloading([good("second", "LOG is old.")]);
    await reload(["/project/wrangler.toml"]);
    expect([applied, said]).toEqual([["second"], ["reloaded: reloaded wrangler.toml"]]);
  });

  it("shows warnings that were not shown before, once", async () => {
    const { said, reload } = reloading([good("a", "LOG is old.", "PATHS is new."), good("b", "PATHS is new.")]);
    await reload(["/project/wrangler.toml"]);
    await reload(["/project/wrangler.toml"]);
    expect(said).toEqual([
      ...["warning: PATHS is new.", "reloaded: reloaded wrangler.toml", "reloaded: reloaded wrangler.toml"],
    ]);
  });

  it("of a wrangler.toml with errors changes nothing", async () => {
    const bad = { errors: ["wrangler.toml:3:6: Invalid TOML document: illegal character in key"] };
    const { said, applied, reload } = reloading([bad, bad]);
    await reload(["/project/wrangler.toml"]);
    expect(applied).toEqual([]);
    expect(said).toEqual([
      "error: wrangler.toml:3:6: Invalid TOML document: illegal character in key",
      "error: Not reloaded: the last good settings stay in effect.",
    ]);
  });

  it("that was read half written is read again, and no error is shown", async () => {
    const { said, applied, reload } = reloading([{ errors: ["wrangler.toml: main is missing."] }, good("whole")]);
    await reload(["/project/wrangler.toml"]);
    expect([applied, said]).toEqual([["whole"], ["reloaded: reloaded wrangler.toml"]]);
  });

  it("of a source is loaded with the last good settings while wrangler.toml has errors", async () => {
    const bad = { errors: ["LOG must be …"] };
    const { said, applied, reload } = reloading([good("second"), bad, bad]);
    await reload(["/project/wrangler.toml"]);
    await reload(["/project/wrangler.toml"]);
    await reload(["/project/src/hooks.ts", "/project/src/index.ts", "/project/src/other.ts"]);
    expect(applied).toEqual(["second", "second"]);
    expect(said.at(-1)).toBe("reloaded: reloaded src/hooks.ts and 2 more, with the last good settings");
  });

  it("that does not build is reported with its place, and the next one is loaded", async () => {
    const failed = { ok: false, errors: ['src/hooks.ts:45:11: Unexpected ";"'] } as const;
    const { said, reload } = reloading([], [failed]);
    await reload(["/project/src/hooks.ts"]);
    await reload(["/project/src/hooks.ts"]);
    expect(said).toEqual([
      'error: src/hooks.ts:45:11: Unexpected ";"',
      "error: The gateway does not build: requests get 503 with this error until it is corrected.",
      "reloaded: reloaded src/hooks.ts",
    ]);
  });

  it("of code that the gateway refuses is answered with its errors, and the next one is loaded", async () => {
    const findings = [
      { errors: ["hooks.claimsForr is not a hook; did you mean claimsFor?"], warnings: [] },
      { errors: [], warnings: ['ROUTES[0] (/a) requires the claim "role", which …'] },
      { errors: [], warnings: ['ROUTES[0] (/a) requires the claim "role", which …'] },
    ];
    const { said, applied, reload } = reloading([], [], async () => findings.shift() ?? noFindings);
    for (let save = 0; save < 3; save++) await reload(["/project/src/hooks.ts"]);
    expect(applied).toEqual(["first: hooks.claimsForr is not a hook; did you mean claimsFor?", "first", "first"]);
    expect(said).toEqual([
      "error: hooks.claimsForr is not a hook; did you mean claimsFor?",
      "error: The gateway does not start: requests get 503 with this error until it is corrected.",
      'warning: ROUTES[0] (/a) requires the claim "role", which …',
      "reloaded: reloaded src/hooks.ts",
      "reloaded: reloaded src/hooks.ts",
    ]);
  });

  it("at which something unforeseen goes wrong ends nothing", async () => {
    const said: string[] = [];
    const reload = createReload(
      {
        name: "The gateway",
        root: "/",
        isConfiguration: () => false,
        read: async () => good("x"),
        apply: () => Promise.reject(new Error("no more files")),
        say: ({ text }) => said.push(text),
      },
      { input: input("first"), warnings: [], checkCode: async () => noFindings },
    );
    await reload(["/a.ts"]);
    expect(said).toEqual(["Not reloaded: no more files"]);
  });
});
