// Which part can fail in which way, what each operation then promises, and the test that tries to break the promise.
// docs/reliability.md shows it.

export const operationNames = [
  ...(["log-in", "refresh", "sliding refresh", "verify", "log-out", "log-out everywhere", "list of sessions"] as const),
  ...(["end of a session", "bearer token", "bearer token, cached", "bearer token, strict"] as const),
  ...(["bearer token, user", "proxy", "admin change", "provisioning", "events", "flush"] as const),
  ...(["API key", "API key, strict", "API key, imported", "introspection"] as const),
  ...(["issuer's token", "issuer's token, strict", "issuer's token, mapped"] as const),
] as const;
export type Operation = (typeof operationNames)[number];

export interface Cell {
  /** What is promised, in one sentence. */
  readonly promise: string;
  /** From the project's root. */
  readonly file: string;
  /** The test's title as the file has it. */
  readonly test: string;
}

/** What an operation meets of a failure; null where it does not use that part. */
type Row = Readonly<Record<Operation, Cell | null>>;

const inD1 = "test/faults/d1.test.ts";
const inOthers = "test/faults/others.test.ts";
const inIssuers = "test/faults/issuers.test.ts";

/** A cell for each of the operations, which promise the same. */
const each = <Name extends Operation>(names: readonly Name[], promise: string, file: string, test: string) =>
  Object.fromEntries(names.map((name) => [name, { promise, file, test }])) as Record<Name, Cell>;
const doesNotMeet = <Name extends Operation>(...names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, null])) as Record<Name, null>;

const reading = ["verify", "list of sessions", "bearer token, strict", "bearer token, user"] as const;
const ending = ["log-out", "log-out everywhere", "end of a session"] as const;
const changing = ["admin change", "provisioning"] as const;
const apiKeys = ["API key", "API key, strict", "API key, imported"] as const;
const foreign = ["issuer's token", "issuer's token, strict", "issuer's token, mapped"] as const;
/** Callers that are no users of ours. */
const machines = [...apiKeys, "introspection", ...foreign] as const;
export const isMachine = (operation: Operation): boolean => machines.some((one) => one === operation);
/** All before them. */
const users = [
  ...(["log-in", "refresh", "sliding refresh", ...reading, ...ending, ...changing, "events", "flush"] as const),
  ...(["bearer token", "bearer token, cached", "proxy"] as const),
] as const;
const withoutD1 = doesNotMeet("bearer token", "bearer token, cached", "proxy", "issuer's token");

const anyTrip = "%s at each of its round trips is answered as ever or 503, and done when it is asked for again";
const trip = <Name extends Operation>(names: readonly Name[], promise: string) => each(names, promise, inD1, anyTrip);

const triedAgain = "%s is tried again: answered as ever, once for each of its round trips that writes";
const retried = <Name extends Operation>(names: readonly Name[], promise: string) =>
  each(names, promise, inD1, triedAgain);

const oneByOne =
  "%s is 503 where what it has to read fails, as ever where something else does, and whole when asked for again";
const read = <Name extends Operation>(names: readonly Name[], promise: string) => each(names, promise, inD1, oneByOne);

const lostBefore: Row = {
  ...withoutD1,
  ...retried(["log-in"], "As ever: what it writes is tried again."),
  ...retried(["refresh"], "As ever: it is tried again, and gives the only successor."),
  ...trip(["sliding refresh"], "503, since it only reads; the token that was sent can be refreshed again."),
  ...trip(reading, "503; the next request is answered as ever."),
  ...retried(ending, "As ever: what it writes is tried again."),
  ...trip(["admin change"], "503; a change is never made while sessions go on that it ends."),
  ...retried(["provisioning"], "As ever: it is tried again."),
  ...trip(["events"], "Events stay written down until they were sent and deleted."),
  ...trip(["flush"], "It fails, and the next one deletes what is left."),
  ...read(
    ["API key", "API key, strict"],
    "503 where the key cannot be read; as ever where its last use cannot be written.",
  ),
  ...read(
    ["API key, imported"],
    "503 where the key cannot be read; where the better hash cannot be written, a later use writes it.",
  ),
  ...read(["introspection"], "503 where key or token cannot be read: neither active nor inactive."),
  ...read(["issuer's token, strict"], "503; the next request is answered as ever."),
  ...read(["issuer's token, mapped"], "503 where the user cannot be read; writing the user's row is tried again."),
};

