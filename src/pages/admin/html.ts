// HTML out of templates that escape whatever is put into them.
// Must never take a text for HTML because of what it looks like: only what this file made is.
import { escapeHtml } from "../escape-html.ts";

const made: unique symbol = Symbol("html");

/** HTML that was made by html``. No value from a request can be one. */
export interface Html {
  readonly [made]: string;
}

/** What can stand in a template: texts are escaped; nothing at all for undefined, null and false. */
export type HtmlValue = string | number | Html | readonly HtmlValue[] | undefined | null | false;

/** For text between tags and for attributes in double quotes; not for names, styles or scripts, which are fixed. */
export function html(texts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = texts.map((text, index) => (index === 0 ? text : shown(values[index - 1]) + text));
  return { [made]: parts.join("") };
}

/** The text to send. */
export const htmlText = (value: Html): string => value[made];

function shown(value: HtmlValue): string {
  if (value === undefined || value === null || value === false) return "";
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return isHtml(value) ? value[made] : value.map(shown).join("");
}

const isHtml = (value: Html | readonly HtmlValue[]): value is Html => Object.hasOwn(value, made);
