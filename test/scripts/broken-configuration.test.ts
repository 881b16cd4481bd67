// Every command says where wrangler.toml has an error, with file, line and column.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readWranglerFile } from "../../scripts/configuration/wrangler-file.ts";
import { copyProject } from "../support/projects.ts";

const { folder, manage, remove } = copyProject();
afterAll(remove);
const original = readFileSync(join(folder, "wrangler.toml"), "utf8");
const line = original.split("\n").length;

describe("a wrangler.toml that is not TOML", () => {
  it.each([["check"], ["keys list"], ["users"], ["users --remote"], ["createuser ada"], ["logout ada"]])(
    "is reported with its place by %s",
    async (words) => {
      writeFileSync(join(folder, "wrangler.toml"), `${original}LOG = off\n`);
      const { code, stdout, stderr } = await manage(words.split(" "), "correct horse battery");
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: "",
        stderr: `manage: wrangler.toml:${line}:7: Invalid TOML document: invalid value.\n`,
      });
    },
  );
});

describe("other errors in wrangler's configuration", () => {
  const failure = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return readWranglerFile({ configFile: join(folder, name), local: false }).then(
      () => "none",
      (error: unknown) => (error as Error).message,
    );
  };
  it("have their place in JSON as well", async () => {
    expect(await failure("a.jsonc", '{ "name": "x",\n  "vars": { "A": }\n}')).toBe(
      "a.jsonc:2:18: Invalid JSON: value expected.",
    );
  });
  it("are in one line where wrangler has several", async () => {
    expect(await failure("b.toml", 'name = "x"\nvars = "y"\n')).toBe(
      'b.toml: The field "vars" should be an object but got "y".',
    );
  });
  it("are said in the gateway's words for routes of the gateway", async () => {
    expect(await failure("c.toml", 'name = "x"\n[[routes]]\npath = "/*"\nauth = "user"\n')).toBe(
      "[[routes]] in c.toml is outside of [vars] and has no effect: write [[vars.ROUTES]].",
    );
  });
});
