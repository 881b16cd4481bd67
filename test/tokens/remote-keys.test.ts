// JWK_URL: which keys of a set verify, how often it is fetched, and what happens while its source is down.
import { describe, expect, it } from "vitest";
import { Refusal } from "../../src/errors.ts";
import { fetchAllowance, remoteKeys } from "../../src/tokens/remote-keys.ts";
import { settingsOf } from "../support/settings.ts";

// RFC 7515 A.2.1, RFC 7515 A.3.1 and RFC 8037 A.2: public halves.
const rsa = {
  kty: "RSA",
  n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
  e: "AQAB",
};
const ec = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
};
/** RFC 8037 A.2. */
const ed = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
const otherRsa = { ...rsa, n: `s${rsa.n.slice(1)}` };

const vars = { ALGORITHM: "RS256", JWK_URL: "https://keys.example/set.json" };
const start = 1_800_000_000;

/** A source that counts its fetches and gives what the test says, and the errors that were reported. */
function source(first: unknown, change: Readonly<Record<string, unknown>> = {}) {
  const state = {
    set: first,
    fetches: 0,
    errors: [] as unknown[],
    loaded: [] as unknown[],
    kept: [] as unknown[],
  };
  const load = async () => {
    state.fetches++;
    if (state.set instanceof Promise) return state.set;
    if (state.set instanceof Error) throw state.set;
    return state.set;
  };
  const keys = remoteKeys(
    { algorithms: [settingsOf({ ...vars, ...change }).ALGORITHM] },
    {
      load,
      loaded: (keyIds) => void state.loaded.push(keyIds),
      failed: (error) => void state.errors.push(error),
      keepAlive: (work) => void state.kept.push(work),
      pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
    },
  );
  const find = async (kid: unknown, nowSeconds: number) => {
    const [key] = await keys.find(kid, nowSeconds);
    if (!key) throw new Error("no key and no refusal");
    return key;
  };
  return { state, find, findAll: keys.find, stateAt: keys.state, versionAt: keys.version };
}

async function reasonOf(found: Promise<unknown>): Promise<string> {
  const error = await found.then(
    () => "a key",
    (thrown: unknown) => thrown,
  );
  return error instanceof Refusal ? error.reason : String(error);
}

