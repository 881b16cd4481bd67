import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Refusal } from "../../../src/errors.ts";
import { readRequestUrl } from "../../../src/http/request-url.ts";
import { matchRule } from "../../../src/proxy/routes/match.ts";
import { canonicalPath } from "../../../src/proxy/routes/path.ts";
import { readPolicy } from "../../../src/proxy/routes/policy.ts";
import { reasonOf } from "../../support/context.ts";
import { settingsOf } from "../../support/settings.ts";

type Route = { readonly path: string; readonly methods?: readonly string[] };

function match(routes: readonly Route[], path: string, method = "GET"): string {
  const ROUTES = routes.map((route) => ({ auth: "token", ...route }));
  const { rules, errors } = readPolicy(settingsOf({ ROUTES }));
  expect(errors).toEqual([]);
  return matchRule(rules, method, canonicalPath(readRequestUrl(`https://gateway.example${path}`)), undefined).path;
}

describe("matchRule() of a prefix", () => {
  test.each(["/a", "/a/", "/a/b", "/a/b/c/", "/a/*", "/a/%20", "/a/;x"])("matches %s with /a/*", (path) => {
    expect(match([{ path: "/a/*" }], path)).toBe("/a/*");
  });

  test.each(["/", "/ab", "/ab/c", "/A", "/A/b", "/a.b", "/b/a"])("never matches %s with /a/*", async (path) => {
    expect(await reasonOf(() => match([{ path: "/a/*" }], path))).toBe("no_route");
  });

  test.each(["/", "/a", "/a/b/", "/%C3%A9"])("matches %s with /*", (path) => {
    expect(match([{ path: "/*" }], path)).toBe("/*");
  });
});

describe("matchRule() of an exact path", () => {
  test.each([
    ["/a", "/a"],
    ["/a/", "/a/"],
    ["/", "/"],
    ["/a", "/a?b=c"],
  ])("matches %s with %s", (pattern, path) => {
    expect(match([{ path: pattern }], path)).toBe(pattern);
  });

  test.each([
    ["/a", "/a/"],
    ["/a/", "/a"],
    ["/a", "/A"],
    ["/a", "/a/b"],
    ["/", "/a"],
  ])("never matches %s with %s", async (pattern, path) => {
    expect(await reasonOf(() => match([{ path: pattern }], path))).toBe("no_route");
  });
});

describe("matchRule()", () => {
  test("takes the first rule that fits", () => {
    const routes = [{ path: "/a/b" }, { path: "/a/*" }, { path: "/*" }];
    expect(match(routes, "/a/b")).toBe("/a/b");
    expect(match(routes, "/a/b/")).toBe("/a/*");
    expect(match(routes, "/b")).toBe("/*");
  });

  test("compares methods exactly: HEAD is not GET, and small letters are another method", async () => {
    const routes = [{ path: "/*", methods: ["GET"] }];
    expect(match(routes, "/", "GET")).toBe("/*");
    for (const method of ["HEAD", "get", "Get", "POST", "OPTIONS", ""]) {
      expect(await reasonOf(() => match(routes, "/", method))).toBe("no_route");
    }
  });

  test("goes on to later rules when the method does not fit", () => {
    const routes = [{ path: "/a/*", methods: ["GET"] }, { path: "/a/*", methods: ["POST"] }, { path: "/*" }];
    expect(match(routes, "/a/x", "POST")).toBe("/a/*");
    expect(match(routes, "/a/x", "DELETE")).toBe("/*");
  });

  test("has no rule without routes", async () => {
    expect(await reasonOf(() => match([], "/"))).toBe("no_route");
  });
});

describe("matchRule() of an encoded path", () => {
  const routes = [{ path: "/admin/*" }, { path: "/*" }];

  test.each(["/%61dmin", "/%61dmin/users", "/a%64min/", "/adm%69n/%75sers"])(
    "refuses %s: decoded and as sent it has different rules",
    async (path) => {
      expect(await reasonOf(() => match(routes, path))).toBe("path_ambiguous");
    },
  );

  test("refuses one that has a rule in one reading only", async () => {
    expect(await reasonOf(() => match([{ path: "/admin" }], "/%61dmin"))).toBe("path_ambiguous");
    expect(await reasonOf(() => match([{ path: "/a(b" }], "/a%28b"))).toBe("path_ambiguous");
  });

  test("refuses one that differs by method only in one reading", async () => {
    const byMethod = [{ path: "/admin", methods: ["POST"] }, { path: "/*" }];
    expect(await reasonOf(() => match(byMethod, "/%61dmin", "POST"))).toBe("path_ambiguous");
    expect(match(byMethod, "/%61dmin", "GET")).toBe("/*");
  });

  test.each([
    ["/admin/a%20b", "/admin/*"],
    ["/admin/%61", "/admin/*"],
    ["/other/%61", "/*"],
    ["/100%25", "/*"],
  ])("matches %s, which has one rule in both readings, with %s", (path, pattern) => {
    expect(match(routes, path)).toBe(pattern);
  });

  test("reads escapes in either case, however long the path is behind the last character that a rule has", () => {
    const rules = [{ path: "/café" }, { path: "/café/*" }, { path: "/*" }];
    expect(match(rules, "/caf%c3%a9")).toBe("/café");
    for (const rest of ["/", "/%c3%bc", "/%C3%bc", "/x%c3%bc", `/${"%c3%bc".repeat(2000)}`]) {
      expect(match(rules, `/caf%c3%a9${rest}`)).toBe("/café/*");
    }
    for (const rest of ["x", "%c3%bc", "%61", "%C3%A9/x", "%c3%a9".repeat(2000)]) {
      expect(match(rules, `/caf%c3%a9${rest}`)).toBe("/*");
    }
  });
  test.each(["/caf%C3%A9", "/caf%c3%a9", "/caf%c3%A9/menu"])(
    "matches %s with /café/*, in small letters too",
    (path) => {
      expect(match([{ path: "/café/*" }, { path: "/*" }], path)).toBe("/café/*");
    },
  );

  test("has no rule for one that has none in either reading", async () => {
    expect(await reasonOf(() => match([{ path: "/a" }], "/%C3%A9"))).toBe("no_route");
  });
});

