// docs/troubleshooting.md: its reasons are those of src/errors.ts, with the status and text of the table they stand in.
import { describe, expect, it } from "vitest";
import { refusals } from "../../src/errors.ts";
import { logEvents } from "../../src/log-events.ts";
import { settingsTable } from "../../src/settings/settings.ts";
import { documentText } from "../support/documents.ts";

const text = documentText("docs/troubleshooting.md");
const sections = new Map(
  text.split(/^## /m).map((section) => [section.slice(0, section.indexOf("\n")), section] as const),
);
const wireOf: Readonly<Record<string, { readonly status: number; readonly detail: string }>> = refusals;
/** The rows of a section's table with the reasons that they name. */
const rowsOf = (title: string) =>
  [...(sections.get(title) ?? "").matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) => ({
    row,
    reasons: [...row.matchAll(/`([a-z_]+)`/g)].flatMap(([, name = ""]) =>
      Object.hasOwn(refusals, name) ? [name] : [],
    ),
  }));

describe("docs/troubleshooting.md", () => {
  it.each([
    ["401", 401, 14],
    ["403", 403, 2],
  ])("names refusals of %s in that section", (title, status, least) => {
    const reasons = rowsOf(title).flatMap(({ reasons }) => reasons);
    expect(reasons.length).toBeGreaterThanOrEqual(least);
    for (const reason of reasons) expect([reason, wireOf[reason]?.status]).toEqual([reason, status]);
  });

  it.each(["400, 404, 405, 408, 413, 429, 431", "5xx"])("names refusals beside their status: %s", (title) => {
    const rows = rowsOf(title).filter(({ reasons }) => reasons.length > 0);
    expect(rows.length).toBeGreaterThan(5);
    let status = 0;
    for (const { row, reasons } of rows) {
      status = Number(/^(\d{3})\b/.exec(row)?.[1] ?? status);
      for (const reason of reasons) expect([reason, wireOf[reason]?.status]).toEqual([reason, status]);
    }
  });

  it("shows texts as the client gets them", () => {
    const details = Object.values(wireOf).map(({ detail }) => detail);
    const shown = [...text.matchAll(/`([A-Z][^`]*\.)`/g)].map(([, detail = ""]) => detail);
    expect(shown.length).toBeGreaterThan(4);
    expect(shown.filter((one) => !details.includes(one))).toEqual([]);
  });

  it("names only settings that there are", () => {
    const names = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)(?: = [^`]*)?`/g)].map(([, name = ""]) => name);
    const bindings = ["LOGIN_LIMITER"];
    expect(names.filter((name) => !Object.hasOwn(settingsTable, name) && !bindings.includes(name))).toEqual([]);
  });

  it("names events that there are", () => {
    for (const event of ["refresh_reuse", "origin_failed", "settings_faults", "jwks_failed"]) {
      expect(text).toContain(`\`${event}\``);
      expect(Object.keys(logEvents)).toContain(event);
    }
  });
});
