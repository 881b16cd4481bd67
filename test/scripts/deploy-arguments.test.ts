// scripts/deploy/: what is read out of a command line for wrangler, and out of the secrets that go along.
import { describe, expect, it } from "vitest";
import { standInKey } from "../../scripts/configuration/stand-in-key.ts";
import { parseSecrets } from "../../scripts/configuration/wrangler-flags.ts";
import { readDeployArguments } from "../../scripts/deploy/arguments.ts";
import { originWarnings } from "../../scripts/deploy/check.ts";
import { readConfiguration } from "../../src/configuration.ts";

describe("readDeployArguments()", () => {
  it("reads nothing out of nothing", () => {
    expect(readDeployArguments([])).toEqual({
      help: false,
      dryRun: false,
      environment: undefined,
      configFile: undefined,
      secretsFile: undefined,
      vars: {},
      place: [],
    });
  });

  it("reads what matters and passes over the rest", () => {
    const argv = ["--dry-run", "-e", "staging", "--minify", "--name", "edge", "--secrets-file=keys.env"];
    expect(readDeployArguments([...argv, "--var", "ORIGIN_URL:https://a:1", "--var", "LOG:all"])).toEqual({
      help: false,
      dryRun: true,
      environment: "staging",
      configFile: undefined,
      secretsFile: "keys.env",
      vars: { ORIGIN_URL: "https://a:1", LOG: "all" },
      place: ["--env", "staging"],
    });
  });

  it("refuses a flag whose value is missing", () => {
    expect(() => readDeployArguments(["--secrets-file"])).toThrow("--secrets-file needs a value.");
  });
});

describe("parseSecrets()", () => {
  it("reads .env and JSON", () => {
    expect(parseSecrets("# c\nSIGNING_KEY='a b'\nOTHER=1\n")).toEqual({ SIGNING_KEY: "a b", OTHER: "1" });
    expect(parseSecrets('{"SIGNING_KEY": "x"}')).toEqual({ SIGNING_KEY: "x" });
    expect(parseSecrets("[1]")).toEqual({});
  });
});

describe("standInKey()", () => {
  it.each([undefined, "HS256", "HS512", "RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"])(
    "makes a key that the gateway takes for %s",
    async (algorithm) => {
      const vars = algorithm === undefined ? {} : { ALGORITHM: algorithm };
      const { errors } = await readConfiguration({ ...vars, SIGNING_KEY: standInKey(algorithm) });
      expect(errors).toEqual([]);
    },
  );
});

describe("originWarnings()", () => {
  it.each(["http://localhost:9000", "https://127.0.0.1", "https://10.0.0.1", "http://172.20.0.1", "http://[::1]"])(
    "warns of %s, which Cloudflare cannot reach",
    (ORIGIN_URL) => {
      expect(originWarnings({ ORIGIN_URL })).toEqual([
        `ORIGIN_URL is ${new URL(ORIGIN_URL).hostname}, which Cloudflare cannot reach: it has to be a public name.`,
      ]);
    },
  );
  it("is content with a public name or none", () => {
    expect(originWarnings({ ORIGIN_URL: "https://api.example.com" })).toEqual([]);
    expect(originWarnings({ ORIGIN_URL: "https://172.example.com" })).toEqual([]);
    expect(originWarnings({ ORIGIN_URL: null })).toEqual([]);
  });
});
