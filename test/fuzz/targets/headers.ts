// Header names and values: the origin sees what the gateway says of the caller and of the connection, and nothing else that
// it could take for that.
import fc from "fast-check";
import { craft } from "../../support/craft.ts";
import { type Answered, type Ask, openGateways, serverError } from "../gateway.ts";
import { anyTarget, ensure } from "../target.ts";
import { anyText, damaged, damages, utf8 } from "../text.ts";

export interface HeadersInput {
  readonly gateway: number;
  readonly token: boolean;
  /** Names and values as texts of bytes; pairs that the runtime refuses are left out. */
  readonly sent: ReadonlyArray<readonly [name: string, value: string]>;
}

const ROUTES = [{ path: "/*", auth: "optional" }];
const roles = ["a,b", "é", ""];
const claims = { user_id: "7", roles, staff: true, big: "BIG", profile: { name: "Zoë" } };

interface Set {
  readonly vars: Readonly<Record<string, unknown>>;
  /** What an authenticated request brings, folded as servers fold names. */
  readonly identity: Readonly<Record<string, string>>;
  /** Names of ALLOW_HEADERS. */
  readonly allowed: readonly string[];
  /** Whether an assertion comes with an identity. */
  readonly asserts: boolean;
}

const sets: readonly Set[] = [
  { vars: {}, identity: { X_USER_ID: "7" }, allowed: [], asserts: false },
  {
    vars: {
      IDENTITY_HEADERS: { "X-Roles": "roles", "X-Name": "profile.name", "X-Big": "big", "X-Json": "json:roles" },
      FORWARD_AUTHORIZATION: false,
      ASSERTION: true,
      ASSERTION_KEY: "assertion-of-the-fuzzer-only-0001",
      API_KEYS: true,
      WEBSOCKET_TOKEN: "subprotocol",
    },
    identity: {
      X_ROLES: "a%2Cb,%C3%A9,",
      X_NAME: "Zo%C3%AB",
      X_BIG: "12345678901234567890",
      X_JSON: "%5B%22a%2Cb%22%2C%22%C3%A9%22%2C%22%22%5D",
    },
    allowed: [],
    asserts: true,
  },
  {
    vars: {
      AUTH_COOKIE: true,
      ALLOW_HEADERS: ["X_Tenant", "Remote-User"],
      IDENTITY_HEADERS: { "Remote-Groups": "roles", "X-User-Id": "user_id" },
      TRACE_SAMPLE: 1,
    },
    identity: { X_USER_ID: "7", REMOTE_GROUPS: "a%2Cb,%C3%A9," },
    allowed: ["x_tenant", "remote-user"],
    asserts: false,
  },
];

/** What no client may say, folded. */
const onlyOurs = [
  ...["X_USER_ID", "X_GATEWAY_ASSERTION", "X_GATEWAY_USERS", "X_HEALTH_KEY", "FORWARDED", "VIA", "X_FORWARDED_USER"],
  ...["X_FORWARDED_PREFIX", "X_FORWARDED_PORT", "X_FORWARDED_SERVER", "X_ORIGINAL_URL", "X_REWRITE_URL", "SCRIPT_NAME"],
  ...["X_HTTP_METHOD_OVERRIDE", "X_HTTP_METHOD", "X_METHOD_OVERRIDE", "REMOTE_USER", "X_REMOTE_USER", "PROXY"],
  ...[
    "X_AUTH_REQUEST_USER",
    "X_CONSUMER_ID",
    "X_AMZN_OIDC_DATA",
    "X_SENDFILE_TYPE",
    "X_ACCEL_REDIRECT",
    "SSL_CLIENT_CERT",
  ],
  ...["PATH_INFO", "DAPHNE_ROOT_PATH", "TRUE_CLIENT_IP", "X_CLIENT_IP", "X_MIDDLEWARE_SUBREQUEST", "CAMELHTTPPATH"],
];
const hopByHop = [
  ...["CONNECTION", "KEEP_ALIVE", "PROXY_CONNECTION", "PROXY_AUTHENTICATE", "PROXY_AUTHORIZATION"],
  ...["TE", "TRAILER", "TRANSFER_ENCODING"],
];
const always = new Set(["X_FORWARDED_PROTO", "X_FORWARDED_HOST", "X_REQUEST_ID", "X_FORWARDED_FOR", "X_REAL_IP"]);

