// What users do at the API behind the gateway: requests with tokens that are known, new or bad, uploads, sockets, slow routes.
// Must never take an answer of another request for its own: each path is used once, and the API repeats it.

import { craft } from "../../support/craft.ts";
import { openWebSocket } from "../../support/sockets.ts";
import type { Answer, Asked } from "../client.ts";
import { accessVerdict, type During, type HeldToken, heldToken, type Route, statusesFor } from "../model.ts";
import { downloadBytes, pathOfRefused, type Seen, uploadWork } from "../origin.ts";
import type { Kind } from "../report/figures.ts";
import { get, must, only, type Turn, Unexplained } from "../turn.ts";
import { freshAccess } from "./tokens.ts";

const nowSeconds = () => Math.floor(Date.now() / 1000);
const longestSocketMilliseconds = 180_000;

/** What the API saw is what was sent, and nothing of another request. */
function checkSeen({ method, path, body = "" }: Asked, user: string | null, answer: Answer): void {
  must(answer.whole, "the whole answer arrives", answer);
  const seen = JSON.parse(answer.body) as Seen;
  const isRight =
    seen.method === method && seen.path === path && seen.user === user && seen.bytes === Buffer.byteLength(body);
  must(isRight && seen.whole, `the API sees the request of user ${user}`, answer);
}

const kindOf: Readonly<Record<Route, Kind>> = {
  public: "public route",
  off: "known token",
  cached: "known token",
  strict: "token looked up in D1",
  user: "token looked up in D1",
};

/** One request, with any access token of the user. */
async function request(
  turn: Turn,
  route: Route,
  { session, token }: { readonly session?: Turn["user"]["sessions"][number]; readonly token: HeldToken },
  kind = kindOf[route],
): Promise<void> {
  const { settings, user } = turn;
  const asked = get(turn.path(route, "echo"), token.text);
  // The client has no say in who it is.
  const spoofed = { ...asked, headers: { ...asked.headers, "x-user-id": "1" } };
  const verdict = (at: During) => accessVerdict(settings, user, session, token, route, at);
  const answer = await turn.ask(kind, spoofed, (at) => statusesFor(verdict(at), 200, 401));
  if (answer.status === 200) checkSeen(asked, route === "public" ? null : user.id, answer);
}

const protectedRoutes = ["cached", "cached", "cached", "off", "strict", "user"] as const;

export async function useToken(turn: Turn): Promise<void> {
  const { random } = turn;
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  for (let requests = 1 + random.below(4); requests > 0; requests--) {
    await request(turn, random.pick(protectedRoutes) ?? "cached", fresh);
  }
}

/** Of a session that may have ended, or a token that may have expired. */
export async function useOldToken(turn: Turn): Promise<void> {
  const { random, user } = turn;
  const session = random.pick(user.sessions.slice(-6));
  const token = session && random.pick(session.access);
  if (token) await request(turn, random.pick(protectedRoutes) ?? "cached", { session, token });
}

export async function usePublicRoute(turn: Turn): Promise<void> {
  const bad = { text: "no.token.at-all", jti: "", issuedAt: 0, expiresAt: 0 };
  await request(turn, "public", { token: bad });
}

