// `npm run manage -- keys` as a shell sees it, on files of its own: what it writes, what it says, what it never shows.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { ringWarnings } from "../../scripts/deploy/check.ts";
import { retireAtSeconds } from "../../scripts/keys/plan-keys.ts";
import { changedSecrets } from "../../scripts/keys/secrets-text.ts";
import { readConfiguration } from "../../src/configuration.ts";
import { readSettings } from "../../src/settings/read.ts";
import { copyProject } from "../support/projects.ts";

const { folder, manage, remove } = copyProject();
const devVars = join(folder, ".dev.vars");
const production = join(folder, ".dev.vars.production");
const secret = "hunter2-hunter2-hunter2-hunter2-hunter2";
const secretsIn = (path: string) => parseEnv(readFileSync(path, "utf8"));
const files = () => readdirSync(folder).filter((file) => file.startsWith(".dev.vars"));

afterEach(() => {
  for (const file of files()) rmSync(join(folder, file));
});
afterAll(remove);

/** Everything that was written and said, without what may be said. */
const keys = async (...words: string[]) => manage(["keys", ...words]);

interface Jwk extends Readonly<Record<string, string>> {}
const ringIn = (path: string) => (JSON.parse(secretsIn(path).VERIFYING_KEYS ?? "") as { keys: Jwk[] }).keys;
const isClosed = (path: string) => (statSync(path).mode & 0o777) === 0o600;

describe("a usage error", () => {
  it.each([
    [[], "A subcommand is missing: keys list, generate, rotate or retire KID. See --help."],
    [["nope"], "There is no command keys 'nope'. See --help."],
    [["list", "x"], "Unexpected word 'x'. See --help."],
    [["generate"], "A destination is missing: --write (.dev.vars), --secrets-file FILE, or --print."],
    [
      ["generate", "--write", "--print"],
      "A destination is missing: --write (.dev.vars), --secrets-file FILE, or --print.",
    ],
    [["list", "--print"], "--print only applies to keys generate."],
    [["rotate", "--write"], "--write only applies to keys generate."],
    [["list", "--env", "staging"], "--env requires --secrets-file."],
    [["retire"], "KID is missing: npm run manage -- keys retire KID"],
  ])("is refused: keys %j", async (words, line) => {
    expect(await keys(...words)).toEqual({ code: 2, stdout: "", stderr: `manage: ${line}\n` });
    expect(files()).toEqual([]);
  });
  it("is refused for an algorithm that nobody knows", async () => {
    const { code, stderr } = await keys("generate", "--write", "--alg", "none");
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^manage: --alg must be one of HS256, .*; it is 'none'\.\n$/),
    ]);
  });
});

it("generate --print shows a key, and writes nothing", async () => {
  const { code, stdout } = await keys("generate", "--print", "--alg", "ES256");
  const made = parseEnv(stdout);
  expect([code, Object.keys(made), files()]).toEqual([0, ["ALGORITHM", "KEY_ID", "SIGNING_KEY"], []]);
  const { configuration, errors } = await readConfiguration(made);
  expect([errors, configuration?.keys.publicJwk?.kid]).toEqual([[], made.KEY_ID]);
});

it("generate --write makes .dev.vars for this user alone, and never in the place of a key", async () => {
  const { code, stdout } = await keys("generate", "--write", "--alg", "EdDSA");
  const made = secretsIn(devVars);
  expect([code, isClosed(devVars), made.ALGORITHM]).toEqual([0, true, "EdDSA"]);
  expect(stdout).toBe(
    `Created a key for EdDSA, kid ${made.KEY_ID}: SIGNING_KEY and KEY_ID are in .dev.vars.
Next:
  1. wrangler.toml, under [vars]: KEY_ID = "${made.KEY_ID}"   (from .dev.vars, wrangler only loads names that are listed there)
  2. wrangler.toml, under [vars]: ALGORITHM = "EdDSA"   (from .dev.vars, wrangler only loads names that are listed there)
  3. restart npm start
`,
  );
  expect((await readConfiguration(made)).errors).toEqual([]);
  expect(await keys("generate", "--write")).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "manage: .dev.vars already has a SIGNING_KEY: npm run manage -- keys rotate replaces it and keeps its tokens valid.\n",
  });
});

