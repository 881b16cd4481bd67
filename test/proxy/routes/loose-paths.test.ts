// PATHS = "loose": paths that read as a stricter rule's, or as an internal route's, are refused; all others go on.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfiguration } from "../../../src/configuration.ts";
import { Refusal } from "../../../src/errors.ts";
import { readRequestUrl } from "../../../src/http/request-url.ts";
import { matchRule } from "../../../src/proxy/routes/match.ts";
import { canonicalPath } from "../../../src/proxy/routes/path.ts";
import { testSecret } from "../../support/settings.ts";

type Route = Readonly<Record<string, unknown>>;

/** The pattern of the rule that a request meets, or the reason why it is refused. */
async function matcher(ROUTES: readonly Route[], vars: Readonly<Record<string, unknown>> = {}) {
  const { configuration, errors } = await readConfiguration({ SIGNING_KEY: testSecret, ROUTES, ...vars });
  expect(errors).toEqual([]);
  if (!configuration) throw new Error("the configuration has errors");
  const { rules, stricterPaths } = configuration;
  return (path: string, method = "GET"): string => {
    try {
      return matchRule(rules, method, canonicalPath(readRequestUrl(`https://gateway.example${path}`)), stricterPaths)
        .path;
    } catch (error) {
      if (error instanceof Refusal) return error.reason;
      throw error;
    }
  };
}

const all = { path: "/*", auth: "public" };
const ambiguous = "path_ambiguous";

describe("a path that reads as a stricter rule's", () => {
  const spellings: ReadonlyArray<readonly [rule: string, path: string]> = [
    ["/api/report", "/api/report/"],
    ["/api/report", "/API/REPORT"],
    ["/api/report", "/Api/report"],
    ["/api/report", "/api/report.json"],
    ["/api/report", "/api/report.JSON"],
    ["/api/report", "/api/report.json/"],
    ["/api/report", "/api/Report.Json.Json/"],
    ["/api/report", "/api/report."],
    ["/api/report", "/api/report.x-y"],
    ["/api/report", "/api/report/.json"],
    ["/api/report", "/api/%52eport"],
    ["/api/report", "/api/%2552eport"],
    ["/api/report", "/api/Report;v=1"],
    ["/api/report", "/api;v=1/report/"],
    ["/api/report", "/api/;v=1/report.json"],
    ["/api/report/", "/api/report"],
    ["/api/report/", "/api/report.xml"],
    ["/API/Report", "/api/report"],
    ["/API/Report", "/API/report/"],
    ["/api/report.json", "/api/report"],
    ["/api/report.json", "/api/report.xml"],
    ["/api/report.json", "/api/REPORT.json/"],
    ["/api/report.tar.gz", "/api/report"],
    ["/", "/.json"],
    ["/admin/*", "/Admin"],
    ["/admin/*", "/ADMIN/users/7"],
    ["/admin/*", "/admin.json"],
    ["/admin/*", "/Admin.JSON/"],
    ["/admin/*", "/admin.v1/.json"],
    ["/Admin/*", "/admin/"],
    ["/Admin/*", "/ADMIN/x"],
    ["/admin/Users/*", "/admin/users/7"],
    ["/v1.2/*", "/V1.2.json"],
    ["/v1.x/*", "/V1.X/users"],
    ["/kiosk/*", "/%E2%84%AAio%C5%BFk/x"],
    ["/kiosk/*", "/%E2%84%AAIOSK"],
    ["/admin/*", "/adm%C4%B1n/x"],
    ["/admin/*", "/adm%C4%B0n/x"],
    ["/admin/*", "/admi%CC%87n/x"],
    ["/pass/*", "/pa%C3%9F/x"],
    ["/pass/*", "/PA%E1%BA%9E"],
    ["/straße/*", "/strasse/7"],
    ["/files/*", "/%EF%AC%81les"],
    ["/é/*", "/%C3%89/x"],
    ["/σας", "/%CE%A3%CE%91%CE%A3"],
  ];
  it.each(spellings)("is refused: %s guards %s", async (path, sent) => {
    for (const method of ["GET", "POST", "HEAD", "OPTIONS"]) {
      expect((await matcher([{ path, auth: "user" }, all]))(sent, method)).toBe(ambiguous);
    }
    expect((await matcher([{ path, auth: "user" }, all], { PATHS: "exact" }))(sent)).toBe("/*");
  });
  it.each(["/api/report%253Bv=1", "/api/report;v=1.json", "/;v=1/api/report"])(
    "is refused with PATHS = exact, too, where path parameters hide it: %s",
    async (sent) => {
      for (const PATHS of ["loose", "exact"]) {
        expect((await matcher([{ path: "/api/report", auth: "user" }, all], { PATHS }))(sent)).toBe(ambiguous);
      }
    },
  );

  const others: ReadonlyArray<readonly [rule: string, path: string]> = [
    ["/api/report", "/api/reports"],
    ["/api/report", "/api/report/7"],
    ["/api/report", "/api/report.json/7"],
    ["/api/report", "/api/xreport.json"],
    ["/admin/*", "/administration"],
    ["/admin/*", "/Admin-x/y"],
    ["/admin/*", "/admin.json/users"],
    ["/admin/*", "/x/admin"],
    ["/v1.2/*", "/v1"],
    ["/v1.2/*", "/v1/"],
    ["/v1.2/*", "/v1/users.json"],
    ["/admin/*", "/a.dmin"],
    ["/", "/x.json"],
  ];
  it.each(others)("is no other one: %s leaves %s alone", async (path, sent) => {
    expect((await matcher([{ path, auth: "user" }, all]))(sent)).toBe("/*");
  });

  it("is the rule's own where it is spelled as the rule is", async () => {
    const match = await matcher([{ path: "/api/report", auth: "user" }, { path: "/Admin/*", auth: "user" }, all]);
    expect(["/api/report", "/Admin", "/Admin/", "/Admin/x.json", "/ADMINS"].map((path) => match(path))).toEqual([
      ...["/api/report", "/Admin/*", "/Admin/*", "/Admin/*", "/*"],
    ]);
  });
});

