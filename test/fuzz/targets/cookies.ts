// Cookies: the token that opens a route is the one that every reader finds, and none of ours reaches the origin.
import fc from "fast-check";
import { craft } from "../../support/craft.ts";
import { type Ask, openGateways, serverError } from "../gateway.ts";
import { anyTarget, ensure } from "../target.ts";
import { anyText, damaged, damages, utf8 } from "../text.ts";

export interface CookieInput {
  /** The header as a text of bytes; `T` and `U` in braces stand for two good tokens. */
  readonly cookie: string;
}

const access = "__Host-access";
const ours = [access, "__Secure-refresh", "__Host-admin"];

/** How servers and libraries read a Cookie header: the values of a name, in their order. */
const readers: ReadonlyArray<readonly [name: string, read: (header: string, name: string) => readonly string[]]> = [
  [
    "RFC 6265",
    (header, name) =>
      pairs(header, ";")
        .filter(([one]) => one === name)
        .map(([, value]) => value),
  ],
  [
    "Django",
    (header, name) =>
      pairs(header, ";")
        .filter(([one]) => one === name)
        .map(([, value]) => unquoted(value)),
  ],
  [
    "cookie of Express",
    (header, name) =>
      pairs(header, ";")
        .filter(([one]) => one === name)
        .map(([, value]) => percentDecoded(unquoted(value))),
  ],
  [
    "RFC 2109: Java, commas too",
    (header, name) =>
      pairs(header, /[;,]/)
        .filter(([one]) => one === name)
        .map(([, value]) => unquoted(value)),
  ],
  [
    "http.cookies, which searches",
    (header, name) =>
      [...header.matchAll(pythonPattern)].filter(([, one]) => one === name).map(([, , value = ""]) => unquoted(value)),
  ],
];

const pythonPattern =
  /\s*([\w\d!#%&'~_`><@,:/$*+\-.^|)(?}{=]+?)\s*=\s*("(?:[^\\"]|\\.)*"|[\w\d!#%&'~_`><@,:/$*+\-.^|)(?}{=[\]]*)\s*(?:\s+|;|$)/gy;

function pairs(header: string, mark: string | RegExp): ReadonlyArray<readonly [name: string, value: string]> {
  return header.split(mark).flatMap((part) => {
    const equals = part.indexOf("=");
    return equals < 0 ? [] : [[part.slice(0, equals).trim(), part.slice(equals + 1).trim()] as const];
  });
}

const unquoted = (value: string) => (/^".*"$/s.test(value) ? value.slice(1, -1) : value);

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("__Host-access={T}", "__Host-access={U}", "__Secure-refresh=r", "__Host-admin=s"),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "a=b",
      "session=1",
      "__host-access={T}",
      "x__Host-access=y",
      "__Host-access2=z",
      'q="1"',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("; ", ";", ",", ", ", " ", "\t", "=", '"', "\\", "\u00a0", "\u0085", "$Version=1", "\v"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '__Host-access="{T}"',
      "__Host-access",
      "__Host-access =x",
      "a=__Host-access={T}",
      "=__Host-access={T}",
      '"__Host-access={T}"',
    ),
  },
  { weight: 1, arbitrary: anyText(6).map(utf8) },
);

const inputs: fc.Arbitrary<CookieInput> = fc
  .tuple(
    fc.array(piece, { maxLength: 9 }),
    fc.constantFrom("; ", ";", "", ", "),
    damages(["; ", "=", ",", " ", '"'], 2),
  )
  .map(([pieces, joint, changes]) => ({
    cookie: damaged(pieces.join(joint), changes).replace(/[\0\n\r]/g, ""),
  }));

const vars = {
  AUTH_COOKIE: true,
  ADMIN: true,
  ROUTES: [{ path: "/*", auth: "optional" }],
  FORWARD_AUTHORIZATION: true,
};

export const cookies = anyTarget<CookieInput>({
  name: "cookies",
  holds: "the token that opens a route is the one that every reader finds, and none of ours reaches the origin",
  inputs,
  async open() {
    const [ask] = await openGateways([vars]);
    if (ask === undefined) throw new Error("there is no gateway");
    const now = Math.floor(Date.now() / 1000);
    const tokenOf = (user_id: string) =>
      craft({ claims: { token_type: "access", exp: now + 86_400, iat: now, jti: "a", user_id } });
    const [one, two] = [tokenOf("1"), tokenOf("2")];
    return ({ cookie }) => tryCookie(ask, cookie.replaceAll("{T}", one).replaceAll("{U}", two), { "1": one, "2": two });
  },
  growth: ["a=b; ", "__Host-access", "__Host-access=x;", ";", " ", "=", '"', "__Host-access;a"].map((text) => ({
    name: `a Cookie header of ${JSON.stringify(text)} over and over`,
    of: (size) => {
      const cookie = text.repeat(Math.ceil(size / text.length));
      return async () => {
        opened ??= openGateways([vars]);
        const [ask] = await opened;
        await ask?.({ url: "https://gateway.example/x", headers: new Headers({ cookie }) });
      };
    },
  })),
});

/** The signature may be spelled in another way: header and payload are compared. */
const isSpelled = (token: string, as: string) => token.startsWith(as.slice(0, as.lastIndexOf(".") + 1));

let opened: Promise<readonly Ask[]> | undefined;

async function tryCookie(ask: Ask, cookie: string, tokens: Readonly<Record<string, string>>): Promise<void> {
  const headers = new Headers();
  try {
    headers.set("cookie", cookie);
  } catch {
    return;
  }
  const answer = await ask({ url: "https://gateway.example/x", headers });
  ensure(serverError(answer) === undefined, () => `${serverError(answer)}`);
  const { forwarded } = answer;
  if (forwarded === undefined) return;
  const user = forwarded.headers.get("x-user-id");
  const sent = headers.get("cookie") ?? "";
  for (const [reader, read] of readers) {
    const found = read(sent, access);
    const wanted = user === null ? undefined : tokens[user];
    // Without a token of ours the request is anonymous; a reader must not find one that was passed over.
    if (wanted === undefined) ensure(found.length === 0, () => `${reader} finds ${found}`);
    else
      ensure(
        found.every((one) => isSpelled(one, wanted)),
        () => `${reader} finds ${found}`,
      );
    const received = forwarded.headers.get("cookie") ?? "";
    for (const name of ours) ensure(read(received, name).length === 0, () => `${reader} finds ${name} in ${received}`);
  }
  const others = (header: string) => pairs(header, ";").filter(([name]) => !ours.some((own) => name.includes(own)));
  const harmless = others(sent).filter(([, value]) => !ours.some((own) => value.includes(own)));
  const kept = others(forwarded.headers.get("cookie") ?? "");
  for (const [name, value] of harmless) {
    ensure(
      kept.some((one) => one[0] === name && one[1] === value),
      () => `${name}=${value} is gone`,
    );
  }
}