/** As WSGI, CGI and PHP would call it. */
const variable = (name: string) => name.toUpperCase().replace(/[^A-Z0-9]/g, "_");

const usual = [
  ...["accept", "accept-language", "authorization", "cookie", "content-type", "user-agent", "x-tenant", "x-custom"],
  ...["connection", "upgrade", "traceparent", "tracestate", "cf-connecting-ip", "cf-ray", "host", "expect", "range"],
  ...[
    "x-roles",
    "x-name",
    "x-big",
    "x-json",
    "remote-groups",
    "x_tenant",
    "x-real-ip",
    "x-forwarded-for",
    "x-request-id",
  ],
];
const spelled = fc
  .tuple(
    fc.constantFrom(...onlyOurs, ...hopByHop, ...usual.map(variable)),
    fc.nat(),
    fc.array(fc.constantFrom(..."-_.!~|'"), { maxLength: 4 }),
  )
  .map(([name, cases, marks]) => {
    let mark = 0;
    const separated = name.replace(/_/g, () => marks[mark++] ?? "-");
    return [...separated].map((one, at) => ((cases >> (at % 24)) & 1 ? one : one.toLowerCase())).join("");
  });
const name = fc.oneof(
  { weight: 5, arbitrary: spelled },
  { weight: 2, arbitrary: fc.constantFrom(...usual) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(spelled, damages(["-", "_", "x-", "\u00a0"], 2))
      .map(([text, changes]) => damaged(text, changes)),
  },
);
const value = fc.oneof(
  fc.constantFrom(
    "",
    "1",
    "admin",
    "7",
    "a,b",
    "websocket",
    "WebSocket",
    "h2c",
    "close",
    "keep-alive",
    "\u0080\u00ff",
    "*",
  ),
  fc.array(name, { maxLength: 4 }).map((names) => names.join(", ")),
  fc.constantFrom(
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0-0-0",
    "203.0.113.7",
    "::1",
    "Bearer",
    "Bearer x y",
  ),
  fc.constantFrom("__Host-access=x", "a=b; __Secure-refresh=y", "gzip;q=0, *", 'a="b', "text/html;charset=\u00e9"),
  anyText(20).map(utf8),
);

const inputs: fc.Arbitrary<HeadersInput> = fc.record({
  gateway: fc.nat(sets.length - 1),
  token: fc.boolean(),
  sent: fc.array(fc.tuple(name, value), { maxLength: 8 }),
});

export const headers = anyTarget<HeadersInput>({
  name: "headers",
  holds: "the origin reads identity, connection and path from the gateway's own headers alone",
  inputs,
  async open() {
    const gateways = await openGateways(sets.map(({ vars }) => ({ ROUTES, ...vars })));
    const now = Math.floor(Date.now() / 1000);
    const all = { token_type: "access", exp: now + 86_400, iat: now, jti: "a", ...claims };
    const token = craft({ payload: JSON.stringify(all).replace('"BIG"', "12345678901234567890") });
    return async (input) => {
      const [set, ask] = [sets[input.gateway], gateways[input.gateway]];
      if (set === undefined || ask === undefined) throw new Error("there is no such gateway");
      await tryHeaders(set, ask, input, token);
    };
  },
  growth: [
    ["connection", "x,"],
    ["connection", "x-a,-b, "],
    ["accept", "a/b;c=d,"],
    ["accept-language", "de;q=0.1,"],
    ["cookie", "a=b; "],
    ["authorization", "Bearer "],
    ["authorization", "\t "],
    ["authorization", "Api-Key"],
    ["cookie", " "],
    ["accept", " "],
    ["accept-language", " "],
    ["sec-websocket-protocol", " "],
    ["sec-websocket-protocol", "bearer.x,"],
    ["traceparent", "00-"],
    ["tracestate", "a=b,"],
  ].map(([header = "", piece = ""]) => ({
    name: `${header} of ${JSON.stringify(piece)} over and over`,
    of: repeatedHeader(header, piece),
  })),
});

