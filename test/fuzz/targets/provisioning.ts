// What the API sends of its users: lines, signed requests and sealed headers. Read or refused, and nothing is made up.
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { Refusal } from "../../../src/errors.ts";
import { parseJson } from "../../../src/json/parse.ts";
import { usersOpener } from "../../../src/tokens/gateway-users.ts";
import { signedRequestOpener } from "../../../src/tokens/provisioning-request.ts";
import { readLine } from "../../../src/users/provisioning-line.ts";
import { base64url } from "../../support/craft.ts";
import { provisioningKey, sealedUsers } from "../../support/provisioning.ts";
import { settingsOf } from "../../support/settings.ts";
import { type Ask, openGateways, serverError } from "../gateway.ts";
import { anyTarget, ensure } from "../target.ts";
import {
  anyText,
  bytesOf,
  type Damage,
  damaged,
  damages,
  jsonNumber,
  jsonString,
  jsonValue,
  objectText,
  utf8,
} from "../text.ts";

export type ProvisioningInput =
  | { readonly kind: "line"; readonly settings: number; readonly line: string }
  | {
      readonly kind: "request";
      readonly path: string;
      readonly method: string;
      readonly body: string;
      readonly header: string;
      readonly claims: string;
      readonly damage: readonly Damage[];
    }
  | { readonly kind: "sealed"; readonly message: string; readonly header: string; readonly damage: readonly Damage[] };

const variants = [
  {},
  { USER_ID_TYPE: "uuid", USERNAME_FIELD: "email" },
  { USER_ID_TYPE: "text", USER_ID_FIELD: "public_id", USERNAME_CASE: "insensitive" },
] as const;
const all = variants.map((vars) => settingsOf({ PROVISIONING_KEY: provisioningKey, ...vars }));

const flag = fc.oneof(fc.constantFrom("true", "false", "0", "1", '"t"', '"True"'), jsonValue);
const time = fc.oneof(
  fc.constantFrom(
    '"2024-01-02T03:04:05.678Z"',
    '"2024-02-30T00:00:00Z"',
    '"2024-01-02 03:04:05+05:30"',
    '"9999-12-31T23:59:60Z"',
    "null",
  ),
  jsonString,
);
const text = fc.oneof(jsonString, jsonValue, fc.constantFrom('"k5Qz-of-somebody"', quotedOf(2000), quotedOf(2001)));
const id = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("7", '"7"', '"6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab"', "true", '"+7"', "7.0", "1e2"),
  },
  jsonNumber,
  jsonString,
);

function quotedOf(length: number): string {
  return JSON.stringify("x".repeat(length));
}

const field = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom("username", "email", "public_id", "password", "first_name", "last_name"), text),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom("is_active", "is_staff", "is_superuser", "deleted", "rehash"), flag),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom("last_login", "date_joined"), time) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant("extra"),
      fc.oneof(jsonValue, fc.constantFrom('{"a":1}', `{"a":${quotedOf(4000)}}`)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.oneof(
        fc.constantFrom("__proto__", "constructor", "hash", "imported_hash", "session_version", "alternate_id", "ID"),
        anyText(5),
      ),
      jsonValue,
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant("id"), id) },
);
const line = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: id.map((one) => [["id", one] as const]) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
    fc.oneof(
      { weight: 8, arbitrary: fc.constant([["version", "1767225600000000"] as const]) },
      { weight: 2, arbitrary: jsonNumber.map((one) => [["version", one] as const]) },
    ),
    fc.array(field, { maxLength: 5 }),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: damages(['"', "{", "\\", "\n", ","], 2) },
    ),
  )
  .map(([key, version, fields, changes]) => damaged(objectText([...key, ...version, ...fields]), changes));

const claims = fc.array(
  fc.tuple(
    fc.constantFrom("iat", "htm", "htu", "bh", "ver", "exp"),
    fc.oneof(jsonValue, fc.constantFrom("{{0}}", '"POST"', '"https://gateway.example/_gateway/users/"')),
  ),
  { maxLength: 3 },
);
const header = fc.oneof(
  { weight: 6, arbitrary: fc.constant('{"alg":"HS256","typ":"provisioning+jwt"}') },
  { weight: 1, arbitrary: jsonValue },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '{"alg":"none"}',
      '{"alg":"HS256","typ":"JWT"}',
      '{"alg":"HS256","crit":["b64"],"b64":false}',
      '{"alg":1}',
    ),
  },
);
const damage = fc.oneof(
  { weight: 5, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: damages([".", "=", ",", "A", " "], 2) },
);

const inputs: fc.Arbitrary<ProvisioningInput> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("line" as const), settings: fc.nat(variants.length - 1), line }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("request" as const),
      path: fc.constantFrom(
        "/_gateway/users/",
        "/_gateway/users/7/",
        "/_gateway/users/7/logout/",
        "/_gateway/users/%zz/",
        "/_gateway/users/%00/",
        "/_gateway/users/a%2Fb/",
        "/_gateway/users/?after=%ff",
      ),
      method: fc.constantFrom("POST", "PUT", "GET", "DELETE"),
      body: fc.array(line, { maxLength: 3 }).map((lines) => utf8(lines.join("\n"))),
      header,
      claims: claims.map((members) => objectText(members)),
      damage,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("sealed" as const),
      message: fc.oneof(
        {
          weight: 3,
          arbitrary: fc
            .array(line, { maxLength: 2 })
            .map((lines) => `{"rid":"r","iat":{{0}},"users":[${lines.join(",")}]}`),
        },
        jsonValue,
      ),
      header: fc.oneof(
        { weight: 3, arbitrary: fc.constant("{}") },
        fc.constantFrom('{"zip":"DEF"}', '{"alg":"none"}', '{"enc":"A128GCM"}', '{"crit":["x"]}', '{"p2c":1e9}'),
      ),
      damage,
    }),
  },
);

