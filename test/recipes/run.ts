// `npm run test:recipes`: djoser, dj-rest-auth and allauth themselves, behind the gateway with the settings of docs/djoser-and-others.md,
// and djoser in the three modes of docs/django-behind-the-gateway.md.
// Must never leave a process or a folder behind, whether it ends well, badly or by Ctrl-C.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { EXIT, usage } from "../../scripts/shared/failure.ts";
import { readFlags } from "../../scripts/shared/flags.ts";
import { requirePackages } from "../../scripts/shared/project.ts";
import { run } from "../../scripts/shared/run.ts";
import { bundleGateway } from "../interop/gateway-config.ts";
import { openReport } from "../interop/report.ts";
import type { Answer, Ask } from "../interop/side.ts";
import { withTemporaryFolder } from "../interop/temporary-folder.ts";
import { type Mode, modes, walkMode } from "./modes.ts";
import { ada, bodyOf, expecting, MODES, RECIPES, type Stage, varsOf, withRecipe } from "./stage.ts";

/** The exit code after Ctrl-C. */
const STOPPED = 130;

async function djoser({ gateway, django, mail, prove }: Stage): Promise<void> {
  const jwt = (token: unknown): Ask => ({ headers: { authorization: `JWT ${token}` } });
  const linkOf = async () => {
    const [, uid = "", token = ""] = /\/(?:activate|reset)\/([\w-]+)\/([\w-]+)/.exec(await mail()) ?? [];
    return { uid, token };
  };
  const logIn = (status: number, password = ada.password) =>
    expecting(gateway, status, "/auth/jwt/create/", { json: { ...ada, password } });

  await prove("sign-up, activation by mail, log-in, users/me", async () => {
    const made = await expecting(gateway, 201, "/auth/users/", { json: ada });
    equal(made.email, ada.email);
    await logIn(401);
    await expecting(gateway, 204, "/auth/users/activation/", { json: await linkOf() });
    const { access } = await logIn(200);
    const me = await expecting(gateway, 200, "/auth/users/me/", jwt(access));
    equal(me.email, ada.email);
    deepEqual(await expecting(gateway, 200, "/api/me/", jwt(access)), { email: ada.email, x_user_id: "1" });
  });
  await prove(
    "a request without a token is refused at the edge, and by djoser where the edge lets it pass",
    async () => {
      await expecting(gateway, 401, "/auth/users/me/");
      await expecting(gateway, 401, "/auth/users/");
    },
  );
  await prove("rotation, verify and log-out at djoser's paths, with and without the slash", async () => {
    const login = await logIn(200);
    const refreshed = await expecting(gateway, 200, "/auth/jwt/refresh", { json: { refresh: login.refresh } });
    await expecting(gateway, 401, "/auth/jwt/refresh/", { json: { refresh: login.refresh } });
    await expecting(gateway, 200, "/auth/jwt/verify/", { json: { token: refreshed.access } });
    await expecting(gateway, 200, "/auth/jwt/logout/", { json: { refresh: refreshed.refresh } });
    await expecting(gateway, 401, "/auth/jwt/refresh/", { json: { refresh: refreshed.refresh } });
  });
  await prove("a password reset by mail: the new password logs in, the old one does not", async () => {
    await expecting(gateway, 204, "/auth/users/reset_password/", { json: { email: ada.email } });
    const link = await linkOf();
    const json = { ...link, new_password: "another horse battery" };
    await expecting(gateway, 204, "/auth/users/reset_password_confirm/", { json });
    await logIn(401);
    await logIn(200, "another horse battery");
  });
  await prove("the longer paths that are djoser's log-in view, too, need a token here", async () => {
    for (const path of ["/auth/jwt/create/x", "/auth/jwt/createx", "/auth/jwt/create//", "/auth/jwt/Create/"]) {
      const { status } = await gateway.ask(path, { json: { ...ada, password: "another horse battery" } });
      ok([400, 401].includes(status), `${path}: ${status}`);
    }
    await expecting(django, 200, "/auth/jwt/create/x", { json: { ...ada, password: "another horse battery" } });
    await expecting(gateway, 401, "/api/token/", { json: ada });
  });
}

