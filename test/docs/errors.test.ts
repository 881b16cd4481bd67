// docs/errors.md has a row for every private reason, with its status, text and code, and none for another.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { refusals } from "../../src/errors.ts";

const text = readFileSync(resolve(import.meta.dirname, "../../docs/errors.md"), "utf8");
const rows = text
  .split("\n")
  .filter((line) => /^\| `[a-z_]+` \| \d{3} \|/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  )
  .map(([reason = "", ...cells]) => [reason.replaceAll("`", ""), cells] as const);

describe("docs/errors.md", () => {
  it("has the reasons of src/errors.ts, each once, and no other", () => {
    expect(rows.map(([reason]) => reason).sort()).toEqual(Object.keys(refusals).sort());
  });

  it.each(Object.entries(refusals))("tells what %s looks like, means, and asks for", (reason, wire) => {
    const [, cells = []] = rows.find(([name]) => name === reason) ?? [];
    const [status, detail, code, meaning = "", whatToDo = ""] = cells;
    expect(cells).toHaveLength(5);
    expect({ status, detail, code }).toEqual({
      status: String(wire.status),
      detail: wire.detail,
      code: "code" in wire ? wire.code : "",
    });
    expect(meaning).toMatch(/^[A-Z`].{4,}\.$/);
    expect(whatToDo).toMatch(/^[A-Z`].{4,}\.$/);
  });

  it("names every refusal that says when to come back, and after how many seconds", () => {
    const [line = ""] = text.split("\n").filter((one) => one.startsWith("| `Retry-After` |"));
    const named = [...line.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
    const retried = Object.entries(refusals).filter(([, wire]) => "retryAfterSeconds" in wire);
    expect(named.sort()).toEqual(retried.map(([reason]) => reason).sort());
    const seconds = (name: string) => Object.entries(refusals).find(([reason]) => reason === name)?.[1];
    expect(line).toContain(
      "`login_throttled` (60), `store_unavailable`, `api_login_unavailable`, `keys_unavailable` and `uploads_full` (5), `misconfigured` (60)",
    );
    expect(seconds("login_throttled")).toMatchObject({ retryAfterSeconds: 60 });
    expect(seconds("store_unavailable")).toMatchObject({ retryAfterSeconds: 5 });
    expect(seconds("api_login_unavailable")).toMatchObject({ retryAfterSeconds: 5 });
    expect(seconds("keys_unavailable")).toMatchObject({ retryAfterSeconds: 5 });
    expect(seconds("uploads_full")).toMatchObject({ retryAfterSeconds: 5 });
    expect(seconds("misconfigured")).toMatchObject({ retryAfterSeconds: 60 });
  });
});
