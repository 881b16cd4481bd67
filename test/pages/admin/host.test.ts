// ADMIN_HOST: the admin page answers there and nowhere else, and nothing else answers there.
import { describe, expect, it } from "vitest";
import { readRequestUrl } from "../../../src/http/request-url.ts";
import { hostTest } from "../../../src/internal-routes/admin-path.ts";
import { addStaff, adminApp } from "../../support/admin.ts";
import { echoOrigin } from "../../support/app.ts";

const host = "admin.example.com";
const routes = [{ path: "/*", auth: "public" }];
const app = await adminApp({
  ADMIN_HOST: host,
  ORIGIN: echoOrigin,
  ROUTES: routes,
  CORS_ORIGINS: ["*"],
  CONSOLE: true,
});

const at = (url: string, init: RequestInit = {}) => app.fetch(new Request(url, init));
const statusAt = async (url: string, init: RequestInit = {}) => (await at(url, init)).status;

describe("on the host of ADMIN_HOST", () => {
  it("the admin page answers, and its forms work", async () => {
    const page = await at(`https://${host}/_gateway/admin/login`);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const { username } = await addStaff();
    const response = await at(`https://${host}/_gateway/admin/login`, {
      method: "POST",
      body: new URLSearchParams({ username, password: "pw" }),
      headers: { origin: `https://${host}`, "sec-fetch-site": "same-origin" },
    });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/_gateway/admin/"]);
  });
  it.each([
    ["GET", "/"],
    ["GET", "/notes/"],
    ["POST", "/api/token/"],
    ["POST", "/api/token/refresh/"],
    ["GET", "/_gateway/health/live"],
    ["GET", "/_gateway/health/ready"],
    ["GET", "/_gateway/openapi.json"],
    ["GET", "/_gateway/console"],
    ["GET", "/_gateway/administration"],
    ["GET", "/_gateway/Admin/login"],
    ["GET", "/_gateway/admin%2flogin"],
    ["OPTIONS", "/notes/"],
  ])("nothing else does: %s %s", async (method, path) => {
    const response = await at(`https://${host}${path}`, {
      method,
      headers: { origin: "https://app.example", "access-control-request-method": "GET" },
    });
    expect([response.status, await response.json()]).toEqual([404, { detail: "Not found." }]);
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
  });
  it("nothing else does, however the host is written", async () => {
    for (const written of ["admin.example.com:8443", "ADMIN.example.com", "admin.example.com."]) {
      expect([written, await statusAt(`https://${written}/notes/`)]).toEqual([written, 404]);
      expect([written, await statusAt(`https://${written}/_gateway/admin/login`)]).toEqual([written, 200]);
    }
  });
});

describe("on every other host", () => {
  it.each(["", "/", "/login", "/users/", "/nothing"])("the admin page is unknown: %j", async (path) => {
    for (const method of ["GET", "POST", "DELETE"]) {
      const response = await at(`https://gateway.example/_gateway/admin${path}`, { method });
      expect([response.status, await response.json()]).toEqual([404, { detail: "Not found." }]);
    }
  });
  it.each(["example.com", "xadmin.example.com", "admin.example.com.evil.example", "evil.example"])(
    "the API answers, also on one that looks like it: %s",
    async (other) => {
      expect(await statusAt(`https://${other}/notes/?${host}/`)).toBe(200);
      expect(await statusAt(`https://${other}/_gateway/health/live`)).toBe(200);
      expect(await statusAt(`https://${other}/_gateway/admin/login`)).toBe(404);
    },
  );
  it("everything is as it was without ADMIN_HOST", async () => {
    const shared = await adminApp({ ORIGIN: echoOrigin, ROUTES: routes });
    for (const other of [host, "gateway.example"]) {
      expect((await shared.fetch(new Request(`https://${other}/_gateway/admin/login`))).status).toBe(200);
      expect((await shared.fetch(new Request(`https://${other}/notes/`))).status).toBe(200);
    }
  });
});

describe("hostTest()", () => {
  it.each([
    ["admin.example", "http://ADMIN.Example/x", true],
    ["admin.example", "https://admin.example:444/", true],
    ["admin.example", "https://admin.example", true],
    ["admin.example", "https://user@admin.example/", true],
    ["admin.example", "https://admin.example.:80/", true],
    ["admin.example", "https://admin.example.com/", false],
    ["admin.example", "https://x/admin.example/", false],
    ["admin.example:443", "https://admin.example/", true],
    ["admin.example:443", "http://admin.example/", false],
    ["admin.example:80", "http://admin.example/", true],
    ["admin.example:8787", "http://admin.example:8787/", true],
    ["admin.example:8787", "http://admin.example:8788/", false],
    ["admin.example:8787", "http://admin.example/", false],
    ["[::1]:8787", "http://[::1]:8787/", true],
    ["[::1]", "http://[::1]:8787/", true],
    ["[::1]", "http://[::2]/", false],
  ])("of %s: %s is %s", (setting, url, expected) => {
    expect(hostTest(setting)(readRequestUrl(url))).toBe(expected);
  });
});
