// The short form of the soak, for `npm test`: the same users, model and comparison for a few seconds.
import { expect, it } from "vitest";
import { freePort } from "../../scripts/start/ports.ts";
import { startGateway } from "../support/gateway-over-http.ts";
import { type SoakSettings, varsOf } from "./ground.ts";
import { openOrigin } from "./origin.ts";
import { openLogCounts } from "./report/gateway-log.ts";
import { soak } from "./soak.ts";

const settings: SoakSettings = { graceSeconds: 60, rememberSeconds: 1, timeoutSeconds: 2 };
const keys = {
  signingKey: "short-soak-only-short-soak-only-short-soak-only-0123",
  provisioningKey: "provisioning-of-the-short-soak-only-0123",
};

it("explains every answer to users who do everything at once, and loses or doubles no session", async () => {
  const origin = await openOrigin();
  const logged = openLogCounts();
  const deadUrl = `http://127.0.0.1:${await freePort()}`;
  const gateway = await startGateway(
    { LOG: "denied", ...varsOf(settings, { ...keys, originUrl: origin.url, deadUrl }) },
    { onLogLine: (line) => logged.line(JSON.stringify(line)) },
  );
  const ground = {
    ...{ ...keys, host: gateway.url.host, db: gateway.env.DB, kv: gateway.env.BLACKLIST, memory: undefined },
    ...{ flush: gateway.flush, originCounts: origin.counts, complaints: () => logged.faults },
    close: async () => {},
  };
  const plan = {
    seed: 17,
    users: 8,
    alone: undefined,
    only: [],
    length: { turnsEach: 20 },
    settings,
    pieceSeconds: 3600,
  };
  const { faults, comparison, turns } = await soak(ground, { ...plan, linesAbout: () => [] });
  await gateway.close();
  origin.close();
  expect(faults).toEqual([]);
  expect(logged.faults).toEqual([]);
  expect(turns).toBe(8 * 20);
  expect(comparison?.sessions).toBeGreaterThan(8);
});
