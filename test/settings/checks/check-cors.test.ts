// The CORS settings: which origins, methods and headers may be named, and what must not stand together.
import { describe, expect, test } from "vitest";
import { readSettings } from "../../../src/settings/read.ts";
import { testSecret } from "../../support/settings.ts";

const read = (vars: Readonly<Record<string, unknown>>) => {
  const { errors, warnings } = readSettings({ SIGNING_KEY: testSecret, ...vars });
  return { errors, warnings };
};
const good = { errors: [], warnings: [] };
const one = { CORS_ORIGINS: ["https://app.example"] };

describe("CORS_ORIGINS", () => {
  test.each([
    "https://app.example",
    "https://app.example:8443",
    "https://a.b.c.app.example",
    "https://xn--bcher-kva.example",
    "http://localhost:5173",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
    "https://[2001:db8::1]",
    "capacitor://localhost",
    "ionic://localhost",
    "tauri://localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://0b1c2d3e-0000-4000-8000-000000000000",
    "*",
  ])("may be %j", (origin) => {
    expect(read({ CORS_ORIGINS: [origin] })).toEqual(good);
    expect(read({ CORS_ORIGINS: origin })).toEqual(good);
  });

  const expected = "scheme://host[:port] in lower case, without a path, a trailing slash or a wildcard";
  test.each([
    ["https://app.example/", "https://app.example"],
    ["https://app.example/login", "https://app.example"],
    ["https://app.example?a=b", "https://app.example"],
    ["https://app.example#a", "https://app.example"],
    ["https://App.Example", "https://app.example"],
    ["HTTPS://app.example", "https://app.example"],
    ["https://app.example:443", "https://app.example"],
    ["http://localhost:80", "http://localhost"],
    ["https://ada@app.example", "https://app.example"],
    ["https://bücher.example", "https://xn--bcher-kva.example"],
    ["https://app.example ", "https://app.example"],
    ["https:app.example", "https://app.example"],
  ])("may not be %j, and says what was probably meant", (origin, meant) => {
    expect(read({ CORS_ORIGINS: [origin] }).errors).toEqual([
      `CORS_ORIGINS has ${JSON.stringify(origin)}, which is not an origin (${expected}). Did you mean "${meant}"?`,
    ]);
  });

  test.each([
    "null",
    "app.example",
    "//app.example",
    "https://*.app.example",
    "https://app.*",
    "https://",
    "http://*",
    "**",
    "file://",
    "data:text/html,x",
    "ftp://app.example",
    "ws://app.example",
    "htps://app.example",
    "capacitor://localhost/",
    "https://app.example, https://b.example",
    "/^https:/",
  ])("may not be %j", (origin) => {
    expect(read({ CORS_ORIGINS: [origin] }).errors).toEqual([
      `CORS_ORIGINS has ${JSON.stringify(origin)}, which is not an origin (${expected}).`,
    ]);
  });

  test("reports each entry that is no origin", () => {
    expect(read({ CORS_ORIGINS: ["null", "https://app.example", "b.example"] }).errors).toHaveLength(2);
  });

  test("has * alone or not at all", () => {
    expect(read({ CORS_ORIGINS: ["*", "https://app.example"] }).errors).toEqual([
      'CORS_ORIGINS has "*" next to other origins: it must be the only one.',
    ]);
  });

  test("warns of plain http but on this machine", () => {
    expect(read({ CORS_ORIGINS: ["http://app.example", "http://localhost.evil.example"] })).toEqual({
      errors: [],
      warnings: [
        "CORS_ORIGINS has http://app.example: anyone on its visitors' network can impersonate it.",
        "CORS_ORIGINS has http://localhost.evil.example: anyone on its visitors' network can impersonate it.",
      ],
    });
  });
});

describe("without CORS_ORIGINS", () => {
  test.each([
    ["CORS_METHODS", ["GET"]],
    ["CORS_HEADERS", ["X-A"]],
    ["CORS_EXPOSE_HEADERS", ["X-A"]],
    ["CORS_CREDENTIALS", true],
    ["CORS_MAX_AGE", 600],
  ])("%s is an error", (name, value) => {
    const errors = [`${name} needs CORS_ORIGINS: without it CORS is off.`];
    expect(read({ [name]: value }).errors).toEqual(errors);
    expect(read({ CORS_ORIGINS: [], [name]: value }).errors).toEqual(errors);
    expect(read({ ...one, [name]: value })).toEqual(good);
  });
});

test("CORS_CREDENTIALS must not be combined with *", () => {
  expect(read({ CORS_ORIGINS: "*", CORS_CREDENTIALS: true }).errors).toEqual([
    'CORS_CREDENTIALS must not be true while CORS_ORIGINS is "*": any page could act with its visitors\' cookies.',
  ]);
  expect(read({ CORS_ORIGINS: "*", CORS_CREDENTIALS: false })).toEqual(good);
});

test.each([["get"], ["GET,POST"], ["GET POST"], ["*"], ["GET\r\nX: y"], ["PATCH "]])(
  "CORS_METHODS may not have %j",
  (method) => {
    expect(read({ ...one, CORS_METHODS: ["GET", method] }).errors).toEqual([
      `CORS_METHODS has ${JSON.stringify(method)}, which is not a method name in capitals.`,
    ]);
  },
);

test.each([["*"], ["X-A, X-B"], ["X A"], ["X-A:"], ["X-A\r\nSet-Cookie"], ["Zoë"]])(
  "CORS_HEADERS may not have %j",
  (header) => {
    expect(read({ ...one, CORS_HEADERS: ["Authorization", header] }).errors).toEqual([
      `CORS_HEADERS has ${JSON.stringify(header)}, which is not a header name.`,
    ]);
  },
);

test.each([["X-A, X-B"], ["X A"], ["X-A:"], ["X-A\r\nSet-Cookie"], ["Zoë"]])(
  "CORS_EXPOSE_HEADERS may not have %j",
  (header) => {
    expect(read({ ...one, CORS_EXPOSE_HEADERS: ["ETag", header] }).errors).toEqual([
      `CORS_EXPOSE_HEADERS has ${JSON.stringify(header)}, which is not a header name.`,
    ]);
  },
);

test("CORS_EXPOSE_HEADERS may be *, but not with credentials, where browsers take it for a name", () => {
  expect(read({ ...one, CORS_EXPOSE_HEADERS: "*" })).toEqual(good);
  expect(read({ ...one, CORS_EXPOSE_HEADERS: ["ETag", "*"], CORS_CREDENTIALS: true }).errors).toEqual([
    'CORS_EXPOSE_HEADERS must not have "*" while CORS_CREDENTIALS is true: browsers take it for a header\'s name.',
  ]);
});

test("all of them together, as a dashboard sends them", () => {
  expect(
    read({
      CORS_ORIGINS: '["https://app.example","https://admin.example"]',
      CORS_METHODS: '["GET","M-SEARCH"]',
      CORS_HEADERS: '["Authorization","X-CSRFToken"]',
      CORS_EXPOSE_HEADERS: '["X-Total-Count","ETag"]',
      CORS_CREDENTIALS: "true",
      CORS_MAX_AGE: "2h",
    }),
  ).toEqual(good);
});