export const provisioning = anyTarget<ProvisioningInput>({
  name: "provisioning",
  holds: "what the API sends of its users is read or refused by name, and only what it says is written",
  inputs,
  async open() {
    const [ask] = await openGateways([{ PROVISIONING_KEY: provisioningKey, USER_ID_TYPE: "text" }]);
    if (ask === undefined) throw new Error("there is no gateway");
    return async (input) => {
      if (input.kind === "line") checkLine(input);
      else if (input.kind === "request") await tryRequest(ask, input);
      else await trySealed(input);
    };
  },
  growth: [
    ...["[", '"a":1,', " ", '{"id":7}\n', "\\u0061"].map((piece) => ({
      name: `a line of ${JSON.stringify(piece)} over and over`,
      of: (size: number) => {
        const one = piece.repeat(Math.ceil(size / piece.length));
        return () =>
          checkLine({
            kind: "line",
            settings: 2,
            line: `{"id":"7","version":1,"extra":{"a":${JSON.stringify(one)}},"username":${JSON.stringify(one)}}`,
          });
      },
    })),
    ...["A", ".", "=", "e30."].map((piece) => ({
      name: `a bearer token of ${JSON.stringify(piece)} over and over`,
      of: (size: number) => {
        const authorization = `Bearer ${piece.repeat(Math.ceil(size / piece.length))}`;
        const open = signedRequestOpener(all[0] as (typeof all)[number]);
        return () => open(authorization, { method: "POST", url: "https://a/", nowSeconds: 1 }).catch(() => {});
      },
    })),
  ],
});

const columns = new Set([
  ...["password", "hash", "last_login", "username", "first_name", "last_name", "email", "is_superuser", "is_staff"],
  ...["is_active", "date_joined", "alternate_id", "extra"],
]);

function checkLine({ settings: variant, line: written }: Extract<ProvisioningInput, { kind: "line" }>): void {
  const settings = all[variant];
  if (settings === undefined) throw new Error("there are no such settings");
  let value: unknown;
  try {
    value = parseJson(written);
  } catch (error) {
    ensure(error instanceof SyntaxError || error instanceof RangeError, () => `${error}`);
    return;
  }
  const reading = readLine(settings, value);
  if ("error" in reading) {
    const { field: name, text: says } = reading.error;
    ensure(says.length < 200 && !says.includes("k5Qz"), () => `the error is ${says}`);
    ensure(/^[A-Za-z0-9_ ]+$/.test(name), () => `the error is of ${name}`);
    return;
  }
  const { change } = reading;
  ensure(change.id !== "" && change.id.length <= 255 && change.id.isWellFormed(), () => `the id is ${change.id}`);
  ensure(Number.isSafeInteger(change.version) && change.version >= 0, () => `the version is ${change.version}`);
  ensure(!change.deleted || Object.keys(change.columns).length === 0, () => "deleted, and changed too");
  const sent = value as Readonly<Record<string, unknown>>;
  for (const [name, cell] of Object.entries(change.columns)) {
    ensure(columns.has(name), () => `${name} is written`);
    const source =
      name === "hash"
        ? "password"
        : name === "alternate_id"
          ? settings.USER_ID_FIELD
          : name === "username"
            ? settings.USERNAME_FIELD
            : name;
    ensure(Object.hasOwn(sent, source), () => `${name} is written, and the line has none`);
    const isCell =
      cell === null ||
      cell === 0 ||
      cell === 1 ||
      (typeof cell === "string" && cell.isWellFormed() && !cell.includes("\0"));
    ensure(isCell, () => `${name} becomes ${JSON.stringify(cell)}`);
    if (typeof cell === "string")
      ensure(cell.length <= (name === "extra" ? 4000 : 2000), () => `${name} has ${cell.length} characters`);
  }
}

async function tryRequest(
  ask: Ask,
  { path, method, body, header: head, claims: more, damage: changes }: Extract<ProvisioningInput, { kind: "request" }>,
) {
  const now = Math.floor(Date.now() / 1000);
  const url = `https://gateway.example${path}`;
  const base = `"iat":${now},"htm":"${method}","htu":"${url}","bh":"${await digestOf(body)}"`;
  const payload = `{${base}${more === "{}" ? "" : `,${more.slice(1, -1)}`}}`.replaceAll("{{0}}", String(now));
  const signed = `${base64url(head)}.${base64url(payload)}`;
  const token = damaged(
    `${signed}.${createHmac("sha256", provisioningKey).update(signed).digest("base64url")}`,
    changes,
  );
  const headers = new Headers();
  try {
    headers.set("authorization", `Bearer ${token}`);
  } catch {
    return;
  }
  const answer = await ask({ url, method, headers, body: bytesOf(body) });
  ensure(serverError(answer) === undefined, () => `${serverError(answer)}`);
  ensure(answer.forwarded === undefined, () => "the request went on to the API");
}

async function digestOf(body: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(body))));
}

const openUsers = usersOpener({ PROVISIONING_KEY: provisioningKey });

async function trySealed({
  message,
  header: head,
  damage: changes,
}: Extract<ProvisioningInput, { kind: "sealed" }>): Promise<void> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const plaintext = bytesOf(utf8(message.replaceAll("{{0}}", String(nowSeconds))));
  const sealed = damaged(sealedUsers("r", [], { plaintext, header: JSON.parse(head) }), changes);
  try {
    const opened = await openUsers(sealed, { requestId: "r", nowSeconds });
    if ("lines" in opened) for (const one of opened.lines) readLine(all[2] as (typeof all)[number], one);
  } catch (error) {
    ensure(error instanceof Refusal, () => `${error instanceof Error ? error.stack : error}`);
  }
}
