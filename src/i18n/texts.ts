// The table of translations: language code to the file with its texts.
// Must never hold a text itself, nor a language that the files below do not have.
import { ar } from "./texts/ar.ts";
import { az } from "./texts/az.ts";
import { bg } from "./texts/bg.ts";
import { ca } from "./texts/ca.ts";
import { cs } from "./texts/cs.ts";
import { da } from "./texts/da.ts";
import { de } from "./texts/de.ts";
import { el } from "./texts/el.ts";
import { es } from "./texts/es.ts";
import { esAr } from "./texts/es-ar.ts";
import { et } from "./texts/et.ts";
import { fa } from "./texts/fa.ts";
import { fi } from "./texts/fi.ts";
import { fr } from "./texts/fr.ts";
import { he } from "./texts/he.ts";
import { hu } from "./texts/hu.ts";
import { hy } from "./texts/hy.ts";
import { id } from "./texts/id.ts";
import { it } from "./texts/it.ts";
import { ja } from "./texts/ja.ts";
import { kk } from "./texts/kk.ts";
import { ko } from "./texts/ko.ts";
import { lt } from "./texts/lt.ts";
import { lv } from "./texts/lv.ts";
import { mk } from "./texts/mk.ts";
import { nb } from "./texts/nb.ts";
import { nl } from "./texts/nl.ts";
import { pl } from "./texts/pl.ts";
import { pt } from "./texts/pt.ts";
import { ptBr } from "./texts/pt-br.ts";
import { ro } from "./texts/ro.ts";
import { ru } from "./texts/ru.ts";
import { sk } from "./texts/sk.ts";
import { sl } from "./texts/sl.ts";
import { sv } from "./texts/sv.ts";
import { th } from "./texts/th.ts";
import { tr } from "./texts/tr.ts";
import { uk } from "./texts/uk.ts";
import { vi } from "./texts/vi.ts";
import { zhHans } from "./texts/zh-hans.ts";
import { zhHant } from "./texts/zh-hant.ts";

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

/**
 * The languages for which DRF 3.16 ships texts and Simple JWT does not: those of Simple JWT itself stay in English there,
 * as in the original.
 */
export const frameworkTranslations: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ["bg", bg],
  ["ca", ca],
  ["da", da],
  ["et", et],
  ["fi", fi],
  ["hu", hu],
  ["hy", hy],
  ["ja", ja],
  ["lt", lt],
  ["lv", lv],
  ["mk", mk],
  ["nb", nb],
  ["pt", pt],
  ["sk", sk],
  ["th", th],
  ["vi", vi],
  ["zh-hant", zhHant],
]);

/** The texts for a language: its own, else those of the language it is a variant of (es-mx: es), else none. */
export function textsFor(code: string): Readonly<Record<string, string>> {
  const own = translations.get(code) ?? frameworkTranslations.get(code);
  return own ?? translations.get(code.replace(/-.*/, "")) ?? {};
}
