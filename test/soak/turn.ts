// One simulated user at work: requests that are timed, counted and held against what the model says.
// Must never let an answer pass that the caller did not name.
import type { Answer, Asked, Client, Leaving } from "./client.ts";
import type { During, ModelSettings, SimulatedUser } from "./model.ts";
import type { Random } from "./random.ts";
import type { Figures, Kind } from "./report/figures.ts";

/** Where and with which keys. */
export interface Reached {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly signingKey: string;
  readonly provisioningKey: string;
}

export interface SoakContext {
  readonly reached: Reached;
  readonly client: Client;
  readonly figures: Figures;
  readonly settings: ModelSettings;
  /** All of them; each acts by itself. */
  readonly users: readonly SimulatedUser[];
  /** Django's hashes of the passwords that users can have. */
  readonly hashes: ReadonlyMap<string, string>;
}

export interface Turn extends SoakContext {
  readonly user: SimulatedUser;
  readonly random: Random;
  /** A path of this turn, which no other request has. */
  path(route: string, work: string, argument?: string | number): string;
  /**
   * Sends a request and gives its answer.
   *
   * @param allowed the statuses that it may have, by when it was asked
   */
  ask(kind: Kind, asked: Asked, allowed: (at: During) => readonly number[]): Promise<Answer>;
  /** Sends a request whose client leaves. */
  leave(asked: Asked, when: Leaving): Promise<During>;
}

/** What the model cannot explain. */
export class Unexplained extends Error {}

/** @param number of the turn, for the paths */
export function turnOf(context: SoakContext, user: SimulatedUser, random: Random, number: number): Turn {
  let requests = 0;
  return {
    ...context,
    user,
    random,
    path: (route, work, argument = "-") => `/${route}/${work}/${argument}/${user.id}-${number}-${requests}`,
    async ask(kind, asked, allowed) {
      requests++;
      const answer = await context.client.send(asked).catch((error: unknown) => {
        throw new Unexplained(`${requestText(asked)}\nno answer: ${error instanceof Error ? error.message : error}`);
      });
      context.figures.took(kind, answer.status, answer.milliseconds);
      const expected = allowed(answer.at);
      if (!expected.includes(answer.status)) {
        throw new Unexplained(`${requestText(asked)}\n${answerText(answer)}\ninstead of ${expected.join(" or ")}`);
      }
      return answer;
    },
    async leave(asked, when) {
      requests++;
      context.figures.left();
      return context.client.leave(asked, when).catch((error: unknown) => {
        throw new Unexplained(`${requestText(asked)}\nno answer: ${error instanceof Error ? error.message : error}`);
      });
    },
  };
}

/** Fails unless a sentence holds. */
export function must(holds: boolean, sentence: string, answer?: Answer): asserts holds {
  if (!holds) throw new Unexplained(`${sentence}${answer ? `\n${answerText(answer)}` : ""}`);
}

export const post = (path: string, body: object, headers: Readonly<Record<string, string>> = {}): Asked => ({
  ...{ method: "POST", path, body: JSON.stringify(body) },
  headers: { "content-type": "application/json", ...headers },
});

export const get = (path: string, token?: string): Asked => ({
  ...{ method: "GET", path },
  headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
});

export const only =
  (...statuses: readonly number[]) =>
  (): readonly number[] =>
    statuses;

/** The keys are of this run alone. */
function requestText({ method, path, headers, body, chunked }: Asked): string {
  const shownBody = body === undefined ? "" : `\n${body.toString().slice(0, 800)}`;
  return `${method} ${path}${chunked ? " in chunks" : ""}\n${JSON.stringify(headers ?? {})}${shownBody}`;
}

const answerText = ({ status, headers, body, whole, at }: Answer) =>
  `${status}${whole ? "" : " (broken off)"} from ${at.from} to ${at.to}, request id ${headers["x-request-id"]}: ${body.slice(0, 800)}`;
