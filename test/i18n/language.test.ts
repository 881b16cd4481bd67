// Which language a header gets: the recorded answers of Django 4.2, literally, and whatever a stranger may send.
// Must never ask the code under test what to expect.
import { describe, expect, it } from "vitest";
import { chooseLanguage, translated } from "../../src/i18n/language.ts";
import { languages } from "../../src/i18n/languages.ts";

const noAccount = "No active account found with the given credentials";
const codeFor = (header: string | null) => chooseLanguage(header).code;

describe("chooseLanguage()", () => {
  it.each([
    ["en", "en", noAccount],
    ["de-CH", "de", "Mit diesen Zugangsdaten wurde kein aktives Konto gefunden"],
    ["de-AT, fr", "de", "Mit diesen Zugangsdaten wurde kein aktives Konto gefunden"],
    ["fr;q=0.5, de", "de", "Mit diesen Zugangsdaten wurde kein aktives Konto gefunden"],
    ["de;q=0", "de", "Mit diesen Zugangsdaten wurde kein aktives Konto gefunden"],
    ["xx", "en", noAccount],
    ["xx, fr;q=0.1", "fr", "Aucun compte actif ne correspond aux identifiants fournis"],
    ["*", "en", noAccount],
    ["pt", "pt", noAccount],
    ["pt-BR", "pt-br", "Nenhuma conta ativa foi encontrada com as credenciais informadas"],
    ["zh-CN", "zh-hans", "找不到与所给凭据匹配的有效账户"],
    ["zh-hans", "zh-hans", "找不到与所给凭据匹配的有效账户"],
    ["es-MX", "es-mx", "No se ha encontrado ninguna cuenta activa con estas credenciales"],
    ["en-GB", "en-gb", noAccount],
    ["DE", "de", "Mit diesen Zugangsdaten wurde kein aktives Konto gefunden"],
    ["de_DE", "en", noAccount],
    ["not a language!", "en", noAccount],
    ["nl, *;q=0.5", "nl", "Met de opgegeven gegevens is geen actief account gevonden"],
    ["fr-FR,fr;q=0.9,en;q=0.8", "fr", "Aucun compte actif ne correspond aux identifiants fournis"],
  ])("answers %s as the original does: %s", (header, code, text) => {
    const language = chooseLanguage(header);
    expect(language.code).toBe(code);
    expect(translated(language, noAccount)).toBe(text);
  });

  it("answers in English without a header", () => {
    expect(codeFor(null)).toBe("en");
    expect(codeFor("")).toBe("en");
  });

  it.each([
    ["zh", "zh-hans"],
    ["zh-TW", "zh-hant"],
    ["zh-hk", "zh-hant"],
    ["zh-MO", "zh-hant"],
    ["zh-my", "zh-hans"],
    ["zh-SG", "zh-hans"],
    ["zh-Hant-TW", "zh-hant"],
    ["zh-xx", "zh-hans"],
    ["es-CL", "es"],
    ["es-419", "es"],
    ["sr-Latn-RS", "sr-latn"],
    ["sr-Cyrl-RS", "sr"],
    ["ar-DZ", "ar-dz"],
    ["no, nb;q=0.1", "nb"],
    ["ckb", "ckb"],
    ["ms-SG", "ms"],
    ["ug", "en"],
  ])("finds the nearest language: %s gets %s", (header, code) => {
    expect(codeFor(header)).toBe(code);
  });

  it.each([
    ["de;q=0.2,fr;q=0.3,nl;q=0.25", "fr"],
    ["de;q=0.5,fr;q=0.5", "de"],
    ["de;q=0.,fr;q=0.001", "fr"],
    ["de ; Q=0.5 ,\tfr;q=1.", "fr"],
    ["de;q=0.9,*", "en"],
    ["*;q=0.1,de;q=0.2", "de"],
    ["de,", "de"],
  ])("orders by quality and stops at *: %s gets %s", (header, code) => {
    expect(codeFor(header)).toBe(code);
  });

  it.each([
    "de;q=2",
    "de;q=0.1234",
    "de;q=1.001",
    "de;q= 0.5",
    "de;q=.5",
    "de;q",
    "de;q=0.5;x=1",
    "de,,fr",
    ",de",
    "de fr",
    "de-",
    "de@euro",
    "abcdefghi,de",
    "de,\u017fl",
    "de, \u00e9\u00df",
    "\u0000de",
    "de\u212a",
    "{}",
    "__proto__",
    "constructor",
    ";".repeat(500),
  ])("gives up the whole header for one malformed entry: %j", (header) => {
    expect(codeFor(header)).toBe("en");
  });

  it("reads no more than 500 characters, up to the last comma", () => {
    expect(codeFor(`${"xx,".repeat(166)}de`)).toBe("de");
    expect(codeFor(`${"xx,".repeat(167)}de`)).toBe("en");
    expect(codeFor(`de,${"x".repeat(10_000)}`)).toBe("de");
    expect(codeFor(`,${"de".repeat(10_000)}`)).toBe("en");
    expect(codeFor("de,".repeat(3334))).toBe("de");
    expect(codeFor("x".repeat(10_000))).toBe("en");
    expect(codeFor(" ".repeat(10_000))).toBe("en");
    expect(codeFor(`de${"-a".repeat(249)}`)).toBe("de");
    expect(codeFor(`de${"-a".repeat(250)}`)).toBe("en");
  });

  it("answers the same when asked again", () => {
    for (const header of ["de", "fr", "de_DE", "de", "*", "fr"]) {
      expect(codeFor(header)).toBe({ de: "de", fr: "fr" }[header] ?? "en");
    }
  });

  it("gives each of Django's languages to who asks for it", () => {
    expect(languages).toHaveLength(98);
    for (const code of languages) {
      expect(codeFor(code)).toBe(code);
      expect(codeFor(`${code.toUpperCase()}, en`)).toBe(code);
    }
  });
});

describe("translated()", () => {
  it("leaves what it does not know in English", () => {
    expect(translated(chooseLanguage("de"), "Bad gateway.")).toBe("Bad gateway.");
    expect(translated(chooseLanguage("de"), "constructor")).toBe("constructor");
    expect(translated(chooseLanguage("de"), "__proto__")).toBe("__proto__");
    expect(translated(chooseLanguage("is"), "Not found.")).toBe("Not found.");
    expect(translated(chooseLanguage("en"), "Not found.")).toBe("Not found.");
  });

  it("uses a variant's own texts before those of the language", () => {
    expect(translated(chooseLanguage("es-AR"), "Token is expired")).toBe("El token expiró");
    expect(translated(chooseLanguage("es-VE"), "Token is expired")).toBe("El token ha caducado");
    expect(translated(chooseLanguage("es-AR"), "Token is invalid")).toBe("El token no es válido");
    expect(translated(chooseLanguage("ar-DZ"), "Not found.")).toBe("غير موجود.");
    expect(translated(chooseLanguage("zh-TW"), "Not found.")).toBe("找不到。");
  });
});
