// loginApi(): how long an answer of the API's log-in view is waited for.
import { expect, it, vi } from "vitest";
import { loginApi } from "../../src/stores/login-at-api.ts";
import { reasonOf } from "../support/context.ts";

const call = { clientOrigin: "https://gateway.example", path: "/api/token/", headers: {}, body: "{}" };

it.each([
  ["says nothing", () => new Promise<Response>(() => {})],
  [
    "begins to answer and stops",
    async () => new Response(new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(1)) })),
  ],
])("gives up, and breaks the call off, when the API %s", async (_, answer) => {
  const failed = vi.fn();
  let signal: AbortSignal | null | undefined;
  const api = loginApi({
    send: (_call, init) => {
      signal = init.signal;
      return answer();
    },
    ...{ timeoutSeconds: 0.02, nowSeconds: () => 7, failed },
  });
  expect(await reasonOf(() => api.ask(call))).toBe("api_login_unavailable");
  expect(failed.mock.calls).toEqual([[new Error("the API's log-in view took too long"), call]]);
  expect(signal?.aborted).toBe(true);
});

it("says when the answer had come", async () => {
  const api = loginApi({
    send: async () => new Response("x", { status: 201 }),
    ...{ timeoutSeconds: 1, nowSeconds: () => 7, failed: () => {} },
  });
  expect(await api.ask(call)).toMatchObject({ status: 201, body: new Uint8Array([120]), atSeconds: 7 });
});
