// Several issuers: whose keys verify whose tokens, where keys come from, and what a token of one may not do with another.
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, type SharedGateway, startGateway, startGateways } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { type Provider, provider } from "../support/provider.ts";
import { hmacToken, refusedToken } from "./made-tokens.ts";
import { answersWithEach, misconfigured } from "./misconfigured.ts";
import { aheadHeader, withMovedClock } from "./moved-clock.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

let origin: RecordingOrigin;
let attacker: RecordingOrigin;
let source: HttpOrigin;
let asked: string[] = [];
/** What the source has, by path; 404 for others. */
let pages: Record<string, (response: ServerResponse) => void> = {};
const json = (value: unknown) => (response: ServerResponse) => void response.end(JSON.stringify(value));

let one: Provider;
let two: Provider;
let shared: Awaited<ReturnType<typeof startGateways>>;
let fresh: SharedGateway[];

/** A new gateway knows no keys yet. */
function started(): SharedGateway {
  const gateway = fresh.pop();
  if (gateway === undefined) throw new Error("no gateway is left: more are to be started");
  return gateway;
}

const routes = () => [
  { path: "/one/*", auth: "token", revocation: "off", issuers: [one.issuer] },
  { path: "/two/*", auth: "token", revocation: "off", issuers: [two.issuer] },
  { path: "/all/*", auth: "token", revocation: "off", issuers: ["self", one.issuer, two.issuer] },
  { path: "/*", auth: "token", revocation: "off" },
];

beforeAll(async () => {
  [origin, attacker] = await Promise.all([
    startRecordingOrigin(),
    startRecordingOrigin((_, response) => json({ keys: [one.jwk] })(response)),
  ]);
  source = await startOrigin((request, response) => {
    asked.push(request.url ?? "");
    const page = pages[request.url ?? ""];
    if (page) page(response);
    else response.writeHead(404).end();
  });
  // Two tenants of one server, as Keycloak has realms; their keys have the same id.
  [one, two] = await Promise.all([provider(`${source.url}/realms/one`), provider(`${source.url}/realms/two`)]);
  const audience = "https://api.example";
  const vars = {
    ORIGIN_URL: origin.url,
    ROUTES: routes(),
    ISSUERS: [
      { issuer: one.issuer, discovery: true, audience },
      { issuer: two.issuer, jwks: `${source.url}/two.json`, audience },
    ],
  };
  shared = await startGateways(Array(9).fill(vars), { surrounded: withMovedClock });
  fresh = [...shared.gateways];
});
beforeEach(() => {
  asked = [];
  pages = good();
});
afterAll(async () => {
  await shared.close();
  for (const server of [origin, attacker, source]) server.close();
});

const openId = "/realms/one/.well-known/openid-configuration";
const oauth = "/.well-known/oauth-authorization-server/realms/one";
const metadata = (more: object = {}) => json({ issuer: one.issuer, jwks_uri: `${source.url}/one.json`, ...more });
const good = () => ({
  [openId]: metadata(),
  "/one.json": json({ keys: [one.jwk] }),
  "/two.json": json({ keys: [two.jwk] }),
});

async function fate(gateway: Pick<SharedGateway, "get">, path: string, token: string, secondsAhead = 0) {
  const answer = await gateway.get(path, token, { [aheadHeader]: String(secondsAhead) });
  return [answer.status, await answer.text()];
}
const lasting = { exp: 4_000_000_000 };
const passes = [200, "{}"];
const refused = [401, refusedToken()];

describe("issuer and key confusion:", () => {
  it("a key verifies its own issuer's tokens, and no other's with the same kid", async () => {
    const gateway = started();
    expect(await fate(gateway, "/one/x", await one.token())).toEqual(passes);
    expect(await fate(gateway, "/two/x", await two.token())).toEqual(passes);
    expect(await fate(gateway, "/one/x", await two.token({ iss: one.issuer }))).toEqual(refused);
    expect(await fate(gateway, "/two/x", await one.token({ iss: two.issuer }))).toEqual(refused);
    expect(await fate(gateway, "/two/x", await one.token())).toEqual(refused);
    expect(await fate(gateway, "/x", await one.token())).toEqual(refused);
  });

  it("no token is tried with a second issuer: unknown ones fetch nothing", async () => {
    const gateway = started();
    for (const iss of [
      undefined,
      "",
      "self",
      attacker.url,
      `${one.issuer}/`,
      one.issuer.toUpperCase(),
      ` ${one.issuer}`,
    ]) {
      expect([iss, await fate(gateway, "/all/x", await one.token({ iss }))]).toEqual([iss, refused]);
    }
    expect([asked, attacker.taken()]).toEqual([[], []]);
  });

  it("our own tokens are verified with our own key alone, also where they say that they are another issuer's", async () => {
    const gateway = started();
    expect(await fate(gateway, "/all/x", hmacToken())).toEqual(passes);
    const lie = { iss: one.issuer, sub: "u-1", aud: "https://api.example" };
    expect(await fate(gateway, "/all/x", hmacToken({ claims: lie }))).toEqual(refused);
    expect(await fate(gateway, "/one/x", hmacToken())).toEqual(refused);
  });

  it("an audience of the one is none of the other", async () => {
    const gateway = started();
    for (const aud of ["https://other.example", one.issuer, [], "", undefined, ["https://api.example", 7]]) {
      expect([aud, await fate(gateway, "/one/x", await one.token({ aud }))]).toEqual([aud, refused]);
    }
  });
});

