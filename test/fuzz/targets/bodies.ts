// Bodies of the token endpoints: refused or read, whatever is in them, and numbers keep their digits.
import fc from "fast-check";
import { readFields } from "../../../src/http/fields.ts";
import { parseJson as parseBody } from "../../../src/http/json.ts";
import { parseJson } from "../../../src/json/parse.ts";
import { type Ask, openGateways, serverError } from "../gateway.ts";
import { anyTarget, ensure } from "../target.ts";
import {
  anyText,
  bytesOf,
  damaged,
  damages,
  isMisread,
  jsonNumber,
  jsonString,
  jsonValue,
  objectText,
  utf8,
} from "../text.ts";

export type BodyInput =
  | {
      readonly kind: "request";
      readonly gateway: number;
      readonly path: string;
      readonly contentType: string;
      readonly accept: string;
      /** A text of bytes. */
      readonly body: string;
    }
  | {
      readonly kind: "numbers";
      readonly names: readonly string[];
      readonly numbers: readonly string[];
      readonly space: string;
    };

const gateways = [
  {
    AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken"],
    TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding"],
  },
  { USERNAME_FIELD: "email", AUTH_COOKIE: true, ERROR_REASONS: true, USER_ID_TYPE: "uuid" },
  { LOGIN: "origin", LOGIN_URL: "/login/", OTHER_LOGIN_FIELDS: ["otp", "device"] },
];
const paths = [
  "/api/token/",
  "/api/token/refresh/",
  "/api/token/verify/",
  "/api/token/blacklist/",
  "/api/token/sliding/",
];
const names = ["username", "password", "refresh", "token", "email", "otp", "device", "__proto__", "", "usern\u00e4me"];

const jsonBody = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(jsonString, jsonNumber, jsonValue)), { maxLength: 5 }),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: damages(['"', "{", "}", "\\", "\\u12", ",", "\ufeff", "\0"], 2) },
    ),
    fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: jsonValue }),
  )
  .map(([members, changes, instead]) => utf8(damaged(instead ?? objectText(members), changes)));

const formPiece = fc.oneof(
  fc.constantFrom(
    ...names.map(utf8),
    "&",
    "=",
    "+",
    "%",
    "%2",
    "%C3%A4",
    "%e4",
    "%00",
    "%ed%a0%80",
    "%u0041",
    ";",
    "&&",
    "%26",
  ),
  anyText(5).map((text) => encodeURIComponent(text.toWellFormed())),
  anyText(3).map(utf8),
);
const formBody = fc.oneof(
  { weight: 8, arbitrary: fc.array(formPiece, { maxLength: 12 }).map((pieces) => pieces.join("")) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(formPiece, fc.constantFrom(999, 1000, 1001, 5000))
      .map(([piece, times]) => `${piece}&`.repeat(times)),
  },
);

const disposition = fc.constantFrom(
  ...[
    'form-data; name="username"',
    'form-data; name="password"',
    "form-data; name=token",
    'form-data; name="refresh"; filename="a.txt"',
  ],
  ...[
    "form-data",
    'form-data; name="',
    'form-data; name=""',
    "attachment; name=token",
    "form-data; name*=utf-8''token",
    'form-data; name="a\\"b"',
  ],
);
const multipartBody = fc
  .tuple(
    fc.array(fc.tuple(disposition, fc.oneof(formPiece, anyText(8).map(utf8))), { maxLength: 4 }),
    fc.constantFrom("\r\n", "\n", "\r"),
    fc.constantFrom("--", "", "--\r\n", "--x"),
    damages(
      [
        "--b",
        "\r\n",
        "\r\n\r\n",
        ":",
        "\0",
        "Content-Type: text/plain; charset=x",
        "Content-Transfer-Encoding: base64",
      ],
      2,
    ),
  )
  .map(([parts, line, end, changes]) =>
    damaged(
      `${parts.map(([head, value]) => `--b${line}Content-Disposition: ${head}${line}${line}${value}${line}`).join("")}--b${end}`,
      changes,
    ),
  );

const charset = fc.constantFrom(
  ...[
    "utf-8",
    "UTF8",
    "latin-1",
    "latin1",
    "utf-16",
    "utf-16le",
    "utf-16be",
    "utf-7",
    "utf-32",
    "ascii",
    "shift_jis",
    "gb18030",
  ],
  ...[
    "big5",
    "euc-kr",
    "iso-2022-jp",
    "koi8-r",
    "windows-1252",
    "x-user-defined",
    "replacement",
    "",
    '"utf-8"',
    "\u00e9",
    "a".repeat(300),
  ],
);
const contentType = fc
  .tuple(
    fc.constantFrom(
      ...[
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
      ],
      ...[
        "application/*",
        "*/*",
        "",
        "text/plain",
        "APPLICATION/JSON",
        "application/json/x",
        "multipart/form-data; boundary=",
      ],
      ...[
        'multipart/form-data; boundary="b"',
        "multipart/form-data; boundary=b; boundary=c",
        `multipart/form-data; boundary=${"b".repeat(250)}`,
      ],
      ...[
        "multipart/*; boundary=b",
        "application/x-www-form-urlencoded;charset",
        "multipart/form-data; boundary=\u00e9",
      ],
    ),
    fc.option(charset, { nil: undefined }),
    damages([";", "=", '"', "charset=", "/"], 1),
  )
  .map(([type, name, changes]) => damaged(name === undefined ? type : `${type}; charset=${name}`, changes));

