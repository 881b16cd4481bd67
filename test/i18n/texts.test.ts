// The translations: complete, with their gaps to fill in, and none of them English.
// Must never take its list of texts from the code under test.
import { describe, expect, it } from "vitest";
import { chooseLanguage, translated } from "../../src/i18n/language.ts";
import { languages } from "../../src/i18n/languages.ts";
import { frameworkTranslations, textsFor, translations } from "../../src/i18n/texts.ts";

const english = [
  "Authentication credentials were not provided.",
  "Authorization header must contain two space-delimited values",
  "Given token not valid for any token type",
  "Token is invalid",
  "Token is expired",
  "Token has no '{}' claim",
  "Token '{}' claim has expired",
  "Token has no id",
  "Token has no type",
  "Token has wrong type",
  "Token is blacklisted",
  "Token contained no recognizable user identification",
  "User not found",
  "User is inactive",
  "The user's password has been changed.",
  "No active account found for the given token.",
  "No active account found with the given credentials",
  "You do not have permission to perform this action.",
  "Not found.",
  'Method "{}" not allowed.',
  "Could not satisfy the request Accept header.",
  'Unsupported media type "{}" in request.',
  "JSON parse error - {}",
  "Malformed request.",
  "Request body is too large.",
  "Service temporarily unavailable, try again later.",
  "Request was throttled. Expected available in {} seconds.",
  "This field is required.",
  "This field may not be null.",
  "This field may not be blank.",
  "Not a valid string.",
  "Null characters are not allowed.",
  "Surrogate characters are not allowed: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.",
  "No data provided",
  "“{}” is not a valid UUID.",
];

/** How often a text has the gap that is filled in afterwards. */
const gaps = (text: string) => text.split("{}").length - 1;

/** Whether a translation can stand where the English text stood. */
function stands(translation: string, text: string): boolean {
  return (
    translation !== "" &&
    translation !== text &&
    translation.trim() === translation &&
    gaps(translation) === gaps(text) &&
    /[.。]$/.test(translation) === text.endsWith(".")
  );
}

describe("the translations", () => {
  it("are for the languages of Simple JWT that Django can choose", () => {
    expect([...translations.keys()].join(" ")).toBe(
      "ar az cs de el es es-ar fa fr he id it kk ko nl pl pt-br ro ru sl sv tr uk zh-hans",
    );
    expect([...translations.keys()].filter((code) => !languages.includes(code))).toEqual([]);
  });

  describe.each([...translations])("to %s", (code, texts) => {
    it("have exactly the texts that there are", () => {
      expect(Object.keys(texts).sort()).toEqual([...english].sort());
    });
    it("are what one gets who asks for it", () => {
      expect(chooseLanguage(code).texts).toBe(texts);
    });
    it("keep every gap and every full stop, and are not English", () => {
      expect(english.filter((text) => !stands(texts[text] ?? "", text))).toEqual([]);
    });
    it("do not say the same of two things", () => {
      expect(new Set(Object.values(texts)).size).toBe(english.length);
    });
  });

  it.each([
    ["de", "Token has no '{}' claim", "Dem Token fehlt der Claim „{}“"],
    ["de", "Authentication credentials were not provided.", "Es wurden keine Anmeldedaten übermittelt."],
    ["fr", "Token is blacklisted", "Le jeton figure sur la liste noire"],
    ["fr", 'Method "{}" not allowed.', "La méthode « {} » n'est pas autorisée."],
    ["es", "This field is required.", "Este campo es obligatorio."],
    ["ru", "User is inactive", "Пользователь неактивен"],
    ["zh-hans", "Token is expired", "令牌已过期"],
    ["nl", "JSON parse error - {}", "Fout bij het lezen van de JSON - {}"],
  ])("say in %s for %j: %j", (code, text, translation) => {
    expect(translated(chooseLanguage(code), text)).toBe(translation);
  });
});