const lostAfter: Row = {
  ...lostBefore,
  ...retried(["log-in"], "As ever: the retry finds the session that the first attempt began."),
  ...retried(["refresh"], "As ever: the retry finds its own mark, and gives the only successor."),
  ...retried(ending, "As ever: the retry finds what was ended in its own second."),
  ...trip(["admin change"], "503; asked for again it comes to the same."),
  ...retried(["provisioning"], "Answered unchanged; the retry finds the version, and KV learns what has ended."),
  ...trip(["events"], "Events are sent once, or twice with the same sequence, and none is lost."),
  ...read(
    ["issuer's token, mapped"],
    "503 where the user cannot be read; the retry finds the row and writes no other one.",
  ),
};

const usingD1 = [
  ...(["log-in", "refresh", "sliding refresh", ...reading, ...ending, ...changing, "events", "flush"] as const),
  ...([...apiKeys, "introspection", "issuer's token, strict", "issuer's token, mapped"] as const),
] as const;

const failed: Row = {
  ...withoutD1,
  ...each(
    usingD1,
    "503, without more round trips than ever; asked for again it is done.",
    inD1,
    "%s is 503 while each round trip fails, asks no more often than ever, and is done when it is asked for again",
  ),
};

const down: Row = {
  ...withoutD1,
  ...each(
    usingD1,
    "503 after three attempts at most; asked for again it is done.",
    inD1,
    "%s is 503 while D1 cannot be reached, after three attempts at most, and is done when it is asked for again",
  ),
};

const slow: Row = {
  ...withoutD1,
  ...each(
    usingD1,
    "Waits for D1, and is then answered as ever.",
    inD1,
    "%s waits for D1, and holds up no request that does not need it",
  ),
};

const cutOff = "%s that is cut off after each of its round trips is done when it is asked for again";
const gone = <Name extends Operation>(names: readonly Name[], promise: string) => each(names, promise, inD1, cutOff);
const isolateGone: Row = {
  ...withoutD1,
  ...gone(["log-in"], "A session may be left that nobody has tokens of; the next log-in succeeds."),
  ...gone(["refresh", "sliding refresh"], "Within the grace a repeat gets the only successor, or the same session."),
  ...gone(reading, "Nothing was written."),
  ...gone(ending, "Asked for again it has ended; KV may not know of it."),
  ...gone(changing, "A change is never made while sessions go on that it ends; asked for again it is made."),
  ...gone(["events", "flush"], "The next flush does what is left."),
  ...gone(
    [...apiKeys, "introspection"],
    "The key stays as it was; a last use or a better hash may be missing, and the next use writes it.",
  ),
  ...gone(["issuer's token", "issuer's token, strict"], "Nothing was written."),
  ...gone(["issuer's token, mapped"], "The user's row is there with its entry in the audit log, or neither is."),
};

const twice = "%s in an isolate of before the deploy, while one of after it does the same, comes to one result";
const deployed: Row = {
  ...each(
    ["bearer token", "bearer token, cached"],
    "Tokens go on until their key is taken out of the ring.",
    "test/worker/key-rotation.test.ts",
    "HS256, RS256, another RSA key: who logged in once goes on, until a key is retired",
  ),
  ...doesNotMeet("proxy"),
  ...each(["log-in"], "Each log-in has a session of its own.", inD1, twice),
  ...each(["refresh"], "Both isolates give the same successor within the grace.", inD1, twice),
  ...each(["sliding refresh"], "The session stays one row.", inD1, twice),
  ...each(reading, "Both are answered as ever.", inD1, twice),
  ...each(ending, "It ends once; who comes second may be refused.", inD1, twice),
  ...each(changing, "It is made once, and its sessions have ended.", inD1, twice),
  ...each(["events"], "An event may be sent by both, with the same sequence.", inD1, twice),
  ...each(["flush"], "Both delete, and nothing but what has expired.", inD1, twice),
  ...doesNotMeet("issuer's token"),
  ...each(
    ["API key", "API key, strict", "introspection", "issuer's token, strict"],
    "Both are answered as ever.",
    inD1,
    twice,
  ),
  ...each(["API key, imported"], "Both are answered as ever, and the better hash is written once.", inD1, twice),
  ...each(["issuer's token, mapped"], "The user has one row.", inD1, twice),
};