const accept = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("application/json", "*/*", "") },
  fc.constantFrom(
    "text/html",
    "application/json; indent=4",
    "application/json;indent=1e9",
    "application/json; indent=NaN",
    "q",
    "text/*,;/",
  ),
  anyText(12).map(utf8),
);

const request: fc.Arbitrary<BodyInput> = fc.record({
  kind: fc.constant("request" as const),
  gateway: fc.nat(gateways.length - 1),
  path: fc.constantFrom(...paths),
  contentType,
  accept,
  body: fc.oneof(
    { weight: 4, arbitrary: jsonBody },
    { weight: 3, arbitrary: formBody },
    { weight: 3, arbitrary: multipartBody },
    { weight: 1, arbitrary: anyText(40).map(utf8) },
    { weight: 1, arbitrary: jsonBody.map((text) => [...text].flatMap((one) => [one, "\0"]).join("")) },
    { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536, 65_537).map((length) => "[".repeat(length)) },
  ),
});

const numbers: fc.Arbitrary<BodyInput> = fc.record({
  kind: fc.constant("numbers" as const),
  names: fc.array(fc.oneof(anyText(4), fc.constantFrom("username", "__proto__", "a\\b", '"', "\ud800")), {
    minLength: 1,
    maxLength: 4,
  }),
  numbers: fc.array(jsonNumber, { minLength: 4, maxLength: 4 }),
  space: fc.constantFrom("", " ", "\n", "\t\r\n "),
});

export const bodies = anyTarget<BodyInput>({
  name: "bodies",
  holds: "a body is read or refused with a status below 500, and numbers keep their digits",
  inputs: fc.oneof({ weight: 3, arbitrary: request }, { weight: 1, arbitrary: numbers }),
  async open() {
    const asks = await openGateways(gateways);
    return async (input) => {
      if (input.kind === "numbers") checkNumbers(input);
      else await tryBody(asks[input.gateway], input);
    };
  },
  growth: [
    ["application/json", "["],
    ["application/json", '{"a":'],
    ["application/json", '"a",'],
    ["application/json", "\\u0061"],
    ["application/json", "1234567890"],
    ["application/json", " "],
    ["application/json", '{"username":1,'],
    ["application/x-www-form-urlencoded", "%"],
    ["application/x-www-form-urlencoded", "%41"],
    ["application/x-www-form-urlencoded", "+"],
    ["application/x-www-form-urlencoded", "a=b&"],
    ["application/x-www-form-urlencoded; charset=latin1", "%E4\u00e4"],
    ["application/x-www-form-urlencoded; charset=utf-16", "%E4"],
    ["multipart/form-data; boundary=b", "--b\r\n"],
    ["multipart/form-data; boundary=b", "--"],
    ["multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'],
    ["multipart/form-data; boundary=b", "\r\n"],
  ].map(([type = "", piece = ""]) => ({
    name: `${type} of ${JSON.stringify(piece)} over and over`,
    // A larger one than 64 KiB is not read.
    small: 4000,
    of: (size: number) => repeatedBody(type, piece, size),
  })),
});

async function tryBody(
  ask: Ask | undefined,
  { path, contentType: type, accept: wanted, body }: Extract<BodyInput, { kind: "request" }>,
) {
  const headers = new Headers();
  try {
    headers.set("content-type", type);
    headers.set("accept", wanted);
    headers.set("origin", "https://gateway.example");
  } catch {
    return;
  }
  const answer = await ask?.({ url: `https://gateway.example${path}`, method: "POST", headers, body: bytesOf(body) });
  if (answer === undefined) throw new Error("there is no such gateway");
  ensure(serverError(answer) === undefined, () => `${serverError(answer)}`);
  if (!answer.response.headers.get("content-type")?.includes("json")) return;
  JSON.parse(await answer.response.text());
}

/** What is written comes out again, wherever it is: of a repeated name the last number. */
function checkNumbers(input: Extract<BodyInput, { kind: "numbers" }>): void {
  const { space } = input;
  const members = input.names.map((name, at) => [name, input.numbers[at] ?? "0"] as const);
  const text = `${space}{${members.map(([name, one]) => `${space}${JSON.stringify(name)}${space}:${space}${one}${space}`).join(",")}}`;
  const isTooLong = (one: string) => one.replace(/^-/, "").length > 4300;
  const last = new Map(members);
  if (isMisread(text)) return;
  const isRefused = [...last.values()].some(isTooLong);
  let exact: unknown;
  try {
    exact = parseJson(text);
  } catch (error) {
    ensure(error instanceof RangeError && isRefused, () => `${error}`);
    return;
  }
  ensure(!isRefused, () => "a number of more than 4,300 characters is taken");
  const body = { kind: "json", ...parseBody(text) } as const;
  for (const [name, one] of last) {
    const value = (exact as Readonly<Record<string, unknown>>)[name];
    const written = JSON.stringify(value);
    const wanted = one === "-0" ? "0" : one;
    ensure(written === wanted, () => `${one} becomes ${written}`);
    // A name of the settings, which is never this one.
    if (name === "__proto__" || !/^-?\d+$/.test(one)) continue;
    const read = readFields(body, [name])[name];
    ensure(read === wanted, () => `the field reads ${one} as ${read}`);
  }
}

let opened: Promise<readonly Ask[]> | undefined;
function repeatedBody(type: string, piece: string, size: number): () => unknown {
  const body = bytesOf(piece.repeat(Math.ceil(size / piece.length)));
  return async () => {
    opened ??= openGateways(gateways);
    const [ask] = await opened;
    const headers = new Headers({ "content-type": type });
    await ask?.({ url: "https://gateway.example/api/token/verify/", method: "POST", headers, body });
  };
}
