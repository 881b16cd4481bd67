// What the API tells the gateway of its users: deactivated, activated, another password, logged out.
// Must never send two changes of a user at a time: which one is the later must be clear.
import { provisioningToken } from "../../support/provisioning.ts";
import type { Answer, Asked } from "../client.ts";
import { begun, endedAll, endedBefore } from "../model.ts";
import { must, only, type Turn } from "../turn.ts";

const nowSeconds = () => Math.floor(Date.now() / 1000);
let lastVersion = 0;

/** Microseconds, and never the same twice. */
function newVersion(): number {
  lastVersion = Math.max(lastVersion + 1, Date.now() * 1000);
  return lastVersion;
}

interface Line {
  readonly id: string;
  readonly username?: string;
  readonly password?: string | undefined;
  readonly is_active?: boolean;
}

/** Signed. @param iat the second of the signature */
export function signedRequest(
  { host, provisioningKey }: { readonly host: string; readonly provisioningKey: string },
  method: string,
  path: string,
  body: string,
  iat = nowSeconds(),
): Asked {
  const token = provisioningToken(method, `http://${host}${path}`, body, { key: provisioningKey, nowSeconds: iat });
  return { method, path, body, headers: { authorization: `Bearer ${token}` } };
}

/** All users, in one request. */
export const firstLoad = (
  reached: { readonly host: string; readonly provisioningKey: string },
  lines: readonly Line[],
) =>
  signedRequest(
    reached,
    "POST",
    "/_gateway/users/",
    lines.map((line) => `${JSON.stringify({ version: newVersion(), ...line })}\n`).join(""),
  );

/** The log-in fields are in each line: a line is a whole user. */
async function change(turn: Turn, fields: Omit<Line, "id">): Promise<Answer> {
  const { user, reached, hashes } = turn;
  const whole = { username: user.username, password: hashes.get(user.password), is_active: user.isActive, ...fields };
  const body = JSON.stringify({ version: newVersion(), ...whole });
  const sent = signedRequest(reached, "PUT", `/_gateway/users/${user.id}/`, body);
  const answer = await turn.ask("change by the API", sent, only(200));
  must((JSON.parse(answer.body) as { result: string }).result === "applied", "the change is applied", answer);
  // The same again changes nothing.
  if (turn.random.happens(0.3)) {
    const again = await turn.ask("change by the API", sent, only(200));
    must((JSON.parse(again.body) as { result: string }).result === "unchanged", "it counts once", again);
  }
  return answer;
}

export async function deactivate(turn: Turn): Promise<void> {
  const { at } = await change(turn, { is_active: false });
  turn.user.isActive = false;
  endedAll(turn.user, "deactivated", at);
}

/** What ended before stays so. */
export async function activate(turn: Turn): Promise<void> {
  await change(turn, { is_active: true });
  turn.user.isActive = true;
}

export async function changePassword(turn: Turn): Promise<void> {
  const { user, random, hashes } = turn;
  const password = random.pick([...hashes.keys()].filter((one) => one !== user.password));
  if (password === undefined) return;
  const { at } = await change(turn, { password: hashes.get(password) });
  user.password = password;
  endedAll(user, "another password", at);
}

/** The same hash again, which the gateway was sent before: nothing ends. */
export async function sendAgain(turn: Turn): Promise<void> {
  await change(turn, {});
}

export async function logOutByApi(turn: Turn): Promise<void> {
  const { user, reached } = turn;
  const second = nowSeconds();
  const sent = signedRequest(reached, "POST", `/_gateway/users/${user.id}/logout/`, "", second);
  const { at } = await turn.ask("log-out", sent, only(200));
  endedBefore(user, second, at);
}

/** Whoever is deactivated during a log-in has no session afterwards. */
export async function deactivateDuringLogIn(turn: Turn): Promise<void> {
  const { user } = turn;
  const body = JSON.stringify({ username: user.username, password: user.password });
  const logIn = { method: "POST", path: "/api/token/", body, headers: { "content-type": "application/json" } };
  const [loggedIn, { at }] = await Promise.all([
    turn.ask("log-in", logIn, only(200, 401)),
    change(turn, { is_active: false }),
  ]);
  if (loggedIn.status === 200) {
    const { refresh, access } = JSON.parse(loggedIn.body) as { refresh: string; access: string };
    begun(user, refresh, access);
  } else user.abandoned.push(loggedIn.at);
  user.isActive = false;
  endedAll(user, "deactivated", at);
}