it("rotate goes from a secret to a pair, and on; retire ends it; no secret is ever shown", async () => {
  writeFileSync(devVars, `# mine\nSIGNING_KEY=${secret}\nOTHER='kept as it is'\n`, { mode: 0o644 });
  const first = await keys("rotate", "--alg", "RS256");
  expect([first.code, first.stderr, isClosed(devVars)]).toEqual([0, "", true]);
  const one = secretsIn(devVars);
  expect([one.ALGORITHM, one.OTHER, readFileSync(devVars, "utf8").split("\n")[0]]).toEqual([
    "RS256",
    "kept as it is",
    "# mine",
  ]);
  const [old = {}] = ringIn(devVars);
  expect(old).toEqual({ kty: "oct", alg: "HS256", kid: old.kid, k: Buffer.from(secret).toString("base64url") });
  expect(old.kid).toMatch(/^\d{4}-\d\d-\d\d-HS256-[0-9a-f]{8}$/);
  expect(first.stdout).toContain(`npm run manage -- keys retire ${old.kid}\n`);
  const backup = files().find((file) => file.includes(".backup-")) ?? "";
  expect(readFileSync(join(folder, backup), "utf8")).toBe(`# mine\nSIGNING_KEY=${secret}\nOTHER='kept as it is'\n`);
  expect(isClosed(join(folder, backup))).toBe(true);
  expect(first.stdout).toMatch(/^It can be retired after \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ:$/m);

  const second = await keys("rotate");
  const two = secretsIn(devVars);
  expect(ringIn(devVars).map(({ kid, kty }) => [kid, kty])).toEqual([
    [one.KEY_ID, "RSA"],
    [old.kid, "oct"],
  ]);
  expect(two.KEY_ID).not.toBe(one.KEY_ID);

  const listed = await keys("list");
  expect(listed.stdout.split("\n").slice(2)).toEqual([
    expect.stringMatching(new RegExp(`^${two.KEY_ID} +RS256  signs and verifies$`)),
    expect.stringMatching(new RegExp(`^${one.KEY_ID} +RS256  verifies$`)),
    expect.stringMatching(new RegExp(`^${old.kid} +HS256  verifies$`)),
    "",
  ]);

  const retired = await keys("retire", old.kid ?? "");
  expect(retired.code).toBe(0);
  expect(ringIn(devVars).map(({ kid }) => kid)).toEqual([one.KEY_ID]);
  expect(await keys("retire", "nobody")).toMatchObject({
    code: 1,
    stderr: "manage: VERIFYING_KEYS has no key 'nobody'. npm run manage -- keys list\n",
  });
  for (const { stdout, stderr } of [first, second, listed, retired]) {
    expect(stdout + stderr).not.toMatch(/hunter2|PRIVATE KEY|aHVudGVyMi/);
  }
});

it("rotate --publish-first publishes the next key, and the next rotate signs with that one", async () => {
  writeFileSync(devVars, `SIGNING_KEY=${secret}\n`);
  const first = await keys("rotate", "--publish-first", "--alg", "RS256");
  expect([first.code, isClosed(`${devVars}.next`), secretsIn(devVars).SIGNING_KEY]).toEqual([0, true, secret]);
  const next = secretsIn(`${devVars}.next`);
  expect(ringIn(devVars).map(({ kid, d }) => [kid, d])).toEqual([[next.KEY_ID, undefined]]);
  expect((await keys("rotate", "--publish-first")).code).toBe(1);
  expect((await keys("rotate")).code).toBe(0);
  expect(secretsIn(devVars)).toMatchObject({ ALGORITHM: "RS256", KEY_ID: next.KEY_ID, SIGNING_KEY: next.SIGNING_KEY });
  expect(ringIn(devVars).map(({ alg }) => alg)).toEqual(["HS256"]);
  expect(existsSync(`${devVars}.next`)).toBe(false);
});

