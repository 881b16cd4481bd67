// ERROR_REASONS through the whole app: what a client reads in WWW-Authenticate, at routes and at token endpoints.
import { describe, expect, it } from "vitest";
import { appWith, echoOrigin, postJson } from "../support/app.ts";
import { craft } from "../support/craft.ts";

const now = Math.floor(Date.now() / 1000);
const claims = {
  token_type: "access",
  exp: now + 300,
  iat: now,
  jti: "0123456789abcdef0123456789abcdef",
  user_id: "7",
};
const refresh = { ...claims, token_type: "refresh", exp: now - 1 };
const routes = [
  { path: "/staff", auth: "token", require: { is_staff: true } },
  { path: "/*", auth: "token" },
];
const appOf = (ERROR_REASONS: boolean) => appWith({ ERROR_REASONS, ORIGIN: echoOrigin, ROUTES: routes });

const get = (path: string, authorization?: string) =>
  new Request(`https://gateway.example${path}`, {
    headers: authorization === undefined ? {} : { authorization },
  });

const bearer = (changed: object, options: Omit<Parameters<typeof craft>[0], "claims"> = {}) =>
  `Bearer ${craft({ ...options, claims: { ...claims, ...changed } })}`;
const [head, payload] = craft({ claims }).split(".");

const cases: ReadonlyArray<readonly [string, () => Request, number, string | null]> = [
  ["no token", () => get("/x"), 401, ""],
  ["another scheme", () => get("/x", "Basic eA=="), 401, ""],
  [
    "a header of three parts",
    () => get("/x", "Bearer a b"),
    401,
    "invalid_request: The header must hold a scheme and one token",
  ],
  ["an expired token", () => get("/x", bearer({ exp: now - 60 })), 401, "invalid_token: The token is expired"],
  [
    "a refresh token",
    () => get("/x", bearer({ token_type: "refresh" })),
    401,
    "invalid_token: The token is of another type",
  ],
  ["a token of nobody", () => get("/x", bearer({ user_id: undefined })), 401, "invalid_token: The token names no user"],
  [
    "a token from tomorrow",
    () => get("/x", bearer({ iat: now + 86_400 })),
    401,
    "invalid_token: The token is not valid yet",
  ],
  ["what is no token", () => get("/x", "Bearer x"), 401, "invalid_token: The token could not be verified"],
  [
    "another key",
    () => get("/x", bearer({}, { secret: "x".repeat(32) })),
    401,
    "invalid_token: The token could not be verified",
  ],
  [
    "a broken signature",
    () => get("/x", `Bearer ${head}.${payload}.AAAA`),
    401,
    "invalid_token: The token could not be verified",
  ],
  [
    "no algorithm",
    () => get("/x", bearer({}, { header: { alg: "none" } })),
    401,
    "invalid_token: The token could not be verified",
  ],
  [
    "another algorithm",
    () => get("/x", bearer({}, { header: { alg: "HS512" }, hash: "sha512" })),
    401,
    "invalid_token: The token could not be verified",
  ],
  [
    "a token without a claim that the route wants",
    () => get("/staff", bearer({})),
    403,
    "insufficient_scope: The token does not grant this",
  ],
  ["no route", () => get("/_gateway/x", bearer({})), 404, null],
  [
    "an expired refresh token",
    () => postJson("/api/token/refresh/", { refresh: craft({ claims: refresh }) }),
    401,
    "invalid_token: The token is expired",
  ],
  [
    "a forged refresh token",
    () => postJson("/api/token/refresh/", { refresh: "x.y.z" }),
    401,
    "invalid_token: The token could not be verified",
  ],
  ["a wrong password", () => postJson("/api/token/", { username: "nobody", password: "x" }), 401, ""],
];

/** "" is a challenge without an error, null is none. */
function challengeText(said: string | null): string | null {
  if (said === null) return null;
  const [error, description = ""] = said.split(": ");
  return `Bearer realm="api"${said === "" ? "" : `, error="${error}", error_description="${description}"`}`;
}

describe("with ERROR_REASONS", () => {
  it.each(cases)("%s is answered with its reason", async (_what, request, status, said) => {
    const response = await (await appOf(true)).fetch(request());
    expect(response.status).toBe(status);
    expect(response.headers.get("www-authenticate")).toBe(challengeText(said));
  });
});

describe("with ERROR_REASONS or without", () => {
  it.each(cases)("%s has the same status and body", async (_what, request) => {
    const [on, off] = [await (await appOf(true)).fetch(request()), await (await appOf(false)).fetch(request())];
    expect(on.status).toBe(off.status);
    expect(await on.text()).toBe(await off.text());
  });
});

describe("without ERROR_REASONS", () => {
  it.each(cases)("%s is answered as Simple JWT answers", async (_what, request, status) => {
    const response = await (await appOf(false)).fetch(request());
    expect(response.headers.get("www-authenticate")).toBe(status === 401 ? 'Bearer realm="api"' : null);
  });
});
