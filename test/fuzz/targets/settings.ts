// Settings: an error that names the setting and no secret, or a gateway that answers.
import fc from "fast-check";
import { createApp } from "../../../src/app.ts";
import { readConfiguration } from "../../../src/configuration.ts";
import { settingsTable } from "../../../src/settings/settings.ts";
import { joinSettings } from "../../../src/settings/settings-in-code.ts";
import { wire } from "../../../src/wire.ts";
import { edPkcs8, p256Pkcs8, p256Spki, rsaPkcs8, rsaSpki } from "../../support/craft.ts";
import { testSecret } from "../../support/settings.ts";
import { bindings, quietly } from "../gateway.ts";
import { anyTarget, ensure } from "../target.ts";
import { anyText, type Damage, damaged, damages, jsonValue } from "../text.ts";

export interface SettingsInput {
  /** JSON texts by name; each is given as the value, or as the text itself. */
  readonly vars: ReadonlyArray<readonly [name: string, value: string, asText: boolean]>;
  readonly inCode: boolean;
}

/** In every secret, so that an error which quotes one is seen. */
const marker = "k5Qz";
const quoted = (text: string) => JSON.stringify(text);

const names = Object.keys(settingsTable);
const path = fc
  .array(
    fc.constantFrom("/", "/a", "/api", "/*", "*", "?", "%", "#", "//", "/.", "/..", ";", "\u00e9", "/api/token", " "),
    { maxLength: 4 },
  )
  .map((parts) => quoted(parts.join("")));
const route = fc
  .array(
    fc.oneof(
      fc.tuple(
        fc.constant("path"),
        fc.oneof({ weight: 5, arbitrary: fc.constantFrom('"/*"', '"/a"', '"/a/*"', '"/api/token/"') }, path),
      ),
      fc.tuple(
        fc.constant("auth"),
        fc.oneof({ weight: 5, arbitrary: fc.constantFrom('"public"', '"token"', '"optional"', '"user"') }, jsonValue),
      ),
      fc.tuple(
        fc.constantFrom("methods", "require", "revocation", "enforce", "origin", "strip_prefix", "PATH", "__proto__"),
        fc.oneof(
          path,
          jsonValue,
          fc.constantFrom(
            '["GET"]',
            '{"a":1}',
            '{"a":9007199254740993}',
            '"strict"',
            "false",
            '"https://u:p@host/x"',
            '"http://"',
          ),
        ),
      ),
    ),
    { maxLength: 5 },
  )
  .map(
    (members) => `{${members.map(([name, value]) => `${quoted(name)}:${value === "" ? "null" : value}`).join(",")}}`,
  );

const pem = fc
  .tuple(
    fc.constantFrom(rsaPkcs8, p256Pkcs8, edPkcs8, rsaSpki, p256Spki),
    damages(["\n", "-----", "=", "A", "\\n", " ", "\r"], 2),
  )
  .map(([text, changes]: [string, readonly Damage[]]) => quoted(damaged(text, changes)));
const jwk = fc
  .tuple(
    fc.constantFrom('"RSA"', '"EC"', '"oct"', '"OKP"', "1"),
    fc.array(
      fc.tuple(
        fc.constantFrom("kid", "alg", "n", "e", "x", "y", "crv", "k", "use", "key_ops", "d"),
        fc.oneof(
          fc.constantFrom(
            '"a"',
            '"HS256"',
            '"RS256"',
            '"EdDSA"',
            '"AQAB"',
            '"P-256"',
            '"Ed25519"',
            '"sig"',
            '"enc"',
            '["verify"]',
          ),
          fc.nat(99).map((length) => quoted("A".repeat(length))),
          jsonValue,
        ),
      ),
      { maxLength: 7 },
    ),
  )
  .map(
    ([kty, members]) =>
      `{"kty":${kty},${members.map(([name, value]) => `${quoted(name)}:${value === "" ? "null" : value}`).join(",")}${members.length ? "," : ""}"x5t":"${marker}"}`,
  );