describe("stricter is", () => {
  const token = { auth: "token" };
  const stricter: ReadonlyArray<readonly [what: string, rule: Route, rest: Route]> = [
    ["optional than public: it refuses bad tokens", { auth: "optional" }, { auth: "public" }],
    ["token than optional", token, { auth: "optional" }],
    ["user than token", { auth: "user" }, token],
    ["a required claim", { ...token, require: { staff: true } }, token],
    ["another value of a required claim", { ...token, require: { team: "a" } }, { ...token, require: { team: "b" } }],
    ["a required claim, also than user", { ...token, require: { staff: true } }, { auth: "user" }],
    ["cached than off", { ...token, revocation: "cached" }, { ...token, revocation: "off" }],
    ["strict than cached", { ...token, revocation: "strict" }, { ...token, revocation: "cached" }],
    [
      "strict than off, where no token is needed",
      { auth: "optional", revocation: "strict" },
      { auth: "optional", revocation: "off" },
    ],
    [
      "a required part of the path, where another prefix is stripped",
      { ...token, require: { tenant: "$path.1" }, strip_prefix: "/a" },
      { ...token, require: { tenant: "$path.1" } },
    ],
    ["a rule that is enforced than one that is not", token, { ...token, enforce: false }],
    ["a rule that is enforced than a stricter one that is not", { auth: "optional" }, { auth: "user", enforce: false }],
  ];
  it.each(stricter)("%s", async (_, rule, rest) => {
    const match = await matcher([
      { ...rule, path: "/a/*" },
      { ...rest, path: "/*" },
    ]);
    expect(match("/A/x")).toBe(ambiguous);
  });

  const equal: ReadonlyArray<readonly [what: string, rule: Route, rest: Route]> = [
    ["the same", token, token],
    ["less", { auth: "public" }, token],
    ["less by a claim", token, { ...token, require: { staff: true } }],
    [
      "another revocation where there is no token",
      { auth: "public", revocation: "strict" },
      { auth: "public", revocation: "off" },
    ],
    ["another origin", { ...token, origin: "https://other.example.com" }, token],
    ["another prefix", { ...token, strip_prefix: "/a" }, token],
    ["a rule that is not enforced", { auth: "user", revocation: "strict", enforce: false }, { auth: "public" }],
    ["two that are not enforced", { auth: "user", enforce: false }, { auth: "token", enforce: false }],
  ];
  it.each(equal)("not: %s", async (_, rule, rest) => {
    const match = await matcher([
      { ...rule, path: "/a/*" },
      { ...rest, path: "/*" },
    ]);
    expect(match("/A/x")).toBe("/*");
  });
});

