// The table of translations: language code to the file with its texts.
// Must never hold a text itself, nor a language that the files below do not have.
import { ar } from "./texts/ar.ts";
import { az } from "./texts/az.ts";
import { cs } from "./texts/cs.ts";
import { de } from "./texts/de.ts";
import { el } from "./texts/el.ts";
import { es } from "./texts/es.ts";
import { esAr } from "./texts/es-ar.ts";
import { fa } from "./texts/fa.ts";
import { fr } from "./texts/fr.ts";
import { he } from "./texts/he.ts";
import { id } from "./texts/id.ts";
import { it } from "./texts/it.ts";
import { kk } from "./texts/kk.ts";
import { ko } from "./texts/ko.ts";
import { nl } from "./texts/nl.ts";
import { pl } from "./texts/pl.ts";
import { ptBr } from "./texts/pt-br.ts";
import { ro } from "./texts/ro.ts";
import { ru } from "./texts/ru.ts";
import { sl } from "./texts/sl.ts";
import { sv } from "./texts/sv.ts";
import { tr } from "./texts/tr.ts";
import { uk } from "./texts/uk.ts";
import { zhHans } from "./texts/zh-hans.ts";

/** The translated languages: those for which Simple JWT ships a catalogue that Django's list of languages can reach. */
export const translations: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ["ar", ar],
  ["az", az],
  ["cs", cs],
  ["de", de],
  ["el", el],
  ["es", es],
  ["es-ar", esAr],
  ["fa", fa],
  ["fr", fr],
  ["he", he],
  ["id", id],
  ["it", it],
  ["kk", kk],
  ["ko", ko],
  ["nl", nl],
  ["pl", pl],
  ["pt-br", ptBr],
  ["ro", ro],
  ["ru", ru],
  ["sl", sl],
  ["sv", sv],
  ["tr", tr],
  ["uk", uk],
  ["zh-hans", zhHans],
]);

/** The texts for a language: its own, else those of the language it is a variant of (es-mx: es), else none. */
export function textsFor(code: string): Readonly<Record<string, string>> {
  return translations.get(code) ?? translations.get(code.replace(/-.*/, "")) ?? {};
}
