// The commands that `npm start` prints: a walk through the gateway with curl, to be pasted.
// Must never need anything but curl, sed and a shell: sh, bash, zsh or fish (3.4 or later). Interactive zsh has no comments,
// and fish no `NAME=value`.
/** What the walk has to know of the gateway that runs. */
export interface WalkFacts {
  /** The gateway's address, without a slash at the end. */
  readonly gateway: string;
  /** Of the token endpoints, each with its slash at the end. */
  readonly paths: Readonly<Record<"obtain" | "refresh" | "verify" | "blacklist", string>>;
  /** The token endpoints that are served, as TOKEN_ENDPOINTS names them. */
  readonly endpoints: readonly string[];
  /** A refresh gives a new refresh token too. */
  readonly rotates: boolean;
  /** The header that takes the token, and the scheme that comes before it. */
  readonly header: string;
  readonly scheme: string;
  /** The demo API is behind it; else some API that the walk knows nothing of. */
  readonly demo: boolean;
  /** The body field of the name: USERNAME_FIELD. */
  readonly usernameField: string;
  readonly username: string;
  /** Undefined where it is not known; then nothing is printed that needs it. */
  readonly password: string | undefined;
  /** Every step, with titles; else only the first call without and with a token. */
  readonly isFull: boolean;
}

/** One step: what it does, and its commands, one a line. */
export interface Step {
  readonly title: string;
  readonly commands: readonly string[];
}

/** A text as one word of the shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** A header's own name, from that or from Django's spelling: HTTP_X_ACCESS_TOKEN is X-Access-Token. */
export const headerName = (name: string): string =>
  name.startsWith("HTTP_")
    ? name
        .slice(5)
        .toLowerCase()
        .replaceAll("_", "-")
        .replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())
    : name;

/** A call whose answer is to be read by a person: with its head, and a line end after it. */
const see = (...words: readonly string[]): string => `curl -i ${words.join(" ")}; echo`;

/** Sets a variable in each of the shells. */
const set = (variable: string, value: string): string => `export ${variable}=${value}`;

const pick = (variable: string, field: string): string =>
  set(variable, `"$(printf %s "$TOKENS" | sed 's/.*"${field}": *"\\([^"]*\\)".*/\\1/')"`);

/** The steps as one text to paste; the titles of a full walk are printed by the shell. */
export function pasteLines(steps: readonly Step[], isFull: boolean): readonly string[] {
  if (!isFull) return steps.flatMap(({ commands }) => commands);
  return steps.flatMap(({ title, commands }) => [`echo ${shellWord(`--- ${title}`)}`, ...commands]);
}

/** The steps of the walk, in an order that works when they are pasted one after the other. */
export function walk(facts: WalkFacts): Step[] {
  const { gateway, username, password, isFull } = facts;
  const serves = (endpoint: string): boolean => facts.endpoints.includes(endpoint);
  const at = (endpoint: keyof WalkFacts["paths"]): string => `${gateway}${facts.paths[endpoint]}`;
  const bearer = `-H "${facts.header}: ${facts.scheme} $ACCESS"`;
  const form = (field: string, variable: string): string => `--data-urlencode "${field}=$${variable}"`;
  const notes = `${gateway}/api/notes/`;
  const json = "-H 'Content-Type: application/json'";

  const without: Step[] = facts.demo
    ? [
        { title: "without a token, the request does not reach the API", commands: [see(notes)] },
        { title: "public paths need no token", commands: [see(`${gateway}/api/public/`)] },
      ]
    : [];
  // Other ways to log in (sliding tokens) have no walk of their own.
  if (!serves("obtain") || password === undefined) return without;

  const login: Step = {
    title: `log in as ${username}`,
    commands: [
      set("PASSWORD", shellWord(password)),
      set(
        "TOKENS",
        `"$(curl -s ${at("obtain")} --data-urlencode ${shellWord(`${facts.usernameField}=${username}`)} ${form("password", "PASSWORD")})"`,
      ),
      pick("ACCESS", "access"),
      ...(isFull ? [pick("REFRESH", "refresh")] : []),
    ],
  };
  const call: Step = facts.demo
    ? { title: "with the token, it does", commands: [see(notes, bearer)] }
    : { title: "call your API (any path of it)", commands: [see(`${gateway}/`, bearer)] };
  if (!isFull) return [login, ...without.slice(0, 1), call];

  const steps: Step[] = [login, ...without, call];
  if (facts.demo) steps.push({ title: "write a note", commands: [see(notes, bearer, json, `-d '{"title":"Milk"}'`)] });
  if (serves("refresh"))
    steps.push({
      title: "get a new access token",
      commands: [
        set("TOKENS", `"$(curl -s ${at("refresh")} ${form("refresh", "REFRESH")})"`),
        pick("ACCESS", "access"),
        ...(facts.rotates ? [pick("REFRESH", "refresh")] : []),
      ],
    });
  if (serves("verify"))
    steps.push({ title: "check that it is valid", commands: [see(at("verify"), form("token", "ACCESS"))] });
  if (serves("blacklist"))
    steps.push({ title: "log out", commands: [see(at("blacklist"), form("refresh", "REFRESH"))] });
  if (serves("blacklist") && serves("refresh"))
    steps.push({
      title: "the refresh token no longer works",
      commands: [see(at("refresh"), form("refresh", "REFRESH"))],
    });
  return steps;
}