describe("discovery that leads astray:", () => {
  const cases: ReadonlyArray<readonly [string, () => Record<string, (response: ServerResponse) => void>]> = [
    ["metadata of another issuer", () => ({ [openId]: metadata({ issuer: two.issuer }) })],
    ["an issuer with a slash more", () => ({ [openId]: metadata({ issuer: `${one.issuer}/` }) })],
    ["metadata without keys", () => ({ [openId]: metadata({ jwks_uri: undefined }) })],
    [
      "a redirect of the metadata",
      () => ({ [openId]: (response) => void response.writeHead(302, { location: `${attacker.url}${openId}` }).end() }),
    ],
    [
      "a redirect of the keys",
      () => ({
        "/one.json": (response) => void response.writeHead(302, { location: `${attacker.url}/one.json` }).end(),
      }),
    ],
    [
      "good keys on another host of this machine",
      () => ({ [openId]: metadata({ jwks_uri: `${attacker.url.replace("127.0.0.1", "localhost")}/one.json` }) }),
    ],
    ["keys on a plain http host", () => ({ [openId]: metadata({ jwks_uri: "http://keys.example/one.json" }) })],
    ["keys on a metadata service", () => ({ [openId]: metadata({ jwks_uri: "https://169.254.169.254/latest" }) })],
    ["keys inside", () => ({ [openId]: metadata({ jwks_uri: "https://localhost/one.json" }) })],
    ["keys at a name without a dot", () => ({ [openId]: metadata({ jwks_uri: "https://vault/one.json" }) })],
    ["keys at an IPv6 address", () => ({ [openId]: metadata({ jwks_uri: "https://[::1]/one.json" }) })],
    ["keys behind a password", () => ({ [openId]: metadata({ jwks_uri: source.url.replace("//", "//me:secret@") }) })],
    ["a file", () => ({ [openId]: metadata({ jwks_uri: "file:///etc/passwd" }) })],
    ["a private key in the set", () => ({ "/one.json": json({ keys: [one.privateJwk] }) })],
    ["metadata of 300 KB", () => ({ [openId]: metadata({ pad: "x".repeat(300_000) }) })],
  ];
  it("nothing passes, and the attacker is asked nothing", async () => {
    const gateway = started();
    let secondsAhead = 0;
    for (const [what, change] of cases) {
      pages = { ...good(), ...change() };
      expect([what, await fate(gateway, "/one/x", await one.token(lasting), secondsAhead)]).toEqual([what, refused]);
      secondsAhead += 31;
    }
    expect(attacker.taken()).toEqual([]);
    pages = good();
    expect(await fate(gateway, "/one/x", await one.token(lasting), secondsAhead)).toEqual(passes);
  });

  it("RFC 8414 is asked where OpenID Connect has nothing, with the path behind the well-known one", async () => {
    const gateway = started();
    pages = { ...good(), [oauth]: metadata() };
    delete pages[openId];
    expect(await fate(gateway, "/one/x", await one.token())).toEqual(passes);
    expect(asked).toEqual([openId, oauth, "/one.json"]);
  });
});

