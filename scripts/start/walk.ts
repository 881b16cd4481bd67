// The commands that `npm start` prints: a walk through the gateway with curl, to be pasted.
// Must never need anything but a POSIX shell, curl and sed.
/** What the walk has to know of the gateway that runs. */
export interface WalkFacts {
  /** The gateway's address, without a slash at the end. */
  readonly gateway: string;
  readonly tokenPrefix: string;
  /** The token endpoints that are served, as TOKEN_ENDPOINTS names them. */
  readonly endpoints: readonly string[];
  /** A refresh gives a new refresh token too. */
  readonly rotates: boolean;
  /** The header that takes the token, and the scheme that comes before it. */
  readonly header: string;
  readonly scheme: string;
  /** The demo API is behind it; else some API that the walk knows nothing of. */
  readonly demo: boolean;
  readonly username: string;
  /** Shown once, when the user was made; else the person has it. */
  readonly password: string | undefined;
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

const pick = (variable: string, field: string): string =>
  `${variable}=$(printf %s "$TOKENS" | sed 's/.*"${field}": *"\\([^"]*\\)".*/\\1/')`;

/** The steps of the walk, in an order that works when they are pasted one after the other. */
export function walk(facts: WalkFacts): Step[] {
  const { gateway, username, password } = facts;
  const serves = (endpoint: string): boolean => facts.endpoints.includes(endpoint);
  const token = `${gateway}${facts.tokenPrefix}`;
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
  if (!serves("obtain")) return without;

  const steps: Step[] = [
    {
      title: `log in as ${username}`,
      commands: [
        `PASSWORD=${password === undefined ? "'the password of this user'" : shellWord(password)}`,
        `TOKENS=$(curl -s ${token}/ --data-urlencode ${shellWord(`username=${username}`)} ${form("password", "PASSWORD")})`,
        pick("ACCESS", "access"),
        pick("REFRESH", "refresh"),
      ],
    },
    ...without,
  ];
  if (facts.demo)
    steps.push(
      { title: "with the token, it does", commands: [see(notes, bearer)] },
      { title: "write a note", commands: [see(notes, bearer, json, `-d '{"title":"Milk"}'`)] },
    );
  else steps.push({ title: "call your API (any path of it)", commands: [see(`${gateway}/`, bearer)] });
  if (serves("refresh"))
    steps.push({
      title: "get a new access token",
      commands: [
        `TOKENS=$(curl -s ${token}/refresh/ ${form("refresh", "REFRESH")})`,
        pick("ACCESS", "access"),
        ...(facts.rotates ? [pick("REFRESH", "refresh")] : []),
      ],
    });
  if (serves("verify"))
    steps.push({ title: "check that it is valid", commands: [see(`${token}/verify/`, form("token", "ACCESS"))] });
  if (serves("blacklist"))
    steps.push({ title: "log out", commands: [see(`${token}/blacklist/`, form("refresh", "REFRESH"))] });
  if (serves("blacklist") && serves("refresh"))
    steps.push({
      title: "the refresh token no longer works",
      commands: [see(`${token}/refresh/`, form("refresh", "REFRESH"))],
    });
  return steps;
}
