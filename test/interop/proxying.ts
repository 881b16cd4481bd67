// Django behind the gateway: its views, redirects, uploads, cookies and refusals come through as they are.
// Must never expect of the gateway what Django does not do when it is called directly.
import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { Meeting } from "./meeting.ts";
import { walkOfNotes } from "./notes-walk.ts";
import type { Report } from "./report.ts";
import { type Answer, good, obtain, type WhoAmI } from "./side.ts";
import { claimsOf } from "./token-text.ts";

export async function proveProxying(report: Report, meeting: Meeting): Promise<void> {
  const { gateway, django, ada, adaUserId } = meeting;
  const prove = (sentence: string, work: () => Promise<void>) => report.prove(`proxying: ${sentence}`, work);
  const { access: token } = await obtain(gateway, ada.username, ada.password);

  await prove("a DRF ModelViewSet answers through the gateway as it does directly", async () => {
    const [direct, through] = [await walkOfNotes(django, token), await walkOfNotes(gateway, token)];
    ok(direct.length > 15);
    deepEqual(through, direct);
  });
  await prove("links that Django makes (pagination) name the gateway, by X-Forwarded-Host", async () => {
    for (const title of ["a", "b", "c"]) await gateway.ask("/api/notes/", { token, json: { title } });
    const page = await good<{ readonly next: string }>(gateway, "/api/notes/", { token });
    equal(page.next, `${gateway.url}/api/notes/?page=2`);
  });
  await prove("Django's APPEND_SLASH redirect passes through, and leads on through the gateway", async () => {
    const direct = await django.ask("/api/whoami?a=%20b", { token });
    const through = await gateway.ask("/api/whoami?a=%20b", { token });
    deepEqual([direct.status, direct.headers.get("location")], [301, "/api/whoami/?a=%20b"]);
    deepEqual([through.status, through.headers.get("location")], [301, "/api/whoami/?a=%20b"]);
    await good(gateway, through.headers.get("location") ?? "", { token });
  });
  await prove("the Authorization header is forwarded: Django's JWTAuthentication sees the same user", async () => {
    const who = await good<WhoAmI>(gateway, "/api/whoami/", { token });
    deepEqual(who.claims, claimsOf(token));
    deepEqual([who.id, who.username, who.x_user_id], [ada.id, ada.username, adaUserId]);
  });
  await prove("X-User-Id that a client sends, in any spelling, never reaches Django", async () => {
    const headers = { "X-User-Id": "1000", x_user_id: "1001", "X.User.Id": "1002", "X-Forwarded-Host": "evil.example" };
    const who = await good<WhoAmI>(gateway, "/api/whoami/", { token, headers });
    deepEqual([who.x_user_id, who.forwarded_host], [adaUserId, gateway.url.replace("http://", "")]);
    const anonymous = await good<WhoAmI>(gateway, "/api/public/whoami/", { headers });
    deepEqual([anonymous.x_user_id, anonymous.id], [null, null]);
  });
  await prove("an upload of 300 kB arrives whole", async () => {
    const bytes = randomBytes(300_000);
    const body = new FormData();
    body.set("title", "ünï");
    body.set("file", new Blob([bytes]), "file.bin");
    const stored = await good(gateway, "/api/upload/", { token, body, method: "POST" });
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    deepEqual(stored, { name: "file.bin", size: bytes.length, sha256, title: "ünï" });
  });
  await prove("an answer that Django compresses arrives readable, and its ETag gives a 304", async () => {
    await gateway.ask("/api/notes/", { token, json: { title: "long", text: "密码 ".repeat(5000) } });
    const direct = await django.ask("/api/notes/long/", { token });
    const through = await gateway.ask("/api/notes/long/", { token });
    deepEqual([through.status, through.text], [direct.status, direct.text]);
    const etag = through.headers.get("etag") ?? "";
    equal(etag, direct.headers.get("etag"));
    const again = await gateway.ask("/api/notes/long/", { token, headers: { "if-none-match": etag } });
    deepEqual([again.status, again.text], [304, ""]);
  });
  await prove("two cookies of one answer arrive as two", async () => {
    const names = (answer: Answer) => answer.headers.getSetCookie().map((cookie) => cookie.split("=")[0]);
    const [direct, through] = [
      await django.ask("/api/cookies/", { token }),
      await gateway.ask("/api/cookies/", { token }),
    ];
    deepEqual(names(through), ["first", "second"]);
    deepEqual(names(through), names(direct));
  });
  await prove("what Django itself refuses (403, 401 of a user it does not know) comes through as it is", async () => {
    const alike = async (path: string, ask: { readonly token: string }, status: number) => {
      const [direct, through] = [await django.ask(path, ask), await gateway.ask(path, ask)];
      equal(direct.status, status);
      deepEqual(refusal(through), refusal(direct));
    };
    await alike("/api/admins/", { token }, 403);
    await alike("/api/whoami/", { token: await tokenOfStranger(meeting) }, 401);
  });
  await prove("without a token, the gateway refuses in the words that Django would use", async () => {
    for (const headers of [
      {},
      { authorization: "Bearer" },
      { authorization: "Bearer a b" },
      { authorization: "Basic eA==" },
    ]) {
      const [direct, through] = [
        await django.ask("/api/whoami/", { headers }),
        await gateway.ask("/api/whoami/", { headers }),
      ];
      equal(direct.status, 401);
      deepEqual(refusal(through), refusal(direct));
    }
  });
}

function refusal({ status, headers, text }: Answer): readonly unknown[] {
  return [status, headers.get("content-type"), headers.get("www-authenticate"), text];
}

/** A token of somebody whom only the gateway knows. */
async function tokenOfStranger({ gateway, ada }: Meeting): Promise<string> {
  const copy = `INSERT INTO users (id, username, password, date_joined)
    SELECT 777, 'stranger', password, date_joined FROM users WHERE username = ?`;
  await gateway.database.prepare(copy).bind(ada.username).run();
  return (await obtain(gateway, "stranger", ada.password)).access;
}