async function djRestAuth({ gateway, django, manage, mail, prove }: Stage): Promise<void> {
  await manage("makeuser", ada.email, ada.password);
  const own = { "sec-fetch-site": "same-origin" };
  const cookiesOf = ({ headers }: Answer) =>
    headers
      .getSetCookie()
      .map((cookie) => cookie.slice(0, cookie.indexOf(";")))
      .filter((cookie) => !cookie.endsWith("="));
  const logIn = async (password = ada.password) =>
    gateway.ask("/auth/login/", { json: { ...ada, password }, headers: own });

  await prove("the response has the user, and the tokens in cookies alone", async () => {
    const login = await logIn();
    equal(login.status, 200, login.text);
    const user = { pk: 1, email: ada.email, first_name: "", last_name: "" };
    deepEqual(bodyOf(login), { user });
    deepEqual(
      cookiesOf(login)
        .map((cookie) => cookie.slice(0, cookie.indexOf("=")))
        .sort(),
      ["__Host-access", "__Secure-refresh"],
    );
    match(
      login.headers.getSetCookie().join("\n"),
      /__Secure-refresh=ey[^;]*; Max-Age=\d+; Path=\/auth; SameSite=Strict/,
    );
    const direct = await django.ask("/auth/login/", { json: ada });
    deepEqual(Object.keys(bodyOf(direct)).sort(), ["access", "refresh", "user"]);
  });
  await prove("a page calls the API, refreshes and logs out with its cookies", async () => {
    const cookie = cookiesOf(await logIn()).join("; ");
    const me = await expecting(gateway, 200, "/auth/user/", { headers: { ...own, cookie } });
    equal(me.email, ada.email);
    const refreshed = await gateway.ask("/auth/token/refresh/", { json: {}, headers: { ...own, cookie } });
    equal(refreshed.status, 200, refreshed.text);
    const later = cookiesOf(refreshed).join("; ");
    deepEqual(await expecting(gateway, 200, "/auth/logout/", { json: {}, headers: { ...own, cookie: later } }), {});
    await expecting(gateway, 401, "/auth/token/refresh/", { json: {}, headers: { ...own, cookie: later } });
  });
  await prove("a registration that responds with tokens is a log-in at the gateway", async () => {
    const words = { password1: ada.password, password2: ada.password };
    const json = { email: "bob@example.com", ...words };
    const made = await gateway.ask("/auth/registration/", { json, headers: own });
    equal(made.status, 200, made.text);
    equal((bodyOf(made).user as Record<string, unknown>).email, "bob@example.com");
    const cookie = cookiesOf(made).join("; ");
    const me = await expecting(gateway, 200, "/auth/user/", { headers: { ...own, cookie } });
    equal(me.email, "bob@example.com");
    await expecting(gateway, 200, "/auth/token/refresh/", { json: {}, headers: { ...own, cookie } });
    await expecting(gateway, 400, "/auth/registration/", { json: { ...json, password2: "other" } });
  });
  await prove("a wrong password is dj-rest-auth's 400, word for word", async () => {
    const [through, direct] = [
      await logIn("wrong"),
      await django.ask("/auth/login/", { json: { ...ada, password: "wrong" } }),
    ];
    deepEqual([through.status, through.text], [direct.status, direct.text]);
    equal(through.status, 400);
  });
  await prove("Django's own cookie is no log-in at the edge", async () => {
    await expecting(gateway, 401, "/auth/user/", { headers: { ...own, cookie: "my-app-auth=ey.ey.x" } });
  });
  await prove("a password reset by mail passes, and the change of a password needs a token", async () => {
    await expecting(gateway, 200, "/auth/password/reset/", { json: { email: ada.email } });
    const [, uid = "", token = ""] = /\/reset\/([\w-]+)\/([\w-]+)/.exec(await mail()) ?? [];
    const words = { new_password1: "another horse battery", new_password2: "another horse battery" };
    await expecting(gateway, 200, "/auth/password/reset/confirm/", { json: { uid, token, ...words } });
    await expecting(gateway, 401, "/auth/password/change/", { json: words });
    equal((await logIn("another horse battery")).status, 200);
  });
}

