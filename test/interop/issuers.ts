// Another issuer's token in, Simple JWT's out: a Django that has JWTAuthentication and knows of no other issuer.
import { deepEqual, equal, ok } from "node:assert/strict";
import { entryOf, nowSeconds, type Provider, provider } from "../support/provider.ts";
import { type Agreement, type Ground, type Meeting, meet } from "./meeting.ts";
import type { Report } from "./report.ts";
import { good, refused, type WhoAmI } from "./side.ts";

const ISSUER = "https://example.eu.auth0.com/";
const SUBJECT = "auth0|5f7c8ec7c33c6c004bbafe82";

/** How both are set up, and with what keys. */
const agreements: ReadonlyArray<Omit<Agreement, "gatewaySettings">> = [
  { name: "HS256", algorithm: "HS256", settings: {} },
  {
    name: "RS256, AUDIENCE, ISSUER, USER_ID_CLAIM",
    algorithm: "RS256",
    settings: { AUDIENCE: "interop", ISSUER: "https://auth.example", USER_ID_CLAIM: "uid" },
  },
];

export async function proveIssuers(report: Report, ground: Ground): Promise<void> {
  const idp = await provider(ISSUER);
  const gatewaySettings = {
    ISSUERS: [entryOf(idp, { reissue: { user: "alternate_id" } })],
    ROUTES: [{ path: "/*", auth: "token", issuers: ["self", ISSUER] }],
  };
  for (const agreement of agreements) {
    const name = `issuers, ${agreement.name}`;
    await meet(ground, { ...agreement, name, gatewaySettings }, (meeting) => prove(report, meeting, idp)).catch(
      (error: unknown) => report.fail(`${name}: everything can be tried`, error),
    );
  }
}

async function prove(report: Report, { agreement, gateway, django, ada }: Meeting, idp: Provider): Promise<void> {
  const says = (sentence: string, work: () => Promise<void>) => report.prove(`${agreement.name}: ${sentence}`, work);
  const link = "UPDATE users SET alternate_id = ? WHERE username = ?";
  await gateway.database.prepare(link).bind(SUBJECT, ada.username).run();
  const token = await idp.token({ sub: SUBJECT, user_id: "1000" });

  await says("JWTAuthentication takes the token that stands for another issuer's, and finds the user", async () => {
    const who = await good<WhoAmI>(gateway, "/api/whoami/", { token });
    deepEqual([who.id, who.username, who.x_user_id], [ada.id, ada.username, String(ada.id)]);
    const { exp, iat, jti, ...claims } = who.claims ?? {};
    const { AUDIENCE, ISSUER: iss, USER_ID_CLAIM = "user_id" } = agreement.settings;
    const named = { ...(iss === undefined ? {} : { iss }), ...(AUDIENCE === undefined ? {} : { aud: AUDIENCE }) };
    deepEqual(claims, { token_type: "access", [String(USER_ID_CLAIM)]: String(ada.id), ...named });
    equal(Number(exp) - Number(iat), 60);
    ok(Number(exp) >= nowSeconds() && typeof jti === "string");
  });
  await says("views that write do so as that user", async () => {
    const title = `by-${agreement.algorithm}`;
    const answer = await gateway.ask("/api/notes/", { token, json: { title, text: "x" } });
    equal(answer.status, 201, answer.text);
    deepEqual(await good(gateway, `/api/notes/${title}/`, { token }), { title, text: "x" });
  });
  await says("Django itself takes no token of that issuer", async () => {
    await refused(django, "/api/whoami/", { token });
  });
  await says("who is nobody here is refused by the gateway in the words that Django has", async () => {
    const body = await refused(gateway, "/api/whoami/", { token: await idp.token({ sub: "auth0|stranger" }) });
    deepEqual(body, { detail: "User not found", code: "user_not_found" });
  });
}