describe("remoteKeys()", () => {
  it("finds a key by its id", async () => {
    const { find } = source({ keys: [{ ...rsa, kid: "a", use: "sig", alg: "RS256" }] });
    expect((await find("a", start)).type).toBe("public");
  });
  it.each([
    ["no id in the token", undefined, {}],
    ["an id that is no text", 5, {}],
    ["an id that the set does not have", "b", {}],
    ["a key for encryption", "a", { use: "enc" }],
    ["a key of another algorithm", "a", { alg: "RS512" }],
    ["a key whose operations leave out verify", "a", { key_ops: ["encrypt"] }],
  ])("refuses %s", async (_what, kid, change) => {
    const { find } = source({
      keys: [
        { ...rsa, kid: "a", ...change },
        { ...rsa, kid: "other" },
      ],
    });
    expect(await reasonOf(find(kid, start))).toBe("token_key_unknown");
  });
  it.each([
    ["an EC key under RS256", { ...ec }],
    ["a symmetric key", { kty: "oct", k: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA" }],
    ["an unknown type of key", { kty: "XYZ" }],
    [
      "an RSA key of 512 bits",
      {
        kty: "RSA",
        e: "AQAB",
        n: "1_JSqPbHkdqDGN-Pk2RDq6c8QZ1bJTDmwdk6hu8mC1PqDqHi0DS8p4CtVvZFTvkCxh7YaMkQfWDqEt8_8DdK9w",
      },
    ],
  ])("refuses %s", async (_what, jwk) => {
    const { find } = source({
      keys: [
        { ...jwk, kid: "a" },
        { ...rsa, kid: "other" },
      ],
    });
    expect(await reasonOf(find("a", start))).toBe("token_key_unknown");
  });
  it("uses a private key that was published by mistake for nothing but its public half", async () => {
    const { find } = source({ keys: [{ ...rsa, d: "AQAB", kid: "a" }] });
    expect((await find("a", start)).usages).toEqual(["verify"]);
  });
  it("fetches once for many tokens at the same time", async () => {
    const { state, find } = source({ keys: [{ ...rsa, kid: "a" }] });
    await Promise.all(Array.from({ length: 50 }, () => find("a", start)));
    expect(state.fetches).toBe(1);
  });
  it("fetches five times at once for 1,000 made-up ids, then once in 30 s", async () => {
    const { state, find } = source({ keys: [{ ...rsa, kid: "a" }] });
    await find("a", start);
    for (let index = 0; index < 1000; index++) await reasonOf(find(`made-up-${index}`, start + (index % 30)));
    expect(state.fetches).toBe(1 + 5);
    await reasonOf(find("made-up", start + 30));
    await reasonOf(find("made-up", start + 59));
    expect(state.fetches).toBe(1 + 5 + 1);
    for (let index = 0; index < 10; index++) await reasonOf(find("made-up", start + 120));
    expect(state.fetches).toBe(1 + 5 + 1 + 3);
  });
  it("makes one fetch for 50 tokens with made-up ids at the same time", async () => {
    const { state, find } = source({ keys: [{ ...rsa, kid: "a" }] });
    await find("a", start);
    await Promise.all(Array.from({ length: 50 }, (_, index) => reasonOf(find(`made-up-${index}`, start))));
    expect(state.fetches).toBe(2);
  });
  it("finds a new key at once, five times in a row", async () => {
    const { state, find } = source({ keys: [{ ...rsa, kid: "0" }] });
    await find("0", start);
    for (const kid of ["1", "2", "3", "4", "5"]) {
      state.set = { keys: [{ ...rsa, kid }] };
      expect((await find(kid, start)).type).toBe("public");
    }
    state.set = { keys: [{ ...rsa, kid: "6" }] };
    expect(await reasonOf(find("6", start + 29))).toBe("token_key_unknown");
    expect((await find("6", start + 30)).type).toBe("public");
  });
  it("fetches nothing for an unknown id within 30 s of a fetch that failed", async () => {
    const { state, find } = source({ keys: [{ ...rsa, kid: "a" }] });
    await find("a", start);
    state.set = new Error("unreachable");
    expect(await reasonOf(find("b", start + 1))).toBe("token_key_unknown");
    expect(await reasonOf(find("c", start + 30))).toBe("token_key_unknown");
    expect(state.fetches).toBe(2);
    state.set = { keys: [{ ...rsa, kid: "c" }] };
    expect((await find("c", start + 31)).type).toBe("public");
  });
  it("forgets a key that was taken out within five minutes", async () => {
    const { state, find } = source({
      keys: [
        { ...rsa, kid: "a" },
        { ...rsa, kid: "b" },
      ],
    });
    await find("a", start);
    state.set = { keys: [{ ...rsa, kid: "b" }] };
    expect((await find("a", start + 299)).type).toBe("public");
    expect(await reasonOf(find("a", start + 300))).toBe("token_key_unknown");
  });
  it.each([
    ["cannot be reached", new Error("unreachable")],
    ["gives no set", "nonsense"],
    ["gives an empty set", { keys: [] }],
    ["gives a set without a key that could verify", { keys: [{ kty: "oct", kid: "a", k: "AA" }] }],
  ])("uses the last good keys for six hours while the source %s, then answers 503", async (_what, broken) => {
    const { state, find } = source({ keys: [{ ...rsa, kid: "a" }] });
    await find("a", start);
    state.set = broken;
    expect((await find("a", start + 6 * 3600 - 1)).type).toBe("public");
    expect(await reasonOf(find("a", start + 6 * 3600))).toBe("keys_unavailable");
    expect(state.errors.length).toBeGreaterThan(0);
    state.set = { keys: [{ ...rsa, kid: "a" }] };
    expect((await find("a", start + 6 * 3600 + 30)).type).toBe("public");
  });
  it("calls every token invalid while the source has never answered, as Simple JWT does", async () => {
    const { state, find } = source(new Error("unreachable"));
    expect(await reasonOf(find("a", start))).toBe("token_key_unknown");
    expect(await reasonOf(find("a", start + 1))).toBe("token_key_unknown");
    expect([state.fetches, state.errors.length]).toEqual([1, 1]);
  });
});

describe("a key set as issuers have it", () => {
  const tokenTypes = async (keys: readonly object[], change: Readonly<Record<string, unknown>> = {}) => {
    const { findAll } = source({ keys }, change);
    return (await findAll("a", start)).map(({ algorithm }) =>
      "namedCurve" in algorithm ? algorithm.namedCurve : algorithm.name,
    );
  };

  it.each([
    ["RS256", ["RSASSA-PKCS1-v1_5"]],
    ["ES256", ["P-256"]],
    ["EdDSA", ["Ed25519"]],
  ])("may have keys of three kinds under one id: %s uses its own", async (ALGORITHM, expected) => {
    const keys = [rsa, ec, ed].map((jwk) => ({ ...jwk, kid: "a" }));
    expect(await tokenTypes(keys, { ALGORITHM })).toEqual(expected);
    expect(await tokenTypes(keys.toReversed(), { ALGORITHM })).toEqual(expected);
  });
  it("may have several keys of one type under one id, of which eight are tried", async () => {
    expect(await tokenTypes([rsa, otherRsa].map((jwk) => ({ ...jwk, kid: "a" })))).toHaveLength(2);
    expect(await tokenTypes(Array.from({ length: 20 }, () => ({ ...rsa, kid: "a" })))).toHaveLength(8);
  });
  it("keys of another use, algorithm or size under the same id do not count", async () => {
    const changes = [{ use: "enc" }, { alg: "RS512" }, { key_ops: ["sign"] }, { n: "AQAB" }, {}];
    expect(await tokenTypes(changes.map((change) => ({ ...rsa, kid: "a", ...change })))).toHaveLength(1);
  });
  it.each([
    ["null in the place of what is absent", { ...rsa, use: null, alg: null, key_ops: null, x5c: null }, {}],
    ["an empty alg, as PyJWT reads it", { ...rsa, alg: "" }, {}],
    ["null for the members of other kinds", { ...rsa, crv: null, x: null, y: null }, {}],
    ['the alg "Ed25519" (RFC 9864)', () => ({ ...ed, alg: "Ed25519" }), { ALGORITHM: "EdDSA" }],
    ['the alg "EdDSA"', () => ({ ...ed, alg: "EdDSA" }), { ALGORITHM: "EdDSA" }],
  ])("may have %s", async (_what, jwk, change) => {
    expect(await tokenTypes([{ ...(typeof jwk === "function" ? jwk() : jwk), kid: "a" }], change)).toHaveLength(1);
  });
  it.each([
    ["a curve of another algorithm", { ...ec, crv: "P-384" }, { ALGORITHM: "ES256" }],
    [
      "X25519 for Ed25519",
      { kty: "OKP", crv: "X25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
      { ALGORITHM: "EdDSA" },
    ],
    ["the alg Ed25519 on an RSA key", { ...rsa, alg: "Ed25519" }, {}],
    ["an empty use", { ...rsa, use: "" }, {}],
  ])("may not have %s", async (_what, jwk, change) => {
    const { find } = source(
      {
        keys: [
          { ...jwk, kid: "a" },
          { ...rsa, kid: "b" },
          { ...ed, kid: "b" },
          { ...ec, kid: "b" },
        ],
      },
      change,
    );
    expect(await reasonOf(find("a", start))).toBe("token_key_unknown");
  });
});

describe("while another request fetches", () => {
  const one = { keys: [{ ...rsa, kid: "a" }] };
  const never = new Promise<unknown>(() => {});

  it("a fetch that never ends is not waited for longer than a second, by the pauses that were made", async () => {
    const { state, find } = source(never);
    void find("a", start).catch(() => {});
    state.set = one;
    expect((await find("a", start)).type).toBe("public");
    expect(state.fetches).toBe(2);
  });
  it("keys that one fetch has brought are not waited for until a later fetch ends, too", async () => {
    const answers: Array<(set: unknown) => void> = [];
    const pauses: Array<() => void> = [];
    const keys = remoteKeys(
      { algorithms: ["RS256"] },
      {
        load: () => new Promise((resolve) => answers.push(resolve)),
        ...{ loaded: () => undefined, failed: () => undefined, keepAlive: () => undefined },
        pause: () => new Promise((resolve) => pauses.push(() => resolve())),
      },
    );
    const pass = async () => {
      for (const end of pauses.splice(0)) end();
      await new Promise((resolve) => setTimeout(resolve, 0));
    };
    const first = keys.find("a", start);
    void keys.find("a", start);
    while (answers.length < 2) await pass();
    const third = keys.find("a", start);
    expect([answers.length, pauses.length]).toEqual([2, 1]);
    answers[0]?.({ keys: [{ ...rsa, kid: "a" }] });
    expect(await first).toHaveLength(1);
    await pass();
    expect(pauses).toEqual([]);
    expect(await third).toHaveLength(1);
  });

  it("keys of before serve at once, however long the fetch takes", async () => {
    const { state, find } = source(one);
    await find("a", start);
    state.set = never;
    void find("a", start + 300).catch(() => {});
    expect((await find("a", start + 300)).type).toBe("public");
    expect(state.fetches).toBe(2);
  });
  it("a fetch that was lost is made again once it must have ended", async () => {
    const { state, find, stateAt } = source(one);
    await find("a", start);
    state.set = never;
    void find("a", start + 300).catch(() => {});
    state.set = one;
    expect((await find("a", start + 306)).type).toBe("public");
    expect([state.fetches, await stateAt(start + 306)]).toEqual([3, "ok"]);
  });
  it("an answer that was overtaken by a later fetch changes nothing", async () => {
    let answerLate: (set: unknown) => void = () => {};
    const { state, find } = source(new Promise((resolve) => (answerLate = resolve)));
    const late = find("a", start).then(
      ({ type }) => type,
      () => "refused",
    );
    state.set = { keys: [{ ...rsa, kid: "b" }] };
    expect((await find("b", start + 10)).type).toBe("public");
    answerLate(one);
    expect(await late).toBe("refused");
    expect((await find("b", start + 11)).type).toBe("public");
    expect(await reasonOf(find("a", start + 11))).toBe("token_key_unknown");
  });
  it("every fetch is kept alive for the case that its client goes away", async () => {
    const { state, find } = source(one);
    await find("a", start);
    expect(state.kept).toHaveLength(1);
  });
});

describe("the version of the keys", () => {
  it("changes with the keys, also within a second, and not with a fetch that brings the same ones", async () => {
    const { state, find, versionAt } = source({ keys: [{ ...rsa, kid: "a" }] });
    await find("a", start);
    const first = versionAt(start);
    await reasonOf(find("b", start));
    expect(versionAt(start)).toBe(first);
    state.set = { keys: [{ ...rsa, kid: "b" }] };
    await find("b", start);
    expect(versionAt(start)).not.toBe(first);
    expect(versionAt(start + 300)).toBeUndefined();
  });
});

describe("the state of the source", () => {
  const one = { keys: [{ ...rsa, kid: "a" }] };

  it("is ok once the set was read, for which it fetches by itself", async () => {
    const { state, stateAt } = source(one);
    expect(await stateAt(start)).toBe("ok");
    expect(await stateAt(start + 299)).toBe("ok");
    expect(state.fetches).toBe(1);
    expect(await stateAt(start + 300)).toBe("ok");
    expect(state.fetches).toBe(2);
  });
  it("is failed while there never was a set, and asks for one every 30 s however often it is looked at", async () => {
    const { state, stateAt } = source(new Error("unreachable"));
    for (let second = 0; second < 30; second++) expect(await stateAt(start + second)).toBe("failed");
    expect(state.fetches).toBe(1);
    expect(await stateAt(start + 30)).toBe("failed");
    expect(state.fetches).toBe(2);
  });
  it("is last_good from five minutes to six hours after the last set that could be read, then failed", async () => {
    const { state, stateAt } = source(one);
    await stateAt(start);
    state.set = new Error("unreachable");
    expect(await stateAt(start + 300)).toBe("last_good");
    expect(await stateAt(start + 6 * 3600 - 1)).toBe("last_good");
    expect(await stateAt(start + 6 * 3600)).toBe("failed");
  });
  it("reports the ids of its keys when they have changed", async () => {
    const { state, stateAt } = source(one);
    await stateAt(start);
    await stateAt(start + 300);
    state.set = { keys: [{ ...rsa, kid: "b" }] };
    await stateAt(start + 600);
    expect(state.loaded).toEqual([["a"], ["b"]]);
  });
});

describe("fetchAllowance()", () => {
  /** How many of ten tries are allowed at each of these seconds. */
  const allowed = (seconds: readonly number[]) => {
    const take = fetchAllowance(5, 30);
    return seconds.map((now) => Array.from({ length: 10 }, () => take(now)).filter(Boolean).length);
  };

  it("allows a burst, then one in thirty seconds", () => {
    expect(allowed([1000, 1029, 1030, 1059, 1060, 1121])).toEqual([5, 0, 1, 0, 1, 2]);
  });
  it("never has more than a burst, however long nothing was asked", () => {
    expect(allowed([1000, 90_000])).toEqual([5, 5]);
  });
  it("gives nothing for a clock that goes back", () => {
    expect(allowed([1000, 900, 1000, 1030])).toEqual([5, 0, 0, 1]);
  });
});
