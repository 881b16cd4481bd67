// What is said of ADMIN, ADMIN_HOST and CONSOLE.
import { describe, expect, test } from "vitest";
import { readSettings } from "../../../src/settings/read.ts";
import { testSecret } from "../../support/settings.ts";

const read = (vars: Readonly<Record<string, unknown>>) => {
  const { errors, warnings } = readSettings({ SIGNING_KEY: testSecret, ...vars });
  return { errors, warnings };
};
const adminIsOn = "ADMIN is on: staff can log in and change users at /_gateway/admin, from wherever it can be reached.";
const sharesItsHost =
  "ADMIN_HOST is not set: the admin page shares its host with the API, so a script on any page there can act as an admin who is logged in, except where the password is asked for again.";

describe("ADMIN", () => {
  test("warns of itself, and of a host that it shares with the API", () => {
    expect(read({ ADMIN: true })).toEqual({ errors: [], warnings: [adminIsOn, sharesItsHost] });
    expect(read({ ADMIN: true, ADMIN_HOST: "admin.example.com" })).toEqual({ errors: [], warnings: [adminIsOn] });
  });
});

describe("ADMIN_HOST", () => {
  test.each([
    ["admin.example.com"],
    ["admin.example.com:8443"],
    ["admin.example.com:443"],
    ["localhost:8787"],
    ["127.0.0.1:8787"],
    ["[::1]:8787"],
    ["xn--bcher-kva.example"],
    ["my_admin.example.com"],
  ])("may be %s", (ADMIN_HOST) => {
    expect(read({ ADMIN: true, ADMIN_HOST }).errors).toEqual([]);
  });

  test.each([
    ["Admin.example.com", "admin.example.com"],
    ["https://admin.example.com", "admin.example.com"],
    ["https://admin.example.com/_gateway/admin", "admin.example.com"],
    ["admin.example.com/", "admin.example.com"],
    ["admin.example.com.", "admin.example.com"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["*.example.com", undefined],
    ["admin.example.com:port", undefined],
    ["admin.example.com:99999", undefined],
    ["a b", undefined],
    ["admin@example.com", "example.com"],
    ["[::1", undefined],
  ])("may not be %s", (ADMIN_HOST, meant) => {
    const suggestion = meant === undefined ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
    expect(read({ ADMIN: true, ADMIN_HOST }).errors).toEqual([
      `ADMIN_HOST must be host[:port] in lower case, such as admin.example.com; it is ${JSON.stringify(ADMIN_HOST)}.${suggestion}`,
    ]);
  });

  test("needs ADMIN", () => {
    expect(read({ ADMIN_HOST: "admin.example.com" }).errors).toEqual([
      "ADMIN_HOST needs ADMIN: without it there is no admin page.",
    ]);
    expect(read({ ADMIN_HOST: "" })).toEqual({ errors: [], warnings: [] });
  });

  test("is no name that a variable of somebody's own is taken for", () => {
    expect(read({ ADMIN_HOSTS: "a", ADMIN_PORT: "1" }).errors).toEqual([]);
  });
});