describe("matchRule() of a path with parameters, which Java servers cut off,", () => {
  const routes = [{ path: "/admin/*" }, { path: "/*" }];

  test.each(["/admin;x", "/admin;x/users", "/admin;/users", "/admin;a=b;c"])(
    "refuses %s: without them it has another rule",
    async (path) => {
      expect(await reasonOf(() => match(routes, path))).toBe("path_ambiguous");
      expect(await reasonOf(() => match([{ path: "/admin" }], path.replace("/users", "")))).toBe("path_ambiguous");
    },
  );

  test.each([
    ["/admin/users;v=1", "/admin/*"],
    ["/admin/users;v=1/x;y", "/admin/*"],
    ["/other;x", "/*"],
  ])("matches %s, which has one rule with them and without, with %s", (path, pattern) => {
    expect(match(routes, path)).toBe(pattern);
  });
});

describe("matchRule() of a path whose query begins at its first semicolon, as in Fastify 4,", () => {
  const routes = [{ path: "/api/report" }, { path: "/api/*" }, { path: "/*" }];

  test.each(["/api/report;x/y", "/api/report;/y", "/api;x/y/z", "/api/report%3Bx/y", "/api/report%253Bx/y"])(
    "refuses %s: up to there it has another rule",
    async (path) => {
      expect(await reasonOf(() => match(routes, path))).toBe("path_ambiguous");
    },
  );

  test.each([
    ["/api/cars;colour=red/2014", "/api/*"],
    ["/api/other;x", "/api/*"],
    ["/cars;colour=red/2014", "/*"],
  ])("matches %s, which has one rule in each reading, with %s", (path, pattern) => {
    expect(match(routes, path)).toBe(pattern);
  });
});

describe("matchRule() of a path that is encoded twice, with something that cannot be decoded,", () => {
  const routes = [{ path: "/admin/*" }, { path: "/*" }];

  test.each(["/%2561dmin/%25zz", "/%2561dmin/%25", "/%2561dmin/%25c0%25af", "/%2561dmin/%25e4"])(
    "refuses %s: a lenient origin decodes the rest of it",
    async (path) => {
      expect(await reasonOf(() => match(routes, path))).toBe("path_ambiguous");
    },
  );

  test.each(["/100%25zz", "/%25zz/%2561", "/50%25/%25c0"])("matches %s, which has one rule in each reading", (path) => {
    expect(match(routes, path)).toBe("/*");
  });
});

describe("matchRule(), whatever the path,", () => {
  const segment = fc.stringMatching(/^[a-c%.;~-]{1,5}$/);
  const anyPath = fc.array(fc.oneof(segment, fc.constantFrom("a", "%61", "%C3%A9", "admin", "%61dmin", ";x")), {
    maxLength: 4,
  });
  const { rules } = readPolicy(
    settingsOf({
      ROUTES: [
        { path: "/admin/*", auth: "token" },
        { path: "/*", auth: "public" },
      ],
    }),
  );

  test("never gives the public rule to one that could be read as a guarded path", () => {
    fc.assert(
      fc.property(anyPath, (segments) => {
        const url = `https://gateway.example/${segments.join("/")}`;
        const pattern = patternOf(url);
        fc.pre(pattern !== undefined);
        const readings = [new URL(url).pathname, decodeURIComponent(new URL(url).pathname)].flatMap((path) => [
          path,
          path.replace(/;[^/]*/g, ""),
        ]);
        const guarded = readings.map((path) => /^\/admin(\/|$)/.test(path));
        expect(guarded).toEqual(guarded.map(() => pattern === "/admin/*"));
      }),
      { numRuns: 2000 },
    );
  });

  test("takes a prefix for whole segments only", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_~-]{0,8}(\/[a-z]{1,3})?$/), (rest) => {
        expect(patternOf(`https://gateway.example/admin${rest}`)).toBe(
          rest === "" || rest.startsWith("/") ? "/admin/*" : "/*",
        );
      }),
    );
  });

  function patternOf(url: string): string | undefined {
    try {
      return matchRule(rules, "GET", canonicalPath(readRequestUrl(url)), undefined).path;
    } catch (error) {
      if (error instanceof Refusal && error.reason === "path_ambiguous") return undefined;
      throw error;
    }
  }
});
