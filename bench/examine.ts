// Before a race: does the contestant do what it says? What is fast because it is wrong does not run.
// Must never be part of a measured window.
import type { Contestant, Runner } from "./contestants.ts";
import { examinePromises } from "./examine-promises.ts";
import type { Ground } from "./ground.ts";
import { NOTES } from "./requests.ts";

/** Throws with a sentence when an answer is not the one that such a contestant has to give. */
export async function examine(contestant: Contestant, runner: Runner, ground: Ground): Promise<void> {
  const { name, checks } = contestant;
  const maker = ground.maker(contestant.algorithm ?? "HS256");
  const ask = (path: string, token?: string) => {
    const headers = { "x-user-id": "1", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    return fetch(`http://127.0.0.1:${runner.port}${path}`, { headers });
  };
  const expectStatus = async (what: string, status: number, token?: string) => {
    const response = await ask(contestant.path ?? NOTES, token);
    await response.text();
    if (response.status !== status) throw new Error(`${name}: ${what} is answered ${response.status}, not ${status}`);
  };
  await expectStatus("a good token", 200, maker.make("access"));
  await expectStatus("no token", checks ? 401 : 200);
  await expectStatus("a token of another key", checks ? 401 : 200, ground.stranger.make("access"));
  await expectStatus("an expired token", checks ? 401 : 200, maker.make("access", -3600));
  if (contestant.promises) await examinePromises(contestant, runner, ground);
  if (contestant.path !== undefined || contestant.userIdSent === undefined) return;
  const seen = (await (await ask("/api/seen/", maker.make("access"))).json()) as Readonly<Record<string, string>>;
  const { userIdSent } = contestant;
  if (seen["x-user-id"] !== userIdSent) throw new Error(`${name}: the origin gets x-user-id ${seen["x-user-id"]}`);
}
