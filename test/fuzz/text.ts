// Texts that go wrong: spellings, percent-encodings and damage, for the targets to build on.
import fc from "fast-check";

/** A text whose characters are all bytes, as HTTP has them. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "latin1"));

/** The UTF-8 of a text, as a text of bytes. */
export const utf8 = (text: string): string => Buffer.from(text.toWellFormed(), "utf8").toString("latin1");

/** Any text, lone surrogates among it; `fc.string()` takes seconds to get ready. */
export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
        { weight: 1, arbitrary: fc.nat(0xff) },
        { weight: 1, arbitrary: fc.nat(0xffff) },
        { weight: 1, arbitrary: fc.nat(0x10ffff) },
      ),
      { maxLength },
    )
    .map((codes) => String.fromCodePoint(...codes));

/** One change of a text at a place, which is taken modulo its length. */
export interface Damage {
  readonly at: number;
  readonly take: number;
  readonly put: string;
}

/** @param pieces what is put in beside single characters */
export const damages = (pieces: readonly string[], most = 3): fc.Arbitrary<readonly Damage[]> =>
  fc.array(
    fc.record({
      at: fc.nat(4096),
      take: fc.oneof({ weight: 4, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(200) }),
      put: fc.oneof(
        fc.constantFrom("", ...pieces),
        fc.nat(255).map((code) => String.fromCharCode(code)),
      ),
    }),
    { maxLength: most },
  );

export function damaged(text: string, changes: readonly Damage[]): string {
  let result = text;
  for (const { at, take, put } of changes) {
    const place = at % (result.length + 1);
    result = result.slice(0, place) + put + result.slice(place + take);
  }
  return result;
}

/** JSON's numbers, those that JavaScript cannot hold among them. */
export const jsonNumber: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("0", "-0", "1", "-1", "1.0", "1e2", "1E+2", "1e400", "-1e400", "1e-400", "0.1", "1.50"),
  fc.constantFrom("9007199254740991", "9007199254740993", "9223372036854775808", "281474976710657001"),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.nat(99), fc.integer({ min: -400, max: 400 }))
    .map(([whole, fraction, power]) => `${whole}.${fraction}e${power}`),
  fc.constantFrom(4299, 4300, 4301, 5000).map((length) => "7".repeat(length)),
);

/** JSON strings as they are written. */
export const jsonString: fc.Arbitrary<string> = fc.oneof(
  anyText(12).map((text) => JSON.stringify(text)),
  fc.constantFrom('""', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u001f"', '"\\/"', '"__proto__"', '"\\u0061"'),
);

const nearlyJson = fc.constantFrom(
  ...["NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "0x10", "'a'", "undefined", ""],
);

/** Any JSON value, and some that are nearly JSON. */
export const jsonValue: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 10, arbitrary: fc.constantFrom("null", "true", "false", "[]", "{}") },
    { weight: 10, arbitrary: jsonNumber },
    { weight: 10, arbitrary: jsonString },
    { weight: 5, arbitrary: fc.array(tie("value"), { maxLength: 3 }).map((values) => `[${values.join(",")}]`) },
    {
      weight: 5,
      arbitrary: fc
        .array(fc.tuple(jsonString, tie("value")), { maxLength: 3 })
        .map((members) => `{${members.map(([name, value]) => `${name}:${value}`).join(",")}}`),
    },
    fc.constantFrom(10, 100, 499, 501, 6000).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
    fc.constantFrom(100, 499, 501, 6000).map((depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`),
    { weight: 3, arbitrary: nearlyJson },
  ),
})).value;

/** An object as text. @param members names with their values as JSON, any number of times */
export const objectText = (members: ReadonlyArray<readonly [name: string, value: string]>): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;

const namesIn = (value: unknown): readonly string[] =>
  typeof value !== "object" || value === null
    ? []
    : [...(Array.isArray(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap(namesIn)];

/**
 * Whether this engine itself reads a name in a JSON text that is not written there. That of Node 24 (V8 13.6) takes a name
 * with an escape for the one that an object with the same names before it had in its place: after `{"a\\":1}`, it reads
 * `{"a\u0062":1}` as the former. workerd's does not.
 */
export function isMisread(text: string): boolean {
  try {
    const written = new Set([...text.matchAll(/"(?:[^"\\]|\\.)*"/gs)].map(([one]) => JSON.parse(one) as string));
    return namesIn(JSON.parse(text)).some((name) => !written.has(name));
  } catch {
    return false;
  }
}
