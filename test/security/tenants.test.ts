// A user of one tenant who asks for another's data: each way in which gateway and API could read another tenant in one
// request. What reaches the API has to name the tenant of the token, in every spelling that a server could read.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { socketExchange } from "../support/sockets.ts";
import { hmacToken } from "./made-tokens.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

let origin: RecordingOrigin;
let gateway: Gateway;
beforeAll(async () => {
  origin = await startRecordingOrigin();
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    TENANT_DOMAIN: "example.com",
    ROUTES: [
      { path: "/host/*", auth: "token", require: { tenant: "$subdomain" } },
      { path: "/header/*", auth: "token", require: { tenant: "$header.X-Tenant" } },
      { path: "/api/t/*", auth: "token", strip_prefix: "/api", require: { tenant: "$path.2" } },
      { path: "/t/*", auth: "token", require: { tenant: "$path.2" } },
      { path: "/*", auth: "token", require: { tenant: "$path.2" } },
    ],
  });
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

const absent = Symbol("no claim");

/** Header lines with names in the case that they are given in: names that differ in case alone are two lines. */
async function ask(path: string, headers: Readonly<Record<string, string>> = {}, tenant: unknown = "acme") {
  const claims = tenant === absent ? {} : { tenant };
  const Authorization = `Bearer ${hmacToken({ claims })}`;
  const answer = await socketExchange(gateway.url.host, `GET ${path} HTTP/1.1`, { Authorization, ...headers });
  return { status: answer.status, body: answer.body.toString(), received: origin.taken() };
}

const denied = {
  status: 403,
  body: '{"detail":"You do not have permission to perform this action."}',
  received: [],
};

/** What the API was told of the host, in every header that one could read it from. */
const hostsOf = (received: Awaited<ReturnType<typeof ask>>["received"]) =>
  received.map((one) =>
    [
      "x-forwarded-host",
      "forwarded",
      "x-original-host",
      "x-host",
      "x-forwarded-server",
      "x-http-host-override",
    ].flatMap((name) => everySpelling(one, name)),
  );

describe("by the host:", () => {
  it.each([
    "beta.example.com",
    "example.com",
    "acme.beta.example.com",
    "beta.acme.example.com",
    "acme.example.com.",
    "acme.example.com.beta.net",
    "acme.badexample.com",
    "acme.example.net",
  ])("Host: %s", async (Host) => {
    expect(await ask("/host/x", { Host })).toEqual(denied);
  });
  it("its own host arrives as the one that was compared, whatever else the client says of hosts", async () => {
    const { status, received } = await ask("/host/x", {
      Host: "acme.example.com",
      "X-Forwarded-Host": "beta.example.com",
      X_Forwarded_Host: "beta.example.com",
      "X-Original-Host": "beta.example.com",
      "X-Host": "beta.example.com",
      "X-HTTP-Host-Override": "beta.example.com",
      "X-Forwarded-Server": "beta.example.com",
      Forwarded: "host=beta.example.com",
    });
    expect([status, hostsOf(received)]).toEqual([200, [["acme.example.com"]]]);
  });
  it("another case of it, and a port, are the same host, and arrive in small letters", async () => {
    const arrived = async (Host: string) => hostsOf((await ask("/host/x", { Host })).received);
    expect(await arrived("ACME.Example.com")).toEqual([["acme.example.com"]]);
    expect(await arrived("ACME.Example.com:8787")).toEqual([["acme.example.com:8787"]]);
  });
  it("a second Host line, or a URL in the place of the path, is never another tenant's", async () => {
    const attempts = [
      await ask("/host/x", { Host: "acme.example.com", host: "beta.example.com" }),
      await ask("/host/x", { Host: "beta.example.com", host: "acme.example.com" }),
      await ask("http://acme.example.com/host/x", { Host: "beta.example.com" }),
      await ask("http://beta.example.com/host/x", { Host: "acme.example.com" }),
    ];
    for (const { status, received } of attempts) {
      expect(status === 200 ? hostsOf(received) : received).toEqual(status === 200 ? [["acme.example.com"]] : []);
    }
  });
});

