// Tokens that nobody uses again: after them the gateway's caches are as full as they get, and what grows then is a leak.
// Must never be part of what is measured.
import { randomBytes } from "node:crypto";
import { craft } from "../support/craft.ts";
import { openClient } from "./client.ts";
import type { Ground } from "./ground.ts";

const atOnce = 16;
/** Each token has a user and a session of its own, whose ids are remembered as well. */
const firstUser = 1_000_000;

export async function fillCaches(
  { host, signingKey }: Pick<Ground, "host" | "signingKey">,
  tokens: number,
): Promise<void> {
  const client = openClient(host);
  let left = tokens;
  const worker = async () => {
    while (left-- > 0) {
      const now = Math.floor(Date.now() / 1000);
      const sid = randomBytes(16).toString("hex");
      const claims = {
        token_type: "access",
        exp: now + 86_400,
        iat: now,
        jti: randomBytes(16).toString("hex"),
        user_id: String(firstUser + left),
        sid,
      };
      const headers = { authorization: `Bearer ${craft({ claims, secret: signingKey })}` };
      const { status, body } = await client.send({ method: "GET", path: "/cached/echo/fill", headers });
      if (status !== 200) throw new Error(`the gateway answers ${status} to a good token: ${body}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  client.close();
}