it("for production, what is a var is left to wrangler.toml, and the deploy takes all at once", async () => {
  writeFileSync(production, `SIGNING_KEY=${secret}\n`, { mode: 0o600 });
  const { code, stdout } = await keys("rotate", "--alg", "RS256", "--secrets-file", ".dev.vars.production");
  expect([code, Object.keys(secretsIn(production)).sort()]).toEqual([0, ["KEY_ID", "SIGNING_KEY", "VERIFYING_KEYS"]]);
  const steps = stdout.slice(stdout.indexOf("Next:")).split("\n");
  expect(steps.slice(1, 4)).toEqual([
    '  1. wrangler.toml, under [vars]: ALGORITHM = "RS256"',
    "  2. npm run deploy -- --secrets-file .dev.vars.production   (all at once; wrangler secret put would do it one by one)",
    "  3. store the secrets of .dev.vars.production where you keep other secrets, and delete the file",
  ]);
  expect(stdout).not.toMatch(/hunter2|PRIVATE KEY/);
});

it("a deploy warns of a secret among the vars", () => {
  const oct = { kid: "a", alg: "HS256", kty: "oct", k: "x" };
  const warning = "VERIFYING_KEYS has a secret (oct), and is a var in wrangler.toml: make it a secret.";
  expect(ringWarnings({ VERIFYING_KEYS: { keys: [oct] } })).toEqual([warning]);
  expect(ringWarnings({ VERIFYING_KEYS: JSON.stringify({ keys: [oct] }) })).toEqual([warning]);
  expect(ringWarnings({ VERIFYING_KEYS: { keys: [{ ...oct, kty: "RSA" }] } })).toEqual([]);
  expect(ringWarnings({})).toEqual([]);
});

it("nothing is written that the Worker would refuse", async () => {
  const text = `SIGNING_KEY=${secret}\nASSERTION=true\nASSERTION_KEY=${"shared-with-the-origin-".repeat(2)}\n`;
  writeFileSync(devVars, text);
  const { code, stderr } = await keys("rotate", "--alg", "RS256");
  expect([code, stderr]).toEqual([
    1,
    "manage: ASSERTION_KEY is for the HS algorithms: with RS256, assertions are signed with SIGNING_KEY.\n",
  ]);
  expect([readFileSync(devVars, "utf8"), files()]).toEqual([text, [".dev.vars"]]);
});

it.each([
  [{ REFRESH_TOKEN_LIFETIME: "7d", LEEWAY: 30 }, 604_830],
  [{ REFRESH_TOKEN_LIFETIME: "1h", ACCESS_TOKEN_LIFETIME: "2h" }, 7_200],
  [{ REFRESH_TOKEN_LIFETIME: "1h", SLIDING_TOKEN_REFRESH_LIFETIME: "3h", TOKEN_ENDPOINTS: ["sliding"] }, 10_800],
  [{ REFRESH_TOKEN_LIFETIME: "1h", SLIDING_TOKEN_REFRESH_LIFETIME: "3h" }, 3_600],
])("with %j a key that stops signing has to stay %d seconds", (vars, seconds) => {
  const { settings } = readSettings({ SIGNING_KEY: secret, ...vars });
  expect(retireAtSeconds(settings, 1_700_000_000)).toBe(1_700_000_000 + seconds);
});

describe("changedSecrets()", () => {
  it("changes JSON as JSON", () => {
    expect(
      JSON.parse(changedSecrets('{"SIGNING_KEY":"a","OTHER":"b"}', { SIGNING_KEY: "c\nd", GONE: undefined })),
    ).toEqual({
      SIGNING_KEY: "c\nd",
      OTHER: "b",
    });
  });
  it("finds a value over several lines, an export, and spaces", () => {
    const text = 'A=1\nexport SIGNING_KEY = "x\ny"\nSIGNING_KEYS=2\n';
    expect(changedSecrets(text, { SIGNING_KEY: "z" })).toBe("A=1\nSIGNING_KEYS=2\nSIGNING_KEY=z\n");
    expect(changedSecrets("A=1", { SIGNING_KEY: undefined })).toBe("A=1");
  });
  it("fails where the text would read back otherwise", () => {
    expect(() => changedSecrets("A=1\n", { B: "it's" })).toThrow("Nothing was written.");
  });
});
