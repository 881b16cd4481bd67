// Django with integrations/django behind the gateway: the life of users, with each way to judge log-ins.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../scripts/start/ports.ts";
import { type DjangoDatabase, type DjangoServer, openDjangoDatabase, startDjango } from "./django.ts";
import { APP_DIRECTORY } from "./django-app.ts";
import { type GatewayServer, startGateway } from "./gateway.ts";
import { logInAtAdmin } from "./html-form.ts";
import { newKeys } from "./keys.ts";
import { manage } from "./python.ts";
import type { Report } from "./report.ts";
import { good, loginRefused, obtain, type Pair, refresh, refused, type WhoAmI } from "./side.ts";
import type { TemporaryFolder } from "./temporary-folder.ts";

/** A way to run beside an API: how log-ins are judged. */
export interface Mode {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

const modes: readonly Mode[] = [
  { name: 'LOGIN = "gateway"', settings: { LOGIN: "gateway" } },
  { name: 'LOGIN = "fallback"', settings: { LOGIN: "fallback" } },
  { name: 'LOGIN = "origin"', settings: { LOGIN: "origin" } },
  { name: 'LOGIN = "origin", RESIGN', settings: { LOGIN: "origin", RESIGN: true } },
];

const PASSWORD = "correct horse battery staple";
const NEW_PASSWORD = "battery $taple ñ";
const ADMIN = { username: "root", password: "only for the admin page" };
/** Shorter than the default, so that the wait for it is. */
const CACHE_SECONDS = 3;

/** Routes with each kind of revocation; the views of accounts and the admin page look after themselves. */
const routes = [
  { path: "/admin/*", auth: "public" },
  { path: "/api/accounts/me/*", auth: "token" },
  { path: "/api/accounts/*", auth: "public" },
  { path: "/api/public/*", auth: "public" },
  { path: "/api/strict/*", auth: "token", revocation: "strict" },
  { path: "/api/cached/*", auth: "token", revocation: "cached" },
  { path: "/*", auth: "token" },
];

export interface Walk {
  readonly report: Report;
  readonly mode: Mode;
  readonly gateway: GatewayServer;
  readonly database: DjangoDatabase;
  django: DjangoServer;
  /** A second process of the gateway, with the same D1 and KV but what it remembers. */
  startSecond(): Promise<GatewayServer>;
  /** Starts Django again after it has died. */
  restart(): Promise<void>;
}

/** What outlives the modes. */
export interface BehindGround {
  readonly folder: TemporaryFolder;
  /** The Worker, bundled. */
  readonly bundle: string;
}

/** @param only the name of one mode, while somebody works on it */
export async function proveBehindGateway(report: Report, ground: BehindGround, only?: string): Promise<void> {
  for (const mode of modes.filter(({ name }) => only === undefined || name === only)) {
    await withDjangoBehind(report, ground, mode, walk).catch((error: unknown) =>
      report.fail(`${mode.name}: everything can be tried`, error),
    );
  }
}

/** Starts both with the same keys, lets `work` have them, stops both. */
export async function withDjangoBehind(
  report: Report,
  { folder, bundle }: BehindGround,
  mode: Mode,
  work: (walk: Walk) => Promise<void>,
): Promise<void> {
  const path = join(folder.path, `behind-${randomBytes(4).toString("hex")}`);
  await mkdir(path);
  const [keys, secret] = [newKeys("HS256"), randomBytes(32).toString("base64")];
  const [gatewayPort, djangoPort] = [await freePort(), await freePort()];
  const originUrl = `http://127.0.0.1:${djangoPort}`;
  const database = await openDjangoDatabase(path, {
    PYTHONPATH: [APP_DIRECTORY, process.env.PYTHONPATH].filter((one) => one !== undefined).join(":"),
    INTEROP_EDGE_URL: `http://127.0.0.1:${gatewayPort}`,
    INTEROP_EDGE_KEY: secret,
    DJANGO_SUPERUSER_PASSWORD: ADMIN.password,
  });
  const rotation = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
  const start = () => startDjango(database, keys, rotation, djangoPort);
  const django = await start();
  const settings = {
    ...{ ...rotation, ROUTES: routes, REVOCATION_CACHE_SECONDS: CACHE_SECONDS },
    ...{ EVENTS_URL: `${originUrl}/simplejwt-edge/events/`, ...mode.settings },
  };
  const options = { bundle, originUrl, keys, settings, secrets: { PROVISIONING_KEY: secret } };
  const gateway = await startGateway(folder, { ...options, port: gatewayPort });
  const walking: Walk = {
    ...{ report, mode, gateway, database, django },
    startSecond: () => startGateway(folder, { ...options, stateOf: gateway }),
    async restart() {
      await walking.django.stop();
      walking.django = await start();
    },
  };
  try {
    await work(walking);
  } finally {
    await gateway.stop();
    await walking.django.stop();
  }
}

async function walk(walking: Walk): Promise<void> {
  const { report, mode, gateway, database } = walking;
  const prove = (sentence: string, work: () => Promise<void>) => report.prove(`${mode.name}: ${sentence}`, work);
  const push = (...flags: string[]) => manage(["push_users", ...flags], database.env);
  const post = (path: string, json: unknown) => gateway.ask(path, { json });
  const signUp = async (username: string, more = {}): Promise<number> => {
    const answer = await post("/api/accounts/", { username, password: PASSWORD, ...more });
    equal(answer.status, 201, answer.text);
    equal(answer.headers.get("x-gateway-users"), null);
    return (JSON.parse(answer.text) as { readonly id: number }).id;
  };
  const logIn = (username: string, password = PASSWORD): Promise<Pair> => obtain(gateway, username, password);
  const whoAmI = (token: string, path = "/api/whoami/"): Promise<WhoAmI> => good<WhoAmI>(gateway, path, { token });

  await prove("who signs up can log in and call the API at once", async () => {
    const id = await signUp("ada");
    const { access } = await logIn("ada");
    const { id: known, username } = await whoAmI(access);
    deepEqual([known, username], [id, "ada"]);
    const row = await gateway.database
      .prepare("SELECT username, is_active, extra FROM users WHERE id = ?")
      .bind(String(id))
      .first();
    deepEqual(row, { username: "ada", is_active: 1, extra: '{"groups":[]}' });
  });

  await prove("push_users has the header's changes confirmed, and nothing is left", async () => {
    equal(await push(), "0 applied, 1 unchanged, 0 refused\n");
    equal(await push(), "0 applied, 0 unchanged, 0 refused\n");
  });

  await prove("after a reset the old refresh token is dead and the new password works, both at once", async () => {
    await signUp("bob");
    const old = await logIn("bob");
    equal((await post("/api/accounts/reset/", { username: "bob", password: NEW_PASSWORD })).status, 200);
    const { access } = await logIn("bob", NEW_PASSWORD);
    await refused(gateway, "/api/token/refresh/", { json: { refresh: old.refresh } });
    await refused(gateway, "/api/strict/", { token: old.access });
    await loginRefused(gateway, "bob", PASSWORD);
    for (const path of ["/api/strict/", "/api/cached/"]) {
      match((await whoAmI(access, path)).x_user_id ?? "", /^\d+$/);
    }
  });

  await prove("a log-in with the old password while the reset is at work gives nothing that lasts", async () => {
    await signUp("beth");
    const resetting = post("/api/accounts/reset/", { username: "beth", password: NEW_PASSWORD, seconds: 3 });
    await sleep(1500);
    const pair = await logIn("beth").catch(() => undefined);
    equal((await resetting).status, 200);
    if (pair === undefined) return;
    await refused(gateway, "/api/token/refresh/", { json: { refresh: pair.refresh } });
    await refused(gateway, "/api/strict/", { token: pair.access });
  });

  await prove("who is renamed logs in with the new name at once, and keeps the session", async () => {
    await signUp("carol");
    const pair = await logIn("carol");
    const renamed = await gateway.ask("/api/accounts/me/", {
      ...{ method: "PATCH", token: pair.access, json: { username: "caroline" } },
    });
    equal(renamed.status, 200, renamed.text);
    equal((await whoAmI((await logIn("caroline")).access)).username, "caroline");
    await loginRefused(gateway, "carol", PASSWORD);
    await refresh(gateway, pair.refresh);
  });

  await prove("who is deactivated in Django's admin is refused at once, and by cached routes in time", async () => {
    const id = await signUp("dave");
    await manage(
      ["createsuperuser", "--noinput", "--username", ADMIN.username, "--email", "root@example.com"],
      database.env,
    );
    const pair = await logIn("dave");
    const admin = await logInAtAdmin(gateway, ADMIN.username, ADMIN.password);
    const second = mode === modes[0] ? await walking.startSecond() : undefined;
    const all = second === undefined ? [gateway] : [gateway, second];
    try {
      for (const one of all) await good(one, "/api/strict/", { token: pair.access });
      // Asked all the time, so that every cache has just learned that the user is good.
      const refusals = all.map((one) => timeOfRefusal(one, pair.access));
      await sleep(1000);
      await admin.submit(`/admin/auth/user/${id}/change/`, (fields) => fields.delete("is_active"));
      const answered = performance.now();
      await refused(gateway, "/api/token/refresh/", { json: { refresh: pair.refresh } });
      for (const one of all) await refused(one, "/api/strict/", { token: pair.access });
      await loginRefused(gateway, "dave", PASSWORD);
      for (const [index, time] of (await Promise.all(refusals)).entries()) {
        const seconds = Math.max(0, (time - answered) / 1000);
        ok(seconds <= CACHE_SECONDS + 1, `a cached route refused after ${seconds} s`);
        report.note(
          `a route with "cached" refused the deactivated user ${seconds.toFixed(1)} s after the admin's answer in ` +
            `${index === 0 ? "the process that got the change" : "another process"}; REVOCATION_CACHE_SECONDS = ` +
            `${CACHE_SECONDS}, local KV (Cloudflare's adds up to 60 s)`,
        );
      }
    } finally {
      await second?.stop();
    }
  });

  await prove("who is deleted is refused at once; made again with the same id, no old token is good", async () => {
    const id = await signUp("erin");
    const pair = await logIn("erin");
    equal((await gateway.ask("/api/accounts/me/", { method: "DELETE", token: pair.access })).status, 204);
    await refused(gateway, "/api/token/refresh/", { json: { refresh: pair.refresh } });
    await loginRefused(gateway, "erin", PASSWORD);
    equal(await signUp("erin-again", { id }), id);
    await refused(gateway, "/api/token/refresh/", { json: { refresh: pair.refresh } });
    await refused(gateway, "/api/strict/", { token: pair.access });
    equal((await whoAmI((await logIn("erin-again")).access)).id, id);
  });

  await prove("when the API dies in the middle of a reset, the next push brings it", async () => {
    await signUp("frank");
    const pair = await logIn("frank");
    const answer = await post("/api/accounts/reset-and-die/", { username: "frank", password: NEW_PASSWORD });
    equal(answer.status, 502, answer.text);
    await walking.restart();
    match(await push(), /^\d+ applied, \d+ unchanged, 0 refused\n$/);
    await refused(gateway, "/api/token/refresh/", { json: { refresh: pair.refresh } });
    await loginRefused(gateway, "frank", PASSWORD);
    await logIn("frank", NEW_PASSWORD);
  });

  if (mode.settings.LOGIN !== "gateway") {
    await prove("when the API dies in the middle of a log-in, that is 503 and never 401", async () => {
      const answer = await post("/api/token/", { username: "kills-the-api", password: PASSWORD });
      deepEqual([answer.status, answer.headers.has("retry-after")], [503, true]);
      await walking.restart();
    });
  }

  // What follows is the same however log-ins are judged.
  if (mode !== modes[0]) return;

  await prove("a log-in at the gateway is one in Django: last_login, and the signal that writes it", async () => {
    const id = await signUp("ivan");
    await logIn("ivan");
    const lastLogin = async () => (await database.rows()).find((row) => row.id === id)?.last_login ?? null;
    await eventually(async () => (await lastLogin()) !== null, "Django's last_login");
    ok(Math.abs(Date.parse((await lastLogin()) ?? "") - Date.now()) < 60_000);
  });

  await prove("the same password in another form ends no session", async () => {
    await signUp("grace");
    await push();
    const pair = await logIn("grace");
    const program =
      "from django.contrib.auth.models import User; from django.contrib.auth.hashers import make_password; " +
      `User.objects.filter(username='grace').update(password=make_password('${PASSWORD}', hasher='pbkdf2_sha1')); ` +
      `assert User.objects.get(username='grace').check_password('${PASSWORD}')`;
    await manage(["shell", "-c", program], database.env);
    await push();
    await refresh(gateway, pair.refresh);
  });

  await prove("what sends no signal is known after push_users --all", async () => {
    await signUp("heidi");
    const pair = await logIn("heidi");
    const program =
      "from django.contrib.auth.models import User; " +
      "User.objects.filter(username='heidi').update(is_active=False, email='heidi@example.com')";
    await manage(["shell", "-c", program], database.env);
    await push("--all");
    await refused(gateway, "/api/token/refresh/", { json: { refresh: pair.refresh } });
    const email = gateway.database.prepare("SELECT email FROM users WHERE username = 'heidi'").first("email");
    equal(await email, "heidi@example.com");
  });

  await prove("a comparison sends whom the gateway lacks, and deletes whom only the gateway has", async () => {
    await push();
    await gateway.database.prepare("DELETE FROM users WHERE username = 'caroline'").run();
    await gateway.database
      .prepare("INSERT INTO users (id, username, password, date_joined, version) VALUES ('9999', 'ghost', '!', '', 5)")
      .run();
    equal(await push("--compare"), "2 applied, 0 unchanged, 0 refused (1 deleted)\n");
    equal(await push("--compare"), "0 applied, 0 unchanged, 0 refused\n");
    const rows = await gateway.database
      .prepare("SELECT username FROM users WHERE username IN ('caroline', 'ghost')")
      .all();
    deepEqual(rows.results, [{ username: "caroline" }]);
  });
}

/** Asks a cached route until it refuses, and gives the time of that. */
async function timeOfRefusal(gateway: GatewayServer, token: string): Promise<number> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const { status } = await gateway.ask("/api/cached/", { token });
    if (status === 401) break;
    await sleep(50);
  }
  return performance.now();
}

/** Asks until `done` says so; fails after ten seconds. */
async function eventually(done: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await done())) {
    ok(performance.now() < deadline, `never: ${what}`);
    await sleep(200);
  }
}
