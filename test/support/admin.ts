// The admin page in workerd as a browser meets it: a jar for its one cookie, forms from its own pages.
// Must never follow a redirect: where it leads is what tests look at.
import { expect, vi } from "vitest";
import type { App } from "../../src/app.ts";
import type { Hooks } from "../../src/hooks.ts";
import type { User } from "../../src/users/user.ts";
import { appWith } from "./app.ts";
import { addUser } from "./users.ts";

/** "pw" by Django's PBKDF2 hasher with 1,000 rounds, made with Python's hashlib: quick to check. */
export const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";

export const origin = "https://gateway.example";
export const admin = "/_gateway/admin";

/** ADMIN on, and hashes left as they are. */
export const adminApp = (vars: Readonly<Record<string, unknown>> = {}, hooks: Hooks = {}): Promise<App> =>
  appWith({ ADMIN: true, UPGRADE_PASSWORD_HASHES: false, ORIGIN_URL: "https://origin.example", ...vars }, hooks);

/** What a browser adds to a form that is sent from a page of the same origin. */
export const ownPage = { origin, "sec-fetch-site": "same-origin" } as const;

export interface Visitor {
  /** The cookie that the browser would send; undefined while there is none. */
  cookie: string | undefined;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  post(
    path: string,
    fields?: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  /** The text of a page that has to be there. */
  page(path: string): Promise<string>;
}

export function visitorOf(app: App): Visitor {
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (visitor.cookie !== undefined) headers.set("cookie", visitor.cookie);
    const response = await app.fetch(new Request(`${origin}${admin}${path}`, { ...init, headers }));
    const [pair = ""] = (response.headers.get("set-cookie") ?? "").split(";");
    if (pair === "__Host-admin=") visitor.cookie = undefined;
    else if (pair.startsWith("__Host-admin=")) visitor.cookie = pair;
    return response;
  };
  const visitor: Visitor = {
    cookie: undefined,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, fields = {}, headers = ownPage) =>
      send(path, { method: "POST", body: new URLSearchParams(fields), headers }),
    page: async (path) => {
      const response = await visitor.get(path);
      expect(response.status).toBe(200);
      return response.text();
    },
  };
  return visitor;
}

/** A user who can log in with "pw". */
export const addStaff = (change: Partial<User> = {}): Promise<User> =>
  addUser({ password: hashOfPw, is_staff: true, ...change });

/** A visitor who is logged in. */
export async function loggedIn(app: App, user: User): Promise<Visitor> {
  const visitor = visitorOf(app);
  const response = await visitor.post("/login", { username: user.username, password: "pw" });
  expect([response.status, response.headers.get("location")]).toEqual([303, "/_gateway/admin/"]);
  return visitor;
}

/** The lines of the log from now on that are about the admin page, without the requests' ids. */
export function adminLog(): readonly Readonly<Record<string, unknown>>[] {
  const lines: Readonly<Record<string, unknown>>[] = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => {
    const { request_id: requestId, ...line } = JSON.parse(text) as Record<string, unknown>;
    if (!String(line.event).startsWith("admin_")) return;
    expect(requestId).toMatch(/^[0-9a-f]{32}$/);
    lines.push(line);
  });
  return lines;
}
