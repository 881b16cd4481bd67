// What a gateway answers whose settings would fail open: nothing but that it is misconfigured, to everybody.
// Must never be asked for settings that may run.
import { startGateway } from "../support/gateway-over-http.ts";
import { hmacToken } from "./made-tokens.ts";

/** Status and body of a route, of a token endpoint and of the gateway's own health. */
export async function answersWith(vars: Readonly<Record<string, unknown>>): Promise<ReadonlyArray<readonly unknown[]>> {
  const gateway = await startGateway(vars);
  try {
    const answers = [
      await gateway.get("/notes/", hmacToken()),
      await gateway.post("/api/token/verify/", { token: hmacToken() }),
      await gateway.get("/_gateway/health/live"),
    ];
    return await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]));
  } finally {
    await gateway.close();
  }
}

/** What `answersWith` has to give. */
export const misconfigured = Array(3).fill([503, '{"detail":"Gateway is misconfigured."}']);
