// What lists have in common: places in addresses, the way to the next page, times, messages after a redirect.
// Must never put into a page a text that came in the address without its being escaped.

import { mostExported } from "../../administration/exports.ts";
import type { From, Page, Place } from "../../stores/admin-contract.ts";
import { type Html, html } from "./html.ts";

/** The two parts as they stand in an address; a user's id can have every character. */
const placeText = ({ first, second }: Place) => `${part(first)}~${part(second)}`;
const part = (value: string | number) => encodeURIComponent(value).replaceAll("~", "%7E");

/** Where the address says that the page begins; anything unreadable is the beginning. */
export function fromOf(query: URLSearchParams): From {
  for (const way of ["after", "before"] as const) {
    const [first, second, more] = (query.get(way) ?? "").split("~").map(readPart);
    if (first !== undefined && second !== undefined && more === undefined) return { way, place: { first, second } };
  }
  return undefined;
}

function readPart(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The ways to the pages before and after; what was asked for stays in the address. */
export function pager(page: Page<unknown>, path: string, asked: Readonly<Record<string, string>>): Html {
  const link = (way: "after" | "before", place: Place) => {
    const kept = Object.entries(asked).filter(([, value]) => value !== "");
    return `${path}?${new URLSearchParams([...kept, [way, placeText(place)]])}`;
  };
  const looked = page.lookedAtOnly?.toLocaleString("en");
  return html`<nav class="pager" aria-label="Pages">
${
  page.matchesOnly &&
  html`<p>More than ${page.matchesOnly.toLocaleString("en")} users match. The list has the first of each kind of match only: type more of the text to find others.</p>`
}
${looked && html`<p>Scanned ${looked} rows and found ${page.rows.length}. There may be more.</p>`}
${page.previous && html`<a class="button quiet" rel="prev" href="${link("before", page.previous)}">Previous</a>`}
${page.next && html`<a class="button quiet" rel="next" href="${link("after", page.next)}">${looked ? "Continue the search" : "Next"}</a>`}
</nav>`;
}

/** The query of a list without what is said once: the message after a redirect, and the selection. */
export function listQueryOf(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => name !== "done" && name !== "select"));
}

/** The way to the file of what a list shows. */
export function exportLink(path: string, asked: Readonly<Record<string, string>>): Html {
  const kept = Object.entries(asked).filter(([, value]) => value !== "");
  const query = kept.length === 0 ? "" : `?${new URLSearchParams(kept)}`;
  const limit = mostExported.toLocaleString("en");
  return html`<p class="file"><a href="${path}export.csv${query}">Download as CSV</a> (all pages, at most ${limit} rows)</p>`;
}

/** In place of a table without rows: why, and a way out. */
export function noMatch(text: string, back: { readonly href: string; readonly text: string }): Html {
  return html`<div class="scroll none"><p>${text}</p><p><a href="${back.href}">${back.text}</a></p></div>`;
}

/** Whole seconds since the epoch as a time of UTC; a dash for none. */
export function timeOf(seconds: number | undefined): Html {
  return seconds === undefined ? html`–` : timeText(new Date(seconds * 1000).toISOString());
}

/** An ISO 8601 text of the database's, to the minute. */
export function timeText(iso: string | null): Html {
  if (iso === null || iso === "") return html`–`;
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")}</time>`;
}

/** What a redirect can say was done; the address has the name alone. */
const doneTexts: Readonly<Record<string, string>> = {
  created: "The user was created.",
  changed: "The changes were saved.",
  password: "The password was set.",
  deleted: "The user was deleted.",
  ended: "All tokens issued to the user so far are ended.",
  revoked: "The token was revoked.",
  session: "The session was ended.",
  "api-key": "The API key was revoked.",
  everyone: "Everybody is logged out, and so are you.",
};

export function doneMessage(query: URLSearchParams): Html | undefined {
  const name = query.get("done") ?? "";
  const text = Object.hasOwn(doneTexts, name) ? doneTexts[name] : undefined;
  return text === undefined ? undefined : html`<p class="done" role="status">${text}</p>`;
}