const putLost = "%s is answered as ever, and D1 refuses what has ended";
const keyUntold =
  "%s that was revoked and of which KV was not told passes for five minutes, and never where D1 is asked";
const foreignUntold = "%s that was ended and of which KV was not told passes, and never where D1 is asked";
/** What is written to D1, and of which KV is told in vain. */
const untold = {
  ...each(
    ["refresh"],
    "200; D1 knows that the old token is used.",
    "test/sessions/rotation-errors.test.ts",
    "whose revocation KV does not take is good, and the used token is not",
  ),
  ...each(ending, "Answered as ever; D1 refuses the tokens, and the log says store_failed.", inOthers, putLost),
  ...each(changing, "Made as ever; D1 refuses the tokens, and the log says store_failed.", inOthers, putLost),
};

const kvLost: Row = {
  ...doesNotMeet("API key, strict", "issuer's token, strict"),
  ...each(
    ["API key", "API key, imported", "introspection"],
    "A revoked key that KV was not told of passes for five minutes at most.",
    inOthers,
    keyUntold,
  ),
  ...each(
    ["issuer's token", "issuer's token, mapped"],
    "A token that KV was not told of passes until it expires.",
    inOthers,
    foreignUntold,
  ),
  ...doesNotMeet("log-in", "sliding refresh", ...reading, "bearer token", "proxy", "events", "flush"),
  ...untold,
  ...each(
    ["bearer token, cached"],
    "An access token that KV was not told of passes until it expires.",
    inOthers,
    "an access token that KV was not told of passes where a route asks KV alone, and not where it asks D1",
  ),
};

const asksD1 = "%s asks D1 where KV cannot be read, is 503 where D1 is down too, and refused once it has ended";
const kvDown: Row = {
  ...doesNotMeet("log-in", "sliding refresh", ...reading, "bearer token", "proxy", "events", "flush"),
  ...doesNotMeet("API key, strict", "issuer's token, strict"),
  ...untold,
  ...each(
    [
      "bearer token, cached",
      "API key",
      "API key, imported",
      "introspection",
      "issuer's token",
      "issuer's token, mapped",
    ],
    "D1 is asked in its place; 503 where that is down, too.",
    inOthers,
    asksD1,
  ),
};

const stale = "a token ended by %s passes no longer than 60 + 30 + REVOCATION_CACHE_SECONDS";
const kvStale: Row = {
  ...doesNotMeet("API key, strict", "issuer's token, strict"),
  ...each(
    ["API key", "API key, imported", "introspection"],
    "A revoked key passes for 60 + 30 + REVOCATION_CACHE_SECONDS at most.",
    "test/stores/kv/simulation.test.ts",
    stale,
  ),
  ...doesNotMeet("log-in", "refresh", "sliding refresh", ...reading, ...ending, ...changing),
  ...doesNotMeet("bearer token", "proxy", "events", "flush"),
  ...each(
    ["bearer token, cached", "issuer's token", "issuer's token, mapped"],
    "A token that has ended passes for 60 + 30 + REVOCATION_CACHE_SECONDS at most.",
    "test/stores/kv/simulation.test.ts",
    stale,
  ),
};

