// X-Gateway-Users of an answer of the API: opened and applied before the client has the answer, so that a user who has just
// signed up or has a new password is known to the next request.
// Must never fail a request because of a header that did not open: whoever can add one to an answer could stop the API.

import type { RequestContext } from "../context.ts";
import { Refusal, refuse } from "../errors.ts";
import type { Log } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { OpenUsers } from "../tokens/gateway-users.ts";
import type { Provisioning } from "./provisioning.ts";
import { readLine } from "./provisioning-line.ts";

/** The header's name; it goes on neither to the API nor to a client. */
export const usersHeader = "x-gateway-users";

/** What a header has changed here: nothing, users, or users whose sessions it has ended. */
export type Brought = "nothing" | "changes" | "endings";

/**
 * Applies what the header's value brings. Resolves also when it was ignored; with PROVISIONING_STRICT, refuses with
 * `provisioning_failed` (502) when users were brought and could not be applied.
 */
export type TakeUsers = (sealed: string, context: RequestContext) => Promise<Brought>;

/** How many headers of that name an answer may have: one for each layer of an API that knows of changes. */
const mostHeaders = 4;

/** The time while an answer is on its way. */
export interface Clock {
  nowSeconds(): number;
  /** Resolves when that second has begun. */
  until(second: number): Promise<void>;
}

export function createTakeUsers(deps: {
  readonly settings: Settings;
  readonly provisioning: Pick<Provisioning, "apply">;
  readonly openUsers: OpenUsers;
  readonly clock: Clock;
  readonly log: Log;
}): TakeUsers {
  const { settings, provisioning, openUsers, clock, log } = deps;

  async function openAll(sealed: string, context: RequestContext): Promise<readonly unknown[]> {
    // Headers of one name come joined (RFC 9110 section 5.3); a compact JWE has no comma.
    const all = sealed.split(",").map((one) => one.trim());
    const lines: unknown[] = [];
    for (const one of all.slice(0, mostHeaders)) {
      const opened = await openUsers(one, context);
      if ("ignored" in opened) log("users_header_ignored", { reason: opened.ignored }, context.requestId);
      else lines.push(...opened.lines);
    }
    if (all.length > mostHeaders) log("users_header_ignored", { reason: "too_many" }, context.requestId);
    return lines;
  }

  /**
   * Sessions end at the time of the answer: the API may have worked for seconds, in which somebody logged in with the old
   * password. Access tokens say only in which second they were issued, so the answer waits until that second is over, or
   * the client's next log-in would be taken for one from before.
   */
  async function applied({ requestId }: RequestContext, lines: readonly unknown[]) {
    try {
      const { results, endedBeforeSeconds } = await provisioning.apply(
        { nowSeconds: clock.nowSeconds(), requestId },
        lines.map((line) => readLine(settings, line)),
      );
      if (endedBeforeSeconds !== undefined) await clock.until(endedBeforeSeconds);
      const changes = results.some(({ result }) => result === "applied") ? "changes" : "nothing";
      const brought: Brought = endedBeforeSeconds === undefined ? changes : "endings";
      return { brought, isWhole: results.every(({ result }) => result !== "refused") };
    } catch (error) {
      // The store's own error is in the log already; anything else is a bug, whose text says where.
      if (!(error instanceof Refusal)) log("internal_error", internalError(error), requestId);
      return { brought: "nothing" as const, isWhole: false };
    }
  }

  return async (sealed, context) => {
    const lines = await openAll(sealed, context);
    if (lines.length === 0) return "nothing";
    const { brought, isWhole } = await applied(context, lines);
    if (isWhole) return brought;
    log("users_header_failed", {}, context.requestId);
    return settings.PROVISIONING_STRICT ? refuse("provisioning_failed") : brought;
  };
}

const internalError = (error: unknown) =>
  error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