describe("methods", () => {
  it("count in each spelling: only a method that the stricter rule is for is refused", async () => {
    const match = await matcher([{ path: "/a", methods: ["POST", "HEAD"], auth: "user" }, all]);
    expect(["POST", "HEAD", "GET", "OPTIONS"].map((method) => match("/A/", method))).toEqual([
      ...[ambiguous, ambiguous, "/*", "/*"],
    ]);
  });
  it("that no rule is for in the other spelling are refused: without a rule nothing passes", async () => {
    const match = await matcher([
      { path: "/a", methods: ["GET"], auth: "public" },
      { path: "/A/*", auth: "public" },
    ]);
    expect([match("/A", "GET"), match("/A", "POST"), match("/A/x", "POST")]).toEqual(["/A/*", ambiguous, "/A/*"]);
  });
  it("that no rule is for below a prefix are refused, also where the prefix itself has a rule for them", async () => {
    const match = await matcher([
      { path: "/a", auth: "public" },
      { path: "/a/*", methods: ["GET"], auth: "public" },
      { path: "/A/*", auth: "public" },
    ]);
    expect([match("/A/x", "GET"), match("/A/x", "POST"), match("/A", "POST")]).toEqual(["/A/*", ambiguous, "/A/*"]);
  });
  it("of several rules for one path are each compared with their own", async () => {
    const match = await matcher([
      { path: "/a/*", methods: ["GET"], auth: "public" },
      { path: "/a/*", auth: "user" },
      all,
    ]);
    expect([match("/A/x", "GET"), match("/A/x", "DELETE")]).toEqual(["/*", ambiguous]);
  });
});

describe("whoever follows the rules is not surprised:", () => {
  it("a public page stays public in its own spelling, whatever comes after it", async () => {
    const match = await matcher([
      { path: "/api/docs/", auth: "public" },
      { path: "/api/schema.json", auth: "public" },
      { path: "/api/open/*", auth: "public" },
      { path: "/api/*", auth: "token" },
      { path: "/*", auth: "public" },
    ]);
    expect(["/api/docs/", "/api/schema.json", "/api/open/x", "/api/open"].map((path) => match(path))).toEqual([
      ...["/api/docs/", "/api/schema.json", "/api/open/*", "/api/open/*"],
    ]);
    // Another spelling of a public page meets the rules as they stand.
    expect(["/api/docs", "/api/schema", "/api/Open/x"].map((path) => match(path))).toEqual([
      ...["/api/*", "/api/*", "/api/*"],
    ]);
    expect(["/API/open/x", "/API/docs", "/API/Open/x"].map((path) => match(path))).toEqual([
      ...["/*", ambiguous, ambiguous],
    ]);
  });
  it("a weaker rule does not hide a stricter one that reads the same", async () => {
    const match = await matcher([{ path: "/report.json", auth: "public" }, { path: "/report", auth: "user" }, all]);
    expect(match("/report.xml")).toBe(ambiguous);
    expect(match("/report")).toBe("/report");
  });
  it("files next to each other differ by their names, not by what follows the dot", async () => {
    const match = await matcher([{ path: "/private.html", auth: "user" }, all]);
    expect(
      ["/index.html", "/app.js", "/.well-known/security.txt", "/privateer.html"].map((path) => match(path)),
    ).toEqual([...["/*", "/*", "/*", "/*"]]);
  });
});

