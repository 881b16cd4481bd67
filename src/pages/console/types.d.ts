// The types of console.client.js. They stand here because that file is sent as it is, comments and all, in the bundle.

// biome-ignore lint/suspicious/noExplicitAny: JSON of any shape, which is looked at field by field
export type Json = any;

/** As answers name a token; `token` is a sliding one. */
export type Name = "access" | "refresh" | "token";

export interface Token {
  /** Absent where the token is in a cookie. */
  text?: string;
  header?: unknown;
  claims?: Json;
  /** Seconds since 1970. */
  exp: number;
  /** Seconds. */
  life: number;
  /** Another issuer's, by the entry of ISSUERS that was chosen or that its `iss` names. */
  issuer?: KnownIssuer | undefined;
  /** Why it is of no use any more, in a sentence. */
  ended?: string;
  /** Whether its end has been read out. */
  told?: boolean;
}

export interface Call {
  method: string;
  path: string;
  body?: string | undefined;
  authorize?: boolean;
  /** Shorten the tokens in the answer: they are shown in full in their own place. */
  elide?: boolean;
  /** What to say when it went well. */
  done?: string;
}

export interface Session {
  id: string;
  /** Null where tokens do not name their session. */
  current: boolean | null;
  client: string;
  address: string;
  created_at: string;
  expires_at: string;
  last_refreshed_at: string;
}

export interface RouteInWords {
  path: string;
  /** Empty for all. */
  methods: string[];
  needs: string;
}

/** The token endpoints that the page may send requests to. */
export type Endpoint =
  | ("obtain" | "refresh" | "verify" | "blacklist")
  | ("sliding" | "sliding_refresh" | "sessions" | "logout_all");

/** What there is to know of an entry of ISSUERS. */
export interface KnownIssuer {
  issuer: string;
  /** Null where any will do. */
  audience: readonly string[] | null;
  userClaim: string;
  idClaim: string | null;
  typeClaim: { readonly name: string; readonly value: string } | null;
  /** Whether the API gets a token of ours in its place. */
  reissues: boolean;
}

/** What the gateway writes into the page. */
export interface Known {
  /** The field of the body that the name is sent as. */
  readonly usernameField: string;
  /** Of each token endpoint, by the name that TOKEN_PATHS has for it. */
  paths: Record<Endpoint, string>;
  served: string[];
  header: string;
  scheme: string;
  cookiesOnly: boolean;
  typeClaim: string | null;
  idClaim: string | null;
  userClaim: string;
  /** ISSUER: the iss of our own tokens. */
  issuer: string | null;
  issuers: KnownIssuer[];
  /** Which tokens open routes. */
  accepts: Name[];
  routes: RouteInWords[];
  /** IDENTITY_HEADERS */
  identity: Record<string, string>;
  /** Whether the API gets the token. */
  forwards: boolean;
  assertion: boolean;
  /** Whether there is an admin page on this host. */
  admin: boolean;
  refreshExpClaim: string;
  /** Seconds. */
  lifetimes: Record<Name, number>;
}

/** JSON with the source texts of its numbers (ECMAScript 2026), which TypeScript does not know yet. */
export interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source: string }) => unknown): Json;
  rawJSON?: (text: string) => unknown;
}

type Attributes = Record<string, string | number>;

/** The functions of the page by their names. */
export interface Page {
  serves(name: string): boolean;
  at(id: string): HTMLElement;
  field(id: string): HTMLInputElement;
  /** JSON with every number as it was written (an id of 18 digits is shown with all of them); old browsers round some. */
  parsed(text: string): Json;
  make(tag: string, text?: string | number, attributes?: Attributes): HTMLElement;
  say(text: string, kind?: "good" | "bad"): void;
  /** A second press while the first is under way does nothing. */
  unlessBusy(work: (event: Json) => unknown): (event?: Event) => Promise<void>;
  /** The address of a path; undefined for one that would lead to another origin. */
  addressOf(path: string): URL | undefined;
  /** Sends, shows and remembers one call; the JSON of a good answer comes back, undefined for any other. */
  call(call: Call): Promise<Json>;
  statusOf(response: Response): string;
  elided(json: object): object;
  showAnswer(answer: {
    response: Response;
    text: string;
    json: unknown;
    what: string;
    took: string;
    /** The trace id that was sent: the log has it. */
    trace: string;
  }): void;
  remember(call: Call & { what: string; status: number; took: string }): void;
  decoded(text: string): { header: unknown; claims: Json } | undefined;
  /** Takes the tokens of an answer, or with cookies the times that they must have; draws them. */
  take(answer: Partial<Record<Name, string>>, names: Name[]): void;
  card(entry: [Name, Token]): HTMLElement;
  claimTable(name: Name, claims: object): HTMLElement;
  /** What speaks against a token, as far as a page can know. */
  findings(name: Name, token: Token): HTMLElement[];
  /** As proxy/headers/identity-headers.ts writes them. */
  headersForApi(name: Name, token: Token): HTMLElement[];
  /** What speaks against a token of another issuer, each with whether it is so. */
  foreignChecks(issuer: KnownIssuer, claims: Json): [boolean, string][];
  headerText(value: unknown): string;
  clock(claim: string, end: number | undefined): HTMLElement;
  leftText(seconds: number): string;
  /**
   * @param kind its classes
   * @param name as screen readers say it
   */
  button(text: string, work: (event: Json) => unknown, kind?: string, name?: string): HTMLElement;
  /** A POST to a token endpoint; with cookies the gateway takes the token from there. */
  post(endpoint: Endpoint, fields: object, done: string): Promise<Json>;
  actionsOf(name: Name, token: Token): HTMLElement[];
  refresh(name: Name, token: Token): Promise<void>;
  blacklist(token: Token): Promise<void>;
  /** @param what how the text is called at the beginning of a sentence */
  copy(text: string, what: string): Promise<void>;
  /** Copies the request of the form, with the token if there is one. */
  copyAs(kind: "curl" | "HTTPie" | "fetch"): Promise<void> | void;
  routeItem(route: RouteInWords): HTMLElement;
  isOwn(session: Session): boolean;
  /** Drawing makes buttons anew: the focus goes back to where it was. */
  focusAgain(selector: string): void;
  forget(said?: string): void;
  send(event: SubmitEvent & { submitter: HTMLButtonElement | null }): Promise<void>;
  fillRequest(method: string, path: string, body: string | undefined): void;
  sessionItem(session: Session): HTMLElement;
  endSession(session: Session): Promise<void>;
  /** What the page had is of no use any more; it stays to be tried. */
  ended(how: string): void;
}

declare global {
  /** Of client/client.ts, which is in the same script. */
  const createClient: (options: {
    paths: Record<string, string>;
    header: string;
    scheme: string;
    storage: {
      getItem(key: string): string | null;
      setItem(key: string, value: string): void;
      removeItem(key: string): void;
    };
    fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
  }) => {
    fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
    setTokens(tokens: { access: string; refresh: string }): Promise<void>;
    on(event: "refreshed" | "logged-out", listener: () => void): () => void;
  };
}
