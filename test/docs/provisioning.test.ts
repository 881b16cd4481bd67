// docs/provisioning.md: its code as it is shown, its curl pasted into a shell, and an API that sends its users with a response.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { blocksOf, documentText, projectRoot } from "../support/documents.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";
import { oldHash, password } from "../support/passwords.ts";
import { runToEnd } from "../support/projects.ts";
import { provisioningKey } from "../support/provisioning.ts";

interface Example {
  signRequest(key: string, request: { method: string; url: string; body?: string; version?: number }): string;
  sealUsers(key: string, requestId: string, users: readonly object[]): string;
}

const example = join(projectRoot, "examples/provisioning/gateway-users.js");
const { sealUsers, signRequest } = (await import(pathToFileURL(example).href)) as Example;
const page = "docs/provisioning.md";
const address = "http://127.0.0.1:8787";
let origin: Awaited<ReturnType<typeof startOrigin>>;
let gateway: Gateway;
const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-provisioning-"));

beforeAll(async () => {
  origin = await startOrigin((request, response) => {
    const id = new URL(request.url ?? "", "http://api").searchParams.get("id") ?? "";
    const line = { id, version: 1, username: `user-${id}`, password: oldHash };
    response.setHeader("X-Gateway-Users", sealUsers(provisioningKey, String(request.headers["x-request-id"]), [line]));
    response.end("signed up");
  });
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    PROVISIONING_KEY: provisioningKey,
    USERS_OWNER: "origin",
    ROUTES: [{ path: "/sign-up/", auth: "public" }],
  });
});
afterAll(async () => {
  await gateway?.close();
  await origin?.close();
  rmSync(folder, { recursive: true, force: true });
});

const logIn = (username: string) => gateway.post("/api/token/", { username, password });

it("shows the example as it is", () => {
  const [shown] = blocksOf(page).filter(({ language }) => language === "js");
  expect(shown?.text).toBe(readFileSync(example, "utf8"));
});

it("its curl creates a user who logs in", async () => {
  const script = blocksOf(page).filter(({ language, text }) => language === "sh" && text.includes("curl"));
  expect(script).toHaveLength(1);
  const path = join(folder, "pasted.sh");
  writeFileSync(path, script.map(({ text }) => text.replaceAll(address, gateway.url.origin)).join(""));
  chmodSync(path, 0o700);
  const env = { PROVISIONING_KEY: provisioningKey };
  const { code, stdout } = await runToEnd("sh", ["-eu", path], { cwd: projectRoot, env });
  expect({ code, stdout }).toEqual({ code: 0, stdout: '{"id":"7","version":1,"result":"applied"}' });
  expect((await logIn("ada")).status).toBe(200);
});

it("its Python signs as its JavaScript does, where there is PyJWT", async () => {
  const [shown] = blocksOf(page).filter(({ language }) => language === "python");
  const url = new URL("/_gateway/users/", gateway.url).href;
  const code = `${shown?.text}\nprint(sign_request(${JSON.stringify(provisioningKey)}, "GET", ${JSON.stringify(url)}))`;
  const ended = await runToEnd("python3", ["-c", code], { cwd: folder }).catch(() => undefined);
  if (ended?.code !== 0)
    return console.warn("There is no python3 with PyJWT here: the Python of provisioning.md was not run.");
  const headers = { authorization: `Bearer ${ended.stdout.trim()}` };
  expect((await fetch(url, { headers })).status).toBe(200);
});

it("a user whom a response of the API brings logs in right after it", async () => {
  const response = await gateway.get("/sign-up/?id=8");
  expect({ status: response.status, text: await response.text() }).toEqual({ status: 200, text: "signed up" });
  expect(response.headers.has("x-gateway-users")).toBe(false);
  expect((await logIn("user-8")).status).toBe(200);
});

it("DELETE and log-out are signed with the same function", async () => {
  const send = async (method: string, path: string, version?: number) => {
    const url = new URL(path, gateway.url).href;
    const token = signRequest(provisioningKey, { method, url, ...(version === undefined ? {} : { version }) });
    return (await fetch(url, { method, headers: { authorization: `Bearer ${token}` } })).json();
  };
  await gateway.get("/sign-up/?id=9");
  expect(await send("POST", "/_gateway/users/9/logout/")).toEqual({ id: "9", version: 1, result: "applied" });
  expect(await send("DELETE", "/_gateway/users/9/", 2)).toEqual({ id: "9", version: 2, result: "applied" });
  expect((await logIn("user-9")).status).toBe(401);
});

it("names every field of a line, every result, and every event", () => {
  const text = documentText(page);
  for (const name of [
    ...["id", "version", "password", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser"],
    ...["date_joined", "last_login", "extra", "rehash", "deleted", "applied", "unchanged", "outdated", "refused"],
    ...["user_provisioned", "user_name_lost", "users_header_ignored", "users_header_failed"],
  ]) {
    expect(text).toContain(`\`${name}\``);
  }
});