async function tryHeaders(set: Set, ask: Ask, { sent, token }: HeadersInput, valid: string): Promise<void> {
  const given = new Headers();
  for (const [name, value] of sent) {
    // No server reads another name: the runtime answers 400 by itself.
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) continue;
    try {
      given.append(name, value);
    } catch {
      // Nor such a value.
    }
  }
  if (token) given.set("authorization", `Bearer ${valid}`);
  const answer = await ask({ url: "https://gateway.example/x", headers: given });
  ensure(serverError(answer) === undefined, () => `${serverError(answer)}`);
  if (answer.forwarded === undefined) return;
  checkReceived(set, given, answer.forwarded, token);
}

function checkReceived(
  set: Set,
  given: Headers,
  { headers }: NonNullable<Answered["forwarded"]>,
  token: boolean,
): void {
  const seen = new Map<string, string[]>();
  const connection = (given.get("connection") ?? "").toLowerCase().split(",");
  const named = new Set(connection.map((one) => one.trim()));
  const isAssertion = (folded: string) => folded === "X_GATEWAY_ASSERTION" && set.asserts && token;
  for (const [name, value] of headers) {
    const folded = variable(name);
    seen.set(folded, [...(seen.get(folded) ?? []), value]);
    const isAllowed = set.allowed.includes(name);
    ensure(/^[a-z0-9-]+$/.test(name) || isAllowed, () => `${name} is passed on`);
    ensure(!/[\0\r\n]/.test(value), () => `${name} has ${JSON.stringify(value)}`);
    if (folded in set.identity) ensure(/^[ -~]*$/.test(value), () => `${name} has ${JSON.stringify(value)}`);
    const isOurs =
      always.has(folded) ||
      folded in set.identity ||
      folded === "TRACEPARENT" ||
      folded === "TRACESTATE" ||
      isAssertion(folded);
    const isEncoding = name === "accept-encoding";
    ensure(!named.has(name) || isOurs || isEncoding || name === "upgrade", () => `Connection names ${name}`);
  }
  const allowed = set.allowed.map(variable);
  for (const name of [...onlyOurs, ...hopByHop]) {
    if (name in set.identity || allowed.includes(name)) continue;
    if (isAssertion(name)) continue;
    ensure(!seen.has(name), () => `${name} is ${seen.get(name)}`);
  }
  for (const [name, value] of Object.entries(set.identity)) {
    const wanted = token ? value : undefined;
    const received = seen.get(name)?.join(" and ");
    ensure(received === wanted, () => `${name} is ${received}, not ${wanted}`);
  }
  const address = given.get("cf-connecting-ip");
  for (const name of ["X_FORWARDED_FOR", "X_REAL_IP"]) {
    const received = seen.get(name)?.join(" and ");
    ensure(received === address?.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, ""), () => `${name} is ${received}`);
  }
  ensure(headers.get("x-forwarded-proto") === "https", () => "X-Forwarded-Proto");
  ensure(headers.get("x-forwarded-host") === "gateway.example", () => "X-Forwarded-Host");
  ensure(/^[0-9a-f]{32}$/.test(headers.get("x-request-id") ?? ""), () => "X-Request-Id");
  const upgrade = headers.get("upgrade");
  ensure(upgrade === null || upgrade.toLowerCase() === "websocket", () => `Upgrade is ${upgrade}`);
  if (seen.has("TRACESTATE")) ensure(seen.has("TRACEPARENT"), () => "tracestate without traceparent");
  if (seen.has("TRACEPARENT")) {
    ensure(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/.test(seen.get("TRACEPARENT")?.join() ?? ""), () => "traceparent");
  }
  if (set.vars.FORWARD_AUTHORIZATION === false && token) {
    ensure(!seen.has("AUTHORIZATION"), () => "Authorization is passed on");
  }
}

let forGrowth: Promise<readonly Ask[]> | undefined;
function repeatedHeader(header: string, piece: string): (size: number) => () => unknown {
  return (size) => {
    const run = piece.repeat(Math.ceil(size / piece.length));
    // The runtime takes blanks off the ends.
    const value = run.trim() === "" ? `x${run}x` : run.trim();
    return async () => {
      forGrowth ??= openGateways(sets.map(({ vars }) => ({ ROUTES, ...vars })));
      for (const ask of await forGrowth) {
        await ask({ url: "https://gateway.example/x", headers: new Headers({ [header]: value }) });
        await ask({ url: "https://gateway.example/api/token/verify/", headers: new Headers({ [header]: value }) });
      }
    };
  };
}
