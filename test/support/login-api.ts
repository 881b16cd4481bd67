// The API's log-in view for tests in workerd: answers what a test says, and takes note of what it was asked.
// Its tokens are made by hand, as Simple JWT at the API makes them with the shared key.
import { craft } from "./craft.ts";
import { freshId } from "./rows.ts";

export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Answer = (asked: Asked) => Response | Promise<Response>;

/** A service binding under ORIGIN. */
export function loginView(first: Answer) {
  let answer = first;
  const asked: Asked[] = [];
  return {
    asked,
    answers: (next: Answer) => {
      answer = next;
    },
    binding: {
      fetch: async (input: string | Request, init?: RequestInit) => {
        const request = new Request(input, init);
        const headers = Object.fromEntries(request.headers);
        const one = { url: request.url, method: request.method, headers, body: await request.text() };
        asked.push(one);
        return answer(one);
      },
    },
  };
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** A token of Simple JWT at the API. */
export function apiToken(token_type: "access" | "refresh", claims: Readonly<Record<string, unknown>> = {}): string {
  const iat = nowSeconds();
  const exp = iat + (token_type === "access" ? 300 : 86_400);
  return craft({ claims: { token_type, exp, iat, jti: freshId(), ...claims } });
}

/** A pair for a user, with the same further claims in both. */
export const apiPair = (user_id: unknown, claims: Readonly<Record<string, unknown>> = {}) => ({
  refresh: apiToken("refresh", { user_id, ...claims }),
  access: apiToken("access", { user_id, ...claims }),
});