/** Made elsewhere, with the same key: the gateway has not seen it before. */
function newToken({ user, reached, random }: Turn, more: Readonly<Record<string, unknown>> = {}): HeldToken {
  const jti = Array.from({ length: 4 }, () =>
    random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
  const issuedAt = nowSeconds();
  const claims = { token_type: "access", exp: issuedAt + 600, iat: issuedAt, jti, user_id: user.id, ...more };
  return heldToken(craft({ claims, secret: reached.signingKey }));
}

export async function useNewToken(turn: Turn): Promise<void> {
  await request(turn, turn.random.pick(protectedRoutes) ?? "cached", { token: newToken(turn) }, "new token");
}

export async function useBadToken(turn: Turn): Promise<void> {
  const { random, user, reached } = turn;
  const good = newToken(turn).text;
  const signatureAt = good.lastIndexOf(".") + 5;
  const changed = good[signatureAt] === "A" ? "B" : "A";
  const bad = random.pick([
    undefined,
    "no.token.at-all",
    good.slice(0, signatureAt) + changed + good.slice(signatureAt + 1),
    craft({ claims: { ...claimsOfNow(user.id), exp: nowSeconds() - 10 }, secret: reached.signingKey }),
    craft({ claims: { ...claimsOfNow(user.id), token_type: "refresh" }, secret: reached.signingKey }),
    craft({ claims: claimsOfNow(user.id), secret: "another key, which is as long as the one of the gateway" }),
    craft({ header: { alg: "none", typ: "JWT" }, claims: claimsOfNow(user.id) }),
    user.sessions.at(-1)?.current.text ?? "no",
  ]);
  const route = random.pick(protectedRoutes) ?? "cached";
  await turn.ask("refused token", get(turn.path(route, pathOfRefused), bad), only(401));
}

const claimsOfNow = (id: string) => ({
  ...{ token_type: "access", exp: nowSeconds() + 600, iat: nowSeconds(), jti: "0".repeat(32), user_id: id },
});

const largestBytes = 250_000;
export const maxBody = 300_000;

const uploadOf = (turn: Turn, route: string, bytes: number): Asked => ({
  ...{ method: "POST", path: turn.path(route, uploadWork, bytes), chunked: turn.random.happens(0.5) },
  body: Buffer.alloc(bytes, "u"),
});

export async function upload(turn: Turn): Promise<void> {
  const { random, user } = turn;
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  const asked = {
    ...uploadOf(turn, "off", 1 + random.below(largestBytes)),
    headers: { authorization: `Bearer ${fresh.token.text}` },
  };
  checkSeen(asked, user.id, await turn.ask("upload", asked, only(200)));
}

export async function uploadTooMuch(turn: Turn): Promise<void> {
  await turn.ask("upload", { ...uploadOf(turn, "public", maxBody + 1), alone: true }, only(413));
}

export async function breakUploadOff(turn: Turn): Promise<void> {
  const asked = uploadOf(turn, "public", 2 + turn.random.below(largestBytes));
  await turn.leave(asked, "in the request's body");
}

export async function download(turn: Turn): Promise<void> {
  const answer = await turn.ask("download", get(turn.path("public", "download")), only(200));
  must(answer.whole && answer.body.length === downloadBytes, "the whole download arrives", { ...answer, body: "" });
}

export async function leaveDownload(turn: Turn): Promise<void> {
  const path = turn.path("public", "trickle", 5 + turn.random.below(50));
  await turn.leave(get(path), "in the answer's body");
}

export async function leaveSlowRoute(turn: Turn): Promise<void> {
  const { random } = turn;
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  const asked = get(turn.path("cached", "slow", 200 + random.below(800)), fresh.token.text);
  await turn.leave(asked, { afterMilliseconds: random.below(200) });
}

export async function useSlowRoute(turn: Turn): Promise<void> {
  const { random, user } = turn;
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  const asked = get(turn.path("off", "slow", 50 + random.below(700)), fresh.token.text);
  checkSeen(asked, user.id, await turn.ask("slow API", asked, only(200)));
}

/** ORIGIN_TIMEOUT is over before anything comes. */
export async function useTooSlowRoute(turn: Turn): Promise<void> {
  await turn.ask("slow API", get(turn.path("public", "never")), only(504));
}

export async function useDeadApi(turn: Turn): Promise<void> {
  await turn.ask("API that is down", get(turn.path("dead", "echo")), only(502));
}

export async function useResettingApi(turn: Turn): Promise<void> {
  await turn.ask("API that is down", get(turn.path("public", "reset-in-head")), only(502));
}

/** A part never looks like the whole. */
export async function useApiThatBreaksOff(turn: Turn): Promise<void> {
  const answer = await turn.ask(
    "API that is down",
    { ...get(turn.path("public", "reset-in-body")), alone: true },
    only(200),
  );
  must(!answer.whole, "what the API broke off is broken off", answer);
}

/** Opens, says something, stays for a while, and closes or just goes. */
export async function useWebSocket(turn: Turn): Promise<void> {
  const { random, reached, figures } = turn;
  const fresh = await freshAccess(turn);
  if (!fresh) return;
  const path = turn.path("cached", "socket");
  const began = performance.now();
  const socket = await inTime(openWebSocket(reached.host, path, { Authorization: `Bearer ${fresh.token.text}` }), path);
  const { status } = socket.handshake;
  must(status === 101, `${path}: the socket opens, instead of ${status}`);
  const said = `${path} ${"x".repeat(random.below(1000))}`;
  must((await inTime(socket.ask(said), path)) === said, `${path}: the socket echoes`);
  figures.took("WebSocket", status, performance.now() - began);
  for (let messages = random.below(4); messages > 0; messages--) {
    await new Promise((resolve) => setTimeout(resolve, random.below(600)));
    must((await inTime(socket.ask(said), path)) === said, `${path}: the socket echoes again`);
  }
  if (random.happens(0.3)) {
    figures.left();
    socket.leave();
  } else must((await inTime(socket.close(4000), path)) === 4000, `${path}: the socket closes with its code`);
}

export async function openSocketBadly(turn: Turn): Promise<void> {
  const { reached, figures } = turn;
  const path = turn.path("cached", pathOfRefused);
  const began = performance.now();
  const { handshake } = await inTime(openWebSocket(reached.host, path), path);
  figures.took("refused token", handshake.status, performance.now() - began);
  must(handshake.status === 401, `${path}: the socket is refused, instead of ${handshake.status}`);
}

async function inTime<T>(work: Promise<T>, path: string): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Unexplained(`${path}: the socket does not answer`)), longestSocketMilliseconds);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(late);
  }
}

export async function lookAtHealth(turn: Turn): Promise<void> {
  await turn.ask("public route", get("/_gateway/health/ready"), only(200));
}
