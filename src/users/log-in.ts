// A log-in by whoever judges it: the gateway or the API, as LOGIN says.
import type { RequestContext } from "../context.ts";
import { type Reason, refuse } from "../errors.ts";
import type { PassedAnswer } from "./api-answer.ts";
import { type ApiLoginDependencies, isPassed, logInAtApi } from "./api-login.ts";
import { logInWithFallback } from "./fallback-login.ts";
import { createLogin, type LoggedIn, type Login, type LoginInput } from "./login.ts";
import type { User } from "./user.ts";

export interface AnyLogin extends Pick<Login, "refuseIfChanged"> {
  /**
   * Lets somebody in, or gives the API's answer that the client is to read; refuses in every other case.
   *
   * @param refusal what else is required of the user, refused like all the rest
   */
  logIn(
    context: RequestContext,
    input: LoginInput,
    refusal?: (user: User) => Reason | undefined,
  ): Promise<LoggedIn | PassedAnswer>;
}

export function createAnyLogin(deps: ApiLoginDependencies): AnyLogin {
  const { logIn, refuseIfChanged } = createLogin(deps);
  if (deps.settings.LOGIN === "origin") {
    return { logIn: (context, input, refusal) => logInAtApi(deps, context, input, refusal), refuseIfChanged };
  }
  const judge = (...[context, credentials, refusal]: Parameters<Login["logIn"]>) =>
    deps.settings.LOGIN === "fallback"
      ? logInWithFallback(deps, context, credentials, refusal)
      : logIn(context, credentials, refusal);
  return {
    logIn: (context, { username = "", password = "", ...more }, refusal) =>
      judge(context, { ...more, username, password }, refusal),
    refuseIfChanged,
  };
}

/** For who cannot show the API's own answer, such as the admin page: it becomes a refusal of the gateway's. */
export function letIn(result: LoggedIn | PassedAnswer): LoggedIn {
  if (!isPassed(result)) return result;
  const { status } = result.passed;
  if (status === 429) return refuse("login_throttled", { names: "60" });
  if (status >= 500) return refuse("api_login_unavailable");
  return refuse(status >= 300 ? "login_refused_by_api" : "login_unfinished_at_api");
}
