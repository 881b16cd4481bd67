// A gateway's own D1 and KV for tests in Node: a second Worker has the same bindings and does what it is asked over HTTP.
// Miniflare's own proxies do the same, and take half a second of computing for each gateway.
// Must never be a stand-in: what is called here is called there, and so is what it throws.

/** The second Worker; every other one that has bindings of the same ids is next to it. */
export const storesScript = `
const valueOf = (env, one) =>
  one !== null && typeof one === "object" && "binding" in one
    ? one.chain.reduce((target, [name, args]) => target[name](...args), env[one.binding])
    : Array.isArray(one) ? one.map((each) => valueOf(env, each)) : one;
export default {
  async fetch(request, env) {
    const { target, name, args } = await request.json();
    try {
      const value = await valueOf(env, target)[name](...args.map((one) => valueOf(env, one)));
      return Response.json({ value });
    } catch (error) {
      return Response.json({ message: String(error?.message ?? error) });
    }
  },
};
`;

/** Calls that lead on to an object and ask nothing of the store. */
const leadsOn = new Set(["prepare", "bind", "withSession"]);

interface Target {
  readonly binding: string;
  readonly chain: ReadonlyArray<readonly [name: string, args: readonly unknown[]]>;
}

/** @param url where the second Worker listens */
export function storeOverHttp<T extends object>(url: URL, binding: string): T {
  return remote(url, { binding, chain: [] }) as T;
}

function remote(url: URL, target: Target): object {
  return new Proxy(target, {
    get: (_, name) => {
      // JSON.stringify() takes it along as what it is; and it is no promise.
      if (name === "toJSON") return () => target;
      if (typeof name === "symbol" || name === "then") return undefined;
      return (...args: unknown[]) => {
        if (args.includes(undefined)) throw new TypeError(`${name}() of ${target.binding} was given undefined`);
        if (leadsOn.has(name)) return remote(url, { ...target, chain: [...target.chain, [name, args]] });
        return asked(url, { target, name, args });
      };
    },
  });
}

async function asked(url: URL, call: object): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(call) });
  const { value, message } = (await response.json()) as { readonly value: unknown; readonly message?: string };
  if (message !== undefined) throw new Error(message);
  return value;
}