const skewed = "%s in an isolate whose clock is %i s from the first one's is as ever, with a LEEWAY of 120";
const clockSkew: Row = {
  ...each(
    [...users, ...apiKeys, "introspection"],
    "As ever where isolates' clocks are 90 s apart and LEEWAY is larger.",
    inOthers,
    skewed,
  ),
  ...each(
    foreign,
    "As ever where isolates' clocks are 90 s apart and the issuer's leeway is larger.",
    inOthers,
    skewed,
  ),
};

const jwks: Row = {
  ...doesNotMeet("log-in", "proxy", "admin change", "provisioning", "events", "flush", ...apiKeys, ...foreign),
  ...each(
    ["refresh", "sliding refresh", "verify", ...ending, "list of sessions", "introspection"],
    "Keys of before serve at once, however long a fetch takes.",
    "test/tokens/remote-keys.test.ts",
    "keys of before serve at once, however long the fetch takes",
  ),
  ...each(
    ["bearer token", "bearer token, cached", "bearer token, strict", "bearer token, user"],
    "The last good keys serve for six hours, then 503; a token that is not good never passes.",
    "test/security/jwks.test.ts",
    "the last good keys serve for six hours, then 503, and never a token that is not good",
  ),
};

/** What does not ask an issuer: its state is no matter of theirs. */
const apartFromIssuers = doesNotMeet(
  ...(["log-in", "refresh", "sliding refresh", "verify", "list of sessions", ...ending, ...changing] as const),
  ...(["bearer token, cached", "bearer token, strict", "bearer token, user", "proxy", "events", "flush"] as const),
  ...([...apiKeys, "introspection"] as const),
);
const ofIssuer = (promise: string, test: string): Row => ({
  ...apartFromIssuers,
  ...each(["bearer token"], "As ever: own tokens and those of other issuers do not depend on it.", inIssuers, test),
  ...each(foreign, promise, inIssuers, test),
});
const issuerDown = ofIssuer(
  "401 while keys were never had; else the last good ones serve for six hours, then 503.",
  "%s while the issuer cannot be reached: the last good keys for six hours, then 503, and own tokens as ever",
);
const issuerSlow = ofIssuer(
  "Keys of before serve at once while another request waits for new ones; 401 where there were none within five seconds.",
  "%s while the issuer is slow is answered by the keys of before, and refused where it never had any",
);
const issuerGarbage = ofIssuer(
  "What is no set with a usable key counts as a source that failed: 401, or the last good keys; never 500.",
  "%s while the issuer answers with garbage never passes without keys, and goes on with the last good ones",
);

const apartFromOrigin = doesNotMeet(
  ...machines,
  ...(["refresh", "sliding refresh", ...reading, ...ending, "admin change"] as const),
  ...(["bearer token", "bearer token, cached", "flush"] as const),
);
const originHead: Row = {
  ...apartFromOrigin,
  ...each(
    ["proxy"],
    "502 after each byte of the head, also of a 101, with FIN and with RST; the log has origin_failed.",
    "test/worker/origin-breaks-off.test.ts",
    "is 502 after each byte of its head, and the log has why",
  ),
  ...each(
    ["log-in"],
    "With LOGIN at the API: 503, and nothing is believed.",
    "test/api/login-at-the-api.test.ts",
    "is 503 with Retry-After, and never 401, when it %s",
  ),
  ...each(
    ["provisioning"],
    "Users are taken from an answer alone: there is none.",
    "test/proxy/forward.test.ts",
    "an origin that cannot be reached, tells the log why and the client nothing",
  ),
  ...each(
    ["events"],
    "Events wait until EVENTS_URL takes them.",
    "test/users/user-events.test.ts",
    "keeps what was not taken, from the first of them on, and says why in the log",
  ),
};
const originBody: Row = {
  ...apartFromOrigin,
  ...doesNotMeet("provisioning", "events"),
  ...each(
    ["proxy"],
    "After each byte, with FIN and with RST, the client's body breaks off too: a part never looks like the whole.",
    "test/worker/origin-breaks-off.test.ts",
    "after each byte of its body is a body that broke off",
  ),
  ...each(
    ["log-in"],
    "With LOGIN at the API: 503, and nothing is believed.",
    "test/api/login-at-the-api.test.ts",
    "is 503 with Retry-After, and never 401, when it %s",
  ),
};