describe("a source that fails:", () => {
  it("is left alone for thirty seconds, and is no matter of the other issuer, nor of our own tokens", async () => {
    const gateway = started();
    pages = { "/two.json": json({ keys: [two.jwk] }) };
    for (let time = 0; time < 3; time++) expect(await fate(gateway, "/one/x", await one.token())).toEqual(refused);
    expect(asked).toEqual([openId, oauth]);
    expect(await fate(gateway, "/two/x", await two.token())).toEqual(passes);
    expect(await fate(gateway, "/all/x", hmacToken())).toEqual(passes);
    pages = good();
    expect(await fate(gateway, "/one/x", await one.token(), 31)).toEqual(passes);
  });

  it("has its last good keys used for six hours, then 503 for its own tokens alone", async () => {
    const gateway = started();
    expect(await fate(gateway, "/one/x", await one.token(lasting))).toEqual(passes);
    pages = { "/two.json": json({ keys: [two.jwk] }) };
    expect(await fate(gateway, "/one/x", await one.token(lasting), 6 * 3600 - 60)).toEqual(passes);
    expect((await fate(gateway, "/one/x", await one.token(lasting), 6 * 3600 + 60))[0]).toBe(503);
    expect(await fate(gateway, "/two/x", await two.token(lasting), 6 * 3600 + 60)).toEqual(passes);
  });

  it("costs five fetches for made-up key ids, of its issuer alone", async () => {
    const gateway = started();
    expect(await fate(gateway, "/two/x", await two.token())).toEqual(passes);
    const [, payload, signature] = (await two.token()).split(".");
    for (let at = 0; at < 50; at++) {
      const header = Buffer.from(JSON.stringify({ alg: "RS256", kid: `made-up-${at}` })).toString("base64url");
      expect(await fate(gateway, "/two/x", `${header}.${payload}.${signature}`)).toEqual(refused);
    }
    expect(asked).toEqual(Array(1 + 5).fill("/two.json"));
    expect(await fate(gateway, "/one/x", await one.token())).toEqual(passes);
  });
});

describe("reissued tokens and users of two issuers:", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    const entry = (idp: Provider, prefix: string) => ({
      ...{ issuer: idp.issuer, keys: [idp.jwk], audience: "https://api.example" },
      ...{ reissue: { user_id: `${prefix}{sub}` }, provision: true },
    });
    gateway = await startGateway({
      ...{ ORIGIN_URL: origin.url, ROUTES: routes(), USER_ID_TYPE: "text" },
      ISSUERS: [entry(one, "one:"), entry(two, "two:")],
    });
    origin.taken();
  });
  afterAll(() => gateway.close());

  const seen = async (path: string, token: string, headers: Readonly<Record<string, string>> = {}) => {
    const { status } = await gateway.get(path, token, headers);
    const [received] = origin.taken();
    const said = (name: string) => (received ? everySpelling(received, name) : []);
    return { status, user: said("x-user-id"), authorization: said("authorization") };
  };

  it("one subject of two issuers is two users, and no user of ours has such an id", async () => {
    expect((await seen("/all/x", await one.token({ sub: "7" }))).user).toEqual(["one:7"]);
    expect((await seen("/all/x", await two.token({ sub: "7" }))).user).toEqual(["two:7"]);
    expect((await seen("/all/x", hmacToken())).user).toEqual(["7"]);
    const ofAnother = hmacToken({ claims: { user_id: "one:7" } });
    expect(await seen("/all/x", ofAnother)).toEqual({ status: 401, user: [], authorization: [] });
  });

  it("a reissued token comes to the API alone, and opens nothing at the edge", async () => {
    const token = await one.token({ sub: "8" });
    const { authorization } = await seen("/all/x", token);
    const reissued = (authorization[0] ?? "").replace("Bearer ", "");
    expect(authorization).toHaveLength(1);
    expect(reissued).not.toBe(token);
    for (const path of ["/x", "/all/x", "/one/x"]) expect(await fate(gateway, path, reissued)).toEqual(refused);
    for (const path of ["verify/", "refresh/", "blacklist/"]) {
      const answer = await gateway.post(`/api/token/${path}`, { token: reissued, refresh: reissued });
      expect([path, answer.status]).toEqual([path, 401]);
    }
    expect(origin.taken()).toEqual([]);
  });

  it("a claim or a header cannot say who of ours it is", async () => {
    const token = await one.token({ sub: "9", user_id: "7", token_type: "access" });
    expect((await seen("/all/x", token, { "X-User-Id": "7", X_User_Id: "7" })).user).toEqual(["one:9"]);
  });
});

describe("settings that would fail open:", () => {
  it("stop the start", async () => {
    const entry = { issuer: "https://idp.example", keys: [one.jwk], audience: "api" };
    const vars = (ISSUERS: unknown, more: object = {}) => ({
      ORIGIN_URL: origin.url,
      // As JSON text, which leaves out what is undefined.
      ISSUERS: JSON.stringify(ISSUERS),
      ...more,
    });
    const all = [
      vars([{ ...entry, audience: undefined }]),
      vars([{ ...entry, keys: [one.privateJwk] }]),
      vars([{ ...entry, algorithms: ["HS256"] }]),
      vars([{ ...entry, keys: undefined, jwks: "http://idp.example/jwks" }]),
      vars([entry, entry]),
      vars([entry], { ISSUER: "https://idp.example" }),
      vars([entry], { ROUTES: [{ path: "/*", auth: "token", issuers: ["https://idp.example/"] }] }),
      vars([{ ...entry, audiences: "api" }]),
    ];
    for (const answers of await answersWithEach(all)) expect(answers).toEqual(misconfigured);
  });
});