describe("by a header:", () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ["another value", { "X-Tenant": "beta" }],
    ["none", {}],
    ["an empty one", { "X-Tenant": "" }],
    ["two lines", { "X-Tenant": "acme", "x-tenant": "beta" }],
    ["two lines the other way round", { "X-Tenant": "beta", "x-tenant": "acme" }],
    ["the same in two lines", { "X-Tenant": "acme", "x-tenant": "acme" }],
    ["an empty line and a full one", { "X-Tenant": "", "x-tenant": "acme" }],
    ["a list", { "X-Tenant": "acme,beta" }],
    ["one that Connection takes away", { "X-Tenant": "acme", Connection: "close, x-tenant" }],
    ["another spelling alone", { X_Tenant: "acme" }],
  ])("%s", async (_, headers) => {
    expect(await ask("/header/x", headers)).toEqual(denied);
  });
  it("its own arrives alone, without the spellings that a server could take for it", async () => {
    const others = Object.fromEntries(
      ["X_Tenant", "x_tenant", "X.Tenant", "X~Tenant", "X'Tenant", "X+Tenant"].map((name) => [name, "beta"]),
    );
    const { status, received } = await ask("/header/x", { ...others, "X-Tenant": "acme" });
    expect([status, received.map((one) => everySpelling(one, "x-tenant"))]).toEqual([200, [["acme"]]]);
  });
  it("a list of tenants in the header is none of those in the token", async () => {
    expect(await ask("/header/x", { "X-Tenant": "acme,beta" }, "acme,beta")).toEqual(denied);
  });
});

describe("by the path:", () => {
  const ambiguous = { status: 400, body: '{"detail":"Malformed request."}', received: [] };

  it.each(["/t/beta/x", "/t/ACME/x", "/t/", "/t", "/t/acme.json", "/t/acme;x/", "/t/%2561cme/"])("%s", async (path) => {
    expect(await ask(path)).toEqual(denied);
  });
  it.each(["/t//beta", "/t/acme%2f..%2fbeta", "/t/acme%5c..%5cbeta", "/t/..;/acme/x"])("%s", async (path) => {
    expect(await ask(path)).toEqual(ambiguous);
  });
  it("dot segments that the runtime resolves are resolved for both", async () => {
    expect(await ask("/t/acme/../beta/x")).toEqual(denied);
    expect(await ask("/t/acme/%2e%2e/beta/x")).toEqual(denied);
    expect((await ask("/t/beta/%2e%2e/acme/x")).received.map(({ url }) => url)).toEqual(["/t/acme/x"]);
  });
  it("a segment that Tomcat drops does not shift the others", async () => {
    // To Tomcat this is /beta/gamma, to others /;x/beta/gamma.
    expect(await ask("/;x/beta/gamma", {}, "beta")).toEqual(denied);
    expect(await ask("/;x/beta/gamma", {}, "gamma")).toEqual(denied);
  });
  it("a tenant with a suffix is not the one without", async () => {
    expect(await ask("/t/acme.com", {}, "acme.com")).toEqual(denied);
    expect((await ask("/t/acme.com/x", {}, "acme.com")).received.map(({ url }) => url)).toEqual(["/t/acme.com/x"]);
  });
  it("its own arrives in the bytes that were compared, by the path that the API gets", async () => {
    expect((await ask("/t/acme/x?t=beta")).received.map(({ url }) => url)).toEqual(["/t/acme/x?t=beta"]);
    expect((await ask("/api/t/acme/x")).received.map(({ url }) => url)).toEqual(["/t/acme/x"]);
    expect(await ask("/api/t/beta/x")).toEqual(denied);
  });
});

it("a token without the claim, or with one of another kind, is of no tenant", async () => {
  for (const tenant of [absent, null, true, {}, [], [["acme"]], "", "$header.X-Tenant", "*"]) {
    expect(await ask("/header/x", { "X-Tenant": "acme" }, tenant)).toEqual(denied);
  }
});

it("a number is its digits, and a list is each of its tenants", async () => {
  expect((await ask("/t/12/x", {}, 12)).status).toBe(200);
  expect((await ask("/t/012/x", {}, 12)).status).toBe(403);
  expect((await ask("/t/beta/x", {}, ["acme", "beta"])).status).toBe(200);
});
