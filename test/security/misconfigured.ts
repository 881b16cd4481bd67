// What a gateway answers whose settings would fail open: nothing but that it is misconfigured, to everybody.
// Must never be asked for settings that may run.
import { askGateways, type SharedGateway } from "../support/gateway-over-http.ts";
import { hmacToken } from "./made-tokens.ts";

type Vars = Readonly<Record<string, unknown>>;
/** Status and body of a route, of a token endpoint and of the gateway's own health. */
type Answers = ReadonlyArray<readonly unknown[]>;

export async function answersWith(vars: Vars): Promise<Answers> {
  return (await answersWithEach([vars]))[0] ?? [];
}

/** The answers of gateways with these settings, in their order: for a table of cases, as they share a workerd. */
export const answersWithEach = (settings: readonly Vars[]): Promise<readonly Answers[]> =>
  askGateways(settings, answers);

async function answers(gateway: SharedGateway): Promise<Answers> {
  const given = [
    await gateway.get("/notes/", hmacToken()),
    await gateway.post("/api/token/verify/", { token: hmacToken() }),
    await gateway.get("/_gateway/health/live"),
  ];
  return Promise.all(given.map(async (answer) => [answer.status, await answer.text()]));
}

/** What `answersWith` has to give. */
export const misconfigured = Array(3).fill([503, '{"detail":"Gateway is misconfigured."}']);