/** Texts that DRF 3.16 and Django have in catalogues that Simple JWT lacks, in this order. */
const framework = [
  "Authentication credentials were not provided.",
  "You do not have permission to perform this action.",
  "Not found.",
  'Method "{}" not allowed.',
  "Could not satisfy the request Accept header.",
  'Unsupported media type "{}" in request.',
  "Malformed request.",
  "Request was throttled. Expected available in {} seconds.",
  "This field is required.",
  "This field may not be null.",
  "This field may not be blank.",
  "Invalid data. Expected a dictionary, but got {}.",
  "Null characters are not allowed.",
  "“{}” is not a valid UUID.",
];

describe("the texts of DRF alone", () => {
  /** Which of them the original translates, as its catalogues (rest_framework/locale of 3.16.0) say. */
  const shipped: ReadonlyArray<readonly [code: string, has: string]> = [
    ...(["ca", "da", "et", "fi", "hu", "ja", "lv", "nb"] as const).map((code) => [code, "xxxxxxxxxxxxxx"] as const),
    ...(["mk", "pt", "sk"] as const).map((code) => [code, "xxxxxxxxxxxxx-"] as const),
    ["bg", "xxxxxxxxxxxx--"],
    ["hy", "xxxxxxxxxxxx--"],
    ["lt", "x-xxxxxxxxx-x-"],
    ["th", "xxxx-x--xxxx--"],
    ["vi", "-xxx----x-x---"],
    ["zh-hant", "-xxx----xxxxx-"],
  ];

  it("are for the languages of DRF that Simple JWT does not have", () => {
    expect([...frameworkTranslations.keys()].sort()).toEqual(shipped.map(([code]) => code).sort());
    expect([...frameworkTranslations.keys()].filter((code) => translations.has(code))).toEqual([]);
    expect([...frameworkTranslations.keys()].filter((code) => !languages.includes(code))).toEqual([]);
  });

  it.each(shipped)("in %s are those that the original translates, and no other text", (code, has) => {
    const texts = frameworkTranslations.get(code) ?? {};
    expect(framework.map((text) => (Object.hasOwn(texts, text) ? "x" : "-")).join("")).toBe(has);
    expect(Object.keys(texts).filter((text) => !framework.includes(text))).toEqual([]);
    expect(chooseLanguage(code).texts).toBe(texts);
  });

  it.each([...frameworkTranslations])(
    "in %s keep every gap, and are neither English nor the same twice",
    (_, texts) => {
      for (const [text, translation] of Object.entries(texts)) {
        expect(gaps(translation)).toBe(gaps(text));
        expect([translation, translation.trim()]).not.toContain(text);
        expect(translation.trim()).toBe(translation);
      }
      expect(new Set(Object.values(texts)).size).toBe(Object.keys(texts).length);
    },
  );

  it.each([
    ["ja", "Authentication credentials were not provided.", "認証情報が送信されていません。"],
    ["da", "Not found.", "Ikke fundet."],
    ["pt", 'Method "{}" not allowed.', "O método «{}» não é permitido."],
    ["zh-hant", "You do not have permission to perform this action.", "您沒有執行此操作的權限。"],
    ["ja", "Token is blacklisted", "Token is blacklisted"],
    ["pt", "No active account found with the given credentials", "No active account found with the given credentials"],
    ["vi", "Malformed request.", "Malformed request."],
  ])("say in %s for %j: %j", (code, text, translation) => {
    expect(translated(chooseLanguage(code), text)).toBe(translation);
  });
});

describe("textsFor()", () => {
  it("falls back from a variant to its language, and to nothing", () => {
    expect(textsFor("es-mx")).toBe(translations.get("es"));
    expect(textsFor("es-ar")).toBe(translations.get("es-ar"));
    expect(textsFor("pt")).toBe(frameworkTranslations.get("pt"));
    expect(textsFor("zh-hant")).toBe(frameworkTranslations.get("zh-hant"));
    expect(textsFor("en-gb")).toEqual({});
    expect(textsFor("is")).toEqual({});
  });
});