const clientGone: Row = {
  ...isolateGone,
  ...doesNotMeet("events", "flush"),
  ...each(
    ["bearer token", "bearer token, cached"],
    "What it had begun holds up nobody else.",
    "test/security/aborted-requests.test.ts",
    "a client whose connection breaks",
  ),
  ...each(
    ["proxy"],
    "After each byte of the request: the origin gets nothing that looks whole.",
    "test/worker/client-breaks-off.test.ts",
    "after each byte of the body never looks whole to the origin",
  ),
};

const limiterFails =
  "%s with limiters that fail is answered uncounted, and a key that is not good is refused all the same";
const limiter: Row = {
  ...each(
    [...apiKeys, "introspection"],
    "Failures and costly hashes go uncounted, a bad key is still 401, and the log says store_failed.",
    inOthers,
    limiterFails,
  ),
  ...each(
    ["log-in"],
    "Log-ins go on uncounted, and the log says store_failed whatever LOG is.",
    "test/api/login-limit.test.ts",
    "keeps nobody out, and is loud in the log even where LOG is off",
  ),
  ...each(
    ["refresh", "sliding refresh", "verify", "log-out"],
    "Answered uncounted where TOKEN_LIMITS has a limit, and the log says store_failed.",
    "test/api/token-limits.test.ts",
    "keeps nobody out while the limiter fails, and is loud in the log",
  ),
  ...each(
    ["bearer token", "bearer token, cached", "bearer token, strict", "bearer token, user", "proxy", ...foreign],
    "Goes on uncounted on routes with a limit, after two seconds at most, and the log says store_failed.",
    "test/proxy/limits.test.ts",
    "%s keeps nobody out, and is loud in the log even where LOG is off",
  ),
  ...doesNotMeet("list of sessions", "log-out everywhere", "end of a session", ...changing, "events", "flush"),
};

const queueFails = "%s is answered as ever, and its event waits for the next flush";
const queue: Row = {
  ...doesNotMeet("refresh", "sliding refresh", ...reading, "bearer token", "bearer token, cached", "proxy"),
  ...doesNotMeet("provisioning", ...apiKeys, "introspection", "issuer's token", "issuer's token, strict"),
  ...each(
    ["issuer's token, mapped"],
    "Answered as ever; the event of the new user waits for the next flush.",
    inOthers,
    "a user whom an issuer's token brings is there, and the event waits for the next flush",
  ),
  ...each(
    ["log-in", ...ending, "admin change"],
    "Answered as ever; the event waits for the next flush.",
    inOthers,
    queueFails,
  ),
  ...each(["events", "flush"], "Events wait; the flush deletes all the same.", inOthers, queueFails),
};

/** By the part and how it fails. */
export const table = {
  "D1's reply lost before the commit": lostBefore,
  "D1's reply lost after the commit": lostAfter,
  "D1 reset before the commit": lostBefore,
  "D1 reset after the commit": lostAfter,
  "D1 out of reach": down,
  "D1 slow": slow,
  "D1 overloaded": failed,
  "D1 out of time, CPU or memory": failed,
  "KV's put lost": kvLost,
  "KV out of reach": kvDown,
  "KV stale for 90 s": kvStale,
  "isolate gone between two writes": isolateGone,
  "deploy in the middle": deployed,
  "clock skew": clockSkew,
  "JWK source flapping": jwks,
  "issuer out of reach": issuerDown,
  "issuer slow": issuerSlow,
  "issuer's keys garbage": issuerGarbage,
  "origin resets in the head": originHead,
  "origin resets in the body": originBody,
  "client gone": clientGone,
  "limiter failing": limiter,
  "queue failing": queue,
} as const satisfies Readonly<Record<string, Row>>;
export type Part = keyof typeof table;

/** The operations that a test of that title has to try, in their order. */
export const operationsOf = (part: Part, test: string): readonly Operation[] =>
  operationNames.filter((name) => table[part][name]?.test === test);