describe("the gateway's own routes", () => {
  const under = (auth: string, vars = {}) => matcher([{ path: "/*", auth }], vars);
  it.each([
    ["/API/token/"],
    ["/api/Token"],
    ["/api/token.json"],
    ["/api/token/Refresh"],
    ["/api/token/refresh.json"],
    ["/api/TOKEN/sessions/7/"],
    ["/api/token/Logout-All"],
    ["/_GATEWAY/health/live"],
    ["/_Gateway"],
    ["/_gateway.json"],
    ["/_gatewaY/admin/login"],
  ])("are not met in another spelling, whatever the rule: %s", async (path) => {
    for (const auth of ["public", "optional", "token", "user"]) {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        expect((await under(auth))(path, method)).toBe(ambiguous);
      }
    }
  });
  it("go by TOKEN_PREFIX and by what is served", async () => {
    const match = await under("public", { TOKEN_PREFIX: "/Auth/JWT", TOKEN_ENDPOINTS: ["obtain"] });
    expect(["/auth/jwt/", "/auth/jwt/refresh/", "/API/token/"].map((path) => match(path))).toEqual([
      ...[ambiguous, "/*", "/*"],
    ]);
  });
  it("go by TOKEN_PATHS", async () => {
    const match = await under("public", {
      TOKEN_PATHS: { obtain: ["/auth/Login/", "/auth/v1.0/otp"], sessions: "/me/s/" },
    });
    const loose = ["/auth/login/", "/auth/LOGIN", "/auth/login.json", "/Auth/Login/.json", "/auth/v1.0/OTP", "/ME/s/7"];
    expect(loose.map((path) => match(path))).toEqual(loose.map(() => ambiguous));
    const others = ["/auth/Login/x", "/auth/v1/otp", "/auth/v1.1/otp", "/API/token/", "/api/Token/sessions/"];
    expect(others.map((path) => match(path))).toEqual(others.map(() => "/*"));
  });
  it("have the JWK Set among them while there is one, for GET and HEAD", async () => {
    const match = await under("public");
    expect(match("/.Well-Known/JWKS.json")).toBe("/*");
    const { newKey } = await import("../../../scripts/keys/new-key.ts");
    const key = newKey("ES256", 1_800_000_000).signingKey;
    const asymmetric = await under("public", { SIGNING_KEY: key, ALGORITHM: "ES256" });
    expect([asymmetric("/.Well-Known/JWKS.json"), asymmetric("/.well-known/jwks.json/", "HEAD")]).toEqual([
      ...[ambiguous, ambiguous],
    ]);
    expect(asymmetric("/.Well-Known/JWKS.json", "POST")).toBe("/*");
    expect(asymmetric("/.well-known/openid-configuration")).toBe("/*");
  });
  it("leave the paths next to them to the rules", async () => {
    const match = await under("token");
    for (const path of ["/API/tokens/", "/api/token/other", "/API/token/other", "/_gateways", "/api", "/Sessions/7/"]) {
      expect([path, match(path)]).toEqual([path, "/*"]);
    }
  });
  it("are like any other path with PATHS = exact", async () => {
    expect((await under("public", { PATHS: "exact" }))("/API/token/")).toBe("/*");
  });
  it.each([
    "/api/token;x/",
    "/api;x/token/refresh",
    "/;x/_gateway/health/live",
    "/_gateway;x",
    "/%255fgateway/x",
    "/api/token%253Bx/",
  ])(
    "are not met by %s, whatever PATHS says: an origin that drops parameters or decodes twice would answer in their place",
    async (path) => {
      for (const PATHS of ["loose", "exact"]) expect((await under("public", { PATHS }))(path)).toBe(ambiguous);
    },
  );
});

describe("the comparison", () => {
  it("takes no longer than the path is long", async () => {
    const match = await matcher([{ path: "/admin/*", auth: "user" }, all]);
    for (const path of [
      `/${".".repeat(60_000)}x`,
      "/.a".repeat(20_000),
      "/a.".repeat(20_000),
      `/${"İ".repeat(9000)}`,
    ]) {
      expect(match(path)).toBe("/*");
    }
  });
  it("never lets a path by that an API reads as a guarded one, whichever way it folds paths", async () => {
    const guarded = [
      { path: "/Admin/Users/*", auth: "user" },
      { path: "/api/report/", auth: "user" },
      { path: "/data.json", auth: "user" },
    ];
    const match = await matcher([...guarded, all]);
    const segment = fc.constantFrom(
      "admin",
      "ADMIN",
      "Admin",
      "users",
      "Users",
      "api",
      "API",
      "report",
      "Report",
      "data",
      "x",
    );
    const ending = fc.constantFrom("", "/", ".json", ".JSON", ".json/", "/.json", ".a.b", "/x");
    const reads = (path: string) =>
      path
        .toLowerCase()
        .replace(/\/$/, "")
        .replace(/(\/?)\.[^/]*$/, "");
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), ending, (segments, end) => {
        const path = `/${segments.join("/")}${end}`;
        const read = reads(path);
        const isGuarded = /^\/admin\/users(\/|$)|^\/api\/report$|^\/data$/.test(read);
        if (isGuarded) expect(match(path)).not.toBe("/*");
        else expect(match(path)).toBe("/*");
      }),
      { numRuns: 2000 },
    );
  });
});