async function allauth({ gateway, prove }: Stage): Promise<void> {
  const api = "/_allauth/app/v1";
  const bearer = (token: unknown): Ask => ({ headers: { authorization: `Bearer ${token}` } });
  const tokensOf = (answer: Readonly<Record<string, unknown>>) => {
    const { access_token, refresh_token, session_token } = answer.meta as Record<string, string>;
    return { access_token, refresh_token, session_token };
  };
  let access: string | undefined;
  let refresh: string | undefined;
  await prove("sign-up gives tokens, and the access token opens routes", async () => {
    const made = tokensOf(await expecting(gateway, 200, `${api}/auth/signup`, { json: ada }));
    deepEqual(await expecting(gateway, 200, "/api/me/", bearer(made.access_token)), {
      email: ada.email,
      x_user_id: "1",
    });
    refresh = made.refresh_token;
  });
  await prove("a log-in and a refresh at allauth give tokens that the gateway accepts", async () => {
    const login = tokensOf(await expecting(gateway, 200, `${api}/auth/login`, { json: ada }));
    await expecting(gateway, 200, "/api/me/", bearer(login.access_token));
    const refreshed = await expecting(gateway, 200, `${api}/tokens/refresh`, { json: { refresh_token: refresh } });
    access = String((refreshed.data as Record<string, unknown>).access_token);
    await expecting(gateway, 200, "/api/me/", bearer(access));
  });
  await prove("a refresh token, a changed token and none are refused at the edge", async () => {
    await expecting(gateway, 401, "/api/me/", bearer(refresh));
    await expecting(gateway, 401, "/api/me/", bearer(`${access?.slice(0, -8)}AAAAAAAA`));
    await expecting(gateway, 401, "/api/me/");
  });
  await prove("verify accepts the access token; other endpoints of Simple JWT are not there", async () => {
    await expecting(gateway, 200, "/api/token/verify/", { json: { token: access } });
    await expecting(gateway, 401, "/api/token/", { json: ada });
  });
  await prove("the session at allauth ends by its token, and the access token lasts until it expires", async () => {
    const login = tokensOf(await expecting(gateway, 200, `${api}/auth/login`, { json: ada }));
    const headers = { "x-session-token": login.session_token ?? "" };
    await expecting(gateway, 200, `${api}/auth/session`, { headers });
    await expecting(gateway, 401, `${api}/auth/session`, { method: "DELETE", headers });
    await expecting(gateway, 400, `${api}/tokens/refresh`, { json: { refresh_token: login.refresh_token } });
    await expecting(gateway, 200, "/api/me/", bearer(login.access_token));
  });
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(STOPPED));

await run("test:recipes", async () => {
  requirePackages();
  const { values } = readFlags(process.argv.slice(2), {
    packages: { type: "string" },
    only: { type: "string" },
  } as const);
  const { packages = process.env.RECIPES_PACKAGES, only } = values;
  if (packages === undefined) {
    throw usage(
      "Name the folder with the packages: pip install --target FOLDER django djoser 'dj-rest-auth[with_social]' 'django-allauth[headless]', then npm run test:recipes -- --packages FOLDER",
    );
  }
  const report = openReport();
  await withTemporaryFolder(async (temporary) => {
    const kitchen = { report, temporary, packages, bundle: await bundleGateway(temporary.path) };
    const attempt = async (name: string, work: () => Promise<void>) => {
      if (only !== undefined && only !== name) return;
      await work().catch((error: unknown) => report.fail(`${name}: everything can be tried`, error));
    };
    const walks = { djoser, "dj-rest-auth": djRestAuth, allauth } as const;
    for (const app of ["djoser", "dj-rest-auth", "allauth"] as const) {
      const isAllauth = app === "allauth";
      const settings = varsOf(RECIPES, isAllauth ? "allauth headless" : app);
      const recipe = { name: app, app, settings, algorithm: isAllauth ? "RS256" : "HS256" } as const;
      await attempt(app, () => withRecipe(kitchen, recipe, walks[app]));
    }
    for (const mode of Object.keys(modes) as Mode[]) {
      const { section, provisioningKey } = modes[mode];
      // Everything but the log-in as in the recipe for djoser.
      const { LOGIN: _, ...paths } = varsOf(RECIPES, "djoser");
      const settings = { ...paths, ...varsOf(MODES, section) };
      const recipe = { name: mode, app: "djoser", settings, ...(provisioningKey ? { provisioningKey } : {}) } as const;
      await attempt(mode, () => withRecipe(kitchen, recipe, (stage) => walkMode(mode, stage)));
    }
  });
  return report.finish() ? EXIT.ok : EXIT.failed;
});