const plausible = fc.oneof(
  fc.constantFrom(
    "true",
    "false",
    '"true"',
    '"only"',
    '"5m"',
    '"1e3"',
    '"999999999999999w"',
    "0",
    "-1",
    "300",
    "1.5",
    "1e400",
    '""',
    "null",
    '"*"',
  ),
  fc.constantFrom(
    '"RS256"',
    '"ES256"',
    '"EdDSA"',
    '"HS512"',
    '"none"',
    '"loose"',
    '"exact"',
    '"origin"',
    '"fallback"',
    '"uuid"',
    '"text"',
    '"email"',
    '"id"',
  ),
  fc.constantFrom(
    '"https://api.example.com"',
    '"http://[::1]:99999"',
    '"https://a/b?c#d"',
    '"//x"',
    '"javascript:1"',
    '"https://gateway.example"',
    '"admin.example"',
    '"/login/"',
  ),
  fc.constantFrom(
    '["AccessToken"]',
    '["UntypedToken"]',
    '["obtain","refresh"]',
    '["X-A","X_A"]',
    '["Bearer","JWT"]',
    '[""]',
    "[[]]",
    '{"X-User-Id":"user_id"}',
    '{"X-A":"json:a.b","x_a":"."}',
  ),
  fc.constantFrom(
    '{"obtain":"/login/"}',
    '{"obtain":["/a/","/b"]}',
    '{"refresh":"/*"}',
    '{"sessions":"/api/token/"}',
    quoted(testSecret),
    quoted(`${marker}-${"s".repeat(40)}`),
  ),
  path,
  anyText(8).map(quoted),
  jsonValue,
);

const anySetting = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...names), plausible, fc.boolean()) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant("ROUTES"),
      fc.array(route, { maxLength: 4 }).map((routes) => `[${routes.join(",")}]`),
      fc.boolean(),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom("SIGNING_KEY", "VERIFYING_KEY", "PROVISIONING_KEY", "HEALTH_KEY", "ASSERTION_KEY"),
      fc.oneof(
        pem,
        anyText(40).map((text) => quoted(marker + text)),
      ),
      fc.constant(false),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant("VERIFYING_KEYS"),
      fc.array(jwk, { maxLength: 3 }).map((keys) => `{"keys":[${keys.join(",")}]}`),
      fc.boolean(),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom(
        "SIGNINGKEY",
        "ACCESS_TOKEN_LIFETIM",
        "USER_AUTHENTICATION_RULE",
        "__proto__",
        "routes",
        "PATH",
        "",
      ),
      plausible,
      fc.boolean(),
    ),
  },
);

export const settings = anyTarget<SettingsInput>({
  name: "settings",
  holds: "settings are refused with sentences that quote no secret, or make a gateway that answers",
  inputs: fc.record({ vars: fc.array(anySetting, { maxLength: 6 }), inCode: fc.boolean() }),
  open: async () => trySettings,
  growth: [],
});

/** JSON as TOML and the dashboard give it; what is no JSON is a text. */
function givenAs(text: string, asText: boolean): unknown {
  if (asText) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function trySettings({ vars, inCode }: SettingsInput): Promise<void> {
  const given = Object.fromEntries(vars.map(([name, value, asText]) => [name, givenAs(value, asText)]));
  const base = { SIGNING_KEY: testSecret, ...bindings, ORIGIN: { fetch: async () => new Response("the API") } };
  const joined = inCode ? joinSettings(given, base) : { env: { ...base, ...given }, errors: [] };
  const { configuration, errors, warnings } = await readConfiguration(joined.env);
  const sentences = [...joined.errors, ...errors, ...warnings];
  for (const one of sentences) {
    ensure(typeof one === "string" && one.length > 10, () => `an error of ${String(one).length} characters`);
    ensure(!one.includes(marker) || !isSecret(vars, one), () => `a secret is shown: ${one}`);
  }
  if (configuration === undefined) return;
  const { result: wiring } = await quietly(() => wire(joined.env as never, {}, {}));
  if ("errors" in wiring) return;
  const app = createApp(wiring.deps, wiring.shown);
  for (const [url, method] of requests) {
    const { result: response, logged } = await quietly(() => app.fetch(new Request(url, { method })));
    ensure(response.status !== 500, () => `${method} ${url}: ${response.status} ${logged.join(" ")}`);
  }
}

const requests = [
  ["https://gateway.example/", "GET"],
  ["https://gateway.example/a/x?y", "POST"],
  ["https://gateway.example/api/token/", "OPTIONS"],
  ["https://gateway.example/_gateway/health/live", "GET"],
  ["https://gateway.example/_gateway/openapi.json", "GET"],
] as const;

/** Only these names hold secrets; in another one the marker is a value like any other. */
const secretNames = Object.entries(settingsTable).flatMap(([name, row]) => ("secret" in row ? [name] : []));
const isSecret = (vars: SettingsInput["vars"], sentence: string): boolean =>
  !vars.some(([name, value]) => !secretNames.includes(name) && value.includes(marker) && sentence.includes(name));
