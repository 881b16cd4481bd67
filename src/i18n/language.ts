// Which language a client is answered in, chosen as Django's LocaleMiddleware chooses, and its texts.
// Must never throw or keep anything: the header is a stranger's, and English is always right enough.
import { fallbacks, languages } from "./languages.ts";
import { textsFor } from "./texts.ts";

/** The language of one answer. */
export interface Language {
  /** As Content-Language says it: "de", "pt-br", "zh-hans". */
  readonly code: string;
  /** English text to translation; empty where there is none. */
  readonly texts: Readonly<Record<string, string>>;
}

const defaultCode = "en";
const known: ReadonlySet<string> = new Set(languages);

/** Longer headers are cut at the last comma before, so that a stranger cannot make this costly. */
const longestHeader = 500;

/** One entry of the header with the comma after it. Only ASCII letters match, so a code may be lower-cased later. */
const entry =
  /([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?(?:[ \t]*,[ \t]*|$)/giy;

/**
 * Chooses as Django's LocaleMiddleware does: the first entry, by quality, that Django 4.2 has a language for; English
 * from `*` on and where there is none. As there, q=0 refuses nothing and one malformed entry voids the whole header.
 */
export function chooseLanguage(acceptLanguage: string | null): Language {
  for (const wanted of wantedCodes(acceptLanguage ?? "")) {
    if (wanted === "*") break;
    const code = supportedVariant(wanted);
    if (code !== undefined) return { code, texts: textsFor(code) };
  }
  return { code: defaultCode, texts: textsFor(defaultCode) };
}

/**
 * The text in the language; English where there is no translation. Texts are the English ones with `{}` where
 * something is filled in afterwards.
 */
export function translated(language: Language, english: string): string {
  return (Object.hasOwn(language.texts, english) ? language.texts[english] : undefined) ?? english;
}

/** The codes of the header in lower case, those of the highest quality first; none if any of it is malformed. */
function wantedCodes(header: string): string[] {
  const readable = header.length <= longestHeader ? header : header.slice(0, lastCommaWithin(header));
  const entries = [...readable.matchAll(entry)];
  const length = entries.reduce((sum, [whole]) => sum + whole.length, 0);
  if (length < readable.length) return [];
  return entries
    .map(([, code = "", quality = "1"]) => ({ code: code.toLowerCase(), quality: Number(quality) }))
    .sort((one, other) => other.quality - one.quality)
    .map(({ code }) => code);
}

function lastCommaWithin(header: string): number {
  return Math.max(header.lastIndexOf(",", longestHeader - 1), 0);
}

/** The language itself, its special fallback, what it begins with (zh-hant-tw: zh-hant), or a sibling (zh: zh-hans). */
function supportedVariant(wanted: string): string | undefined {
  if (known.has(wanted)) return wanted;
  const fallback = fallbacks.get(wanted);
  if (fallback !== undefined) return fallback;
  let code = wanted;
  for (let end = code.lastIndexOf("-"); end > 0; end = code.lastIndexOf("-")) {
    code = code.slice(0, end);
    if (known.has(code)) return code;
  }
  const siblings = `${code}-`;
  return languages.find((language) => language.startsWith(siblings));
}
