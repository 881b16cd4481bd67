// The languages that an answer may be in: the list of Django 4.2, in its order, and its odd fallbacks.
// Must never be shortened to what is translated here: Content-Language names a language without texts of its own too.

/** `settings.LANGUAGES` of Django 4.2, in its order (which decides what a bare "zh" gets). */
export const languages: readonly string[] = (
  "af ar ar-dz ast az bg be bn br bs ca ckb cs cy da de dsb el en en-au en-gb eo es es-ar es-co es-mx es-ni es-ve " +
  "et eu fa fi fr fy ga gd gl he hi hr hsb hu hy ia id ig io is it ja ka kab kk km kn ko ky lb lt lv mk ml mn mr ms " +
  "my nb ne nl nn os pa pl pt pt-br ro ru sk sl sq sr sr-latn sv sw ta te tg th tk tr tt udm uk ur uz vi " +
  "zh-hans zh-hant"
).split(" ");

/** Where a language has another fallback than its own beginning: by territory to the script that is written there. */
export const fallbacks: ReadonlyMap<string, string> = new Map([
  ["zh-cn", "zh-hans"],
  ["zh-hk", "zh-hant"],
  ["zh-mo", "zh-hant"],
  ["zh-my", "zh-hans"],
  ["zh-sg", "zh-hans"],
  ["zh-tw", "zh-hant"],
]);
