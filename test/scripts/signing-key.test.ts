// scripts/start/signing-key.ts: a key is added where there is none, and never replaced.
import { describe, expect, it } from "vitest";
import { addSigningKey } from "../../scripts/start/signing-key.ts";

describe("addSigningKey()", () => {
  it("makes the text of a new file", () => {
    expect(addSigningKey(null, "k1")).toBe(
      "# Secrets of local runs. Read by wrangler dev; never deployed, never committed.\nSIGNING_KEY=k1\n",
    );
  });

  it.each([
    ["", "SIGNING_KEY=k1\n"],
    ["OTHER=1\n", "OTHER=1\nSIGNING_KEY=k1\n"],
    ["OTHER=1", "OTHER=1\nSIGNING_KEY=k1\n"],
    ["# SIGNING_KEY=\n", "# SIGNING_KEY=\nSIGNING_KEY=k1\n"],
    ["SIGNING_KEY=\n", "SIGNING_KEY=\nSIGNING_KEY=k1\n"],
    ["NOT_SIGNING_KEY=x\n", "NOT_SIGNING_KEY=x\nSIGNING_KEY=k1\n"],
  ])("adds to %j", (text, added) => {
    expect(addSigningKey(text, "k1")).toBe(added);
  });

  it.each(["SIGNING_KEY=x", "A=1\nSIGNING_KEY = 'x'\n", 'export SIGNING_KEY="-----BEGIN\nX\n-----END"\n'])(
    "leaves %j alone",
    (text) => {
      expect(addSigningKey(text, "k1")).toBeNull();
    },
  );
});
