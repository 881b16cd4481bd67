// The console in the browser: makes calls, shows their answers and the tokens, keeps everything in memory. Sent as text.
// The client for apps (client/client.ts) is above it in the same script, as `createClient`.
// Must never keep anything outside memory, put a token into a URL, write HTML, or leave the page's own origin; never send
// what nobody pressed a button or ticked a box for, nor say that a token is good.

/** @import { ExactJson, Known, Name, Page, Token } from "./types.d.ts" */

/** @type {Known} */
const known = JSON.parse(document.querySelector("main")?.dataset.known ?? "");
/** @type {Page["serves"]} */
const serves = (name) => known.served.includes(name);
/** @type {Page["at"]} */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @type {Page["field"]} */
const field = (id) => /** @type {HTMLInputElement} */ (at(id));
const longestShown = 100000;
const longestHistory = 50;
const gatewaysPolicy = "default-src 'none'; frame-ancestors 'none'";
/** @type {Record<number, string>} */
const words = {
  200: "OK",
  201: "Created",
  204: "No Content",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

const exactJson = /** @type {ExactJson} */ (/** @type {unknown} */ (JSON));

/** @type {Page["parsed"]} */
function parsed(text) {
  return exactJson.parse(text, (_, value, context) =>
    typeof value === "number" && exactJson.rawJSON && String(value) !== context.source
      ? exactJson.rawJSON(context.source)
      : value,
  );
}

/** @type {Page["make"]} */
function make(tag, text, attributes) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = String(text);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, String(value));
  return element;
}

/** @type {Page["say"]} */
function say(text, kind) {
  at("status").textContent = text;
  at("status").className = kind ?? "";
  at("toast").className = "";
}

/** @type {Page["unlessBusy"]} */
function unlessBusy(work) {
  let busy = false;
  return async (/** @type {Event | undefined} */ event) => {
    event?.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await work(event);
    } finally {
      busy = false;
    }
  };
}

/** @type {Page["addressOf"]} */
function addressOf(path) {
  if (!path.startsWith("/") || !URL.canParse(path, location.origin)) return undefined;
  const url = new URL(path, location.origin);
  return url.origin === location.origin ? url : undefined;
}

/** @type {Page["call"]} */
async function call({ method, path, body, authorize, elide, done }) {
  const headers = new Headers();
  if (body !== undefined) headers.set("content-type", "application/json");
  const token = authorize && !known.cookiesOnly ? bearer() : undefined;
  const byItself = token !== undefined && refreshesByItself();
  if (token && !byItself) headers.set(known.header, `${known.scheme} ${token}`);
  const url = addressOf(path);
  if (url === undefined) return undefined;
  const trace = randomHex(32);
  headers.set("traceparent", `00-${trace}-${randomHex(16)}-01`);
  say("Sending…");
  at("answer").ariaBusy = "true";
  const began = performance.now();
  let response, text;
  try {
    response = await (byItself ? client.fetch : fetch)(url, {
      method,
      headers,
      body: body ?? null,
      cache: "no-store",
      redirect: "manual",
      credentials: known.cookiesOnly && authorize !== false ? "same-origin" : "omit",
    });
    text = await response.text();
  } catch {
    say("No response: the gateway could not be reached, or the connection was lost.", "bad");
  }
  at("answer").ariaBusy = "false";
  const took = `${Math.round(performance.now() - began)} ms`;
  const what = `${method} ${url.pathname}${url.search}`;
  const how = !authorize ? "" : token || known.cookiesOnly ? " with token" : "";
  if (!byItself) remember({ method, path, body, what: what + how, status: response?.status ?? 0, took });
  if (response === undefined || text === undefined) return undefined;
  let json;
  try {
    json = parsed(text);
  } catch {}
  showAnswer({ response, text, json: elide && json ? elided(json) : json, what: what + how, took, trace });
  const named = statusOf(response);
  const reason = json?.detail ?? json?.non_field_errors?.[0];
  const said = response.ok && done ? done : typeof reason === "string" ? reason : "";
  say([named, said].filter(Boolean).join(": "), response.ok ? "good" : "bad");
  return response.ok ? (json ?? {}) : undefined;
}

/** @param {number} digits */
function randomHex(digits) {
  const bytes = crypto.getRandomValues(new Uint8Array(digits / 2));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @type {Page["statusOf"]} */
function statusOf(response) {
  if (response.type === "opaqueredirect") return "Redirect";
  return `${response.status} ${response.statusText || words[response.status] || ""}`.trim();
}

/** @type {Page["elided"]} */
function elided(json) {
  /** @param {unknown} value */
  const short = (value) =>
    typeof value === "string" && value.split(".").length === 3 ? `${value.slice(0, 12)}…` : value;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, short(value)]));
}

/** @type {Page["showAnswer"]} */
function showAnswer({ response, text, json, what, took, trace }) {
  const { headers } = response;
  const redirect = response.type === "opaqueredirect";
  const id = headers.get("x-request-id");
  const own = id !== null && headers.get("content-security-policy") === gatewaysPolicy;
  at("pill").textContent = statusOf(response);
  at("pill").className = `pill ${response.ok ? "good" : "bad"}`;
  at("called").textContent = what;
  at("by").textContent = redirect ? "not visible to a page" : own ? "the gateway" : "the API behind the gateway";
  at("request-id").textContent = id ?? `in the gateway's log, in the line with trace_id ${trace}`;
  at("took").textContent = took;
  at("headers").textContent = [...headers].map((pair) => pair.join(": ")).join("\n") || "none";
  const full = json === undefined ? text : JSON.stringify(json, null, 2);
  at("text").textContent = redirect
    ? "The API redirects. Browsers do not tell a page the target."
    : full === ""
      ? "(no body)"
      : full.slice(0, longestShown) + (full.length > longestShown ? "\n… (cut)" : "");
  at("text").lang = headers.get("content-language") ?? "";
  at("no-answer").hidden = true;
  at("answered").hidden = false;
}

/** @type {Page["remember"]} */
function remember({ method, path, body, what, status, took }) {
  const item = make("li");
  const kind = status >= 200 && status < 300 ? "good" : "bad";
  const again = make("button", what, { type: "button", class: "link", title: "Copy to the request form" });
  again.addEventListener("click", () => fillRequest(method, path, body));
  item.append(make("strong", status || "–", { class: kind }), again);
  item.append(make("span", `${new Date().toLocaleTimeString()}, ${took}`, { class: "soft" }));
  at("history").prepend(item);
  while (at("history").children.length > longestHistory) at("history").lastChild?.remove();
  at("no-history").hidden = true;
}

/** By the name that an answer gives them: access, refresh, token (a sliding one). */
const tokens = /** @type {Map<Name, Token>} */ (new Map());
const titles = { access: "Access token", refresh: "Refresh token", token: "Sliding token" };
const cookies = { access: "__Host-access", refresh: "__Secure-refresh", token: "__Host-access" };
/** Who logged in here, empty for a pasted token; by how many milliseconds the gateway's clock is ahead of this one. */
const here = {
  user: "",
  ahead: 0,
  session: "",
  /** What the client keeps. */
  client: /** @type {string | null} */ (null),
};

const bearer = () => (tokens.get("access") ?? tokens.get("token"))?.text;
const gatewaySeconds = () => (Date.now() + here.ahead) / 1000;

/** @type {Page["decoded"]} */
function decoded(text) {
  try {
    const [header, claims] = text
      .split(".")
      .slice(0, 2)
      .map((part) => {
        const bytes = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
        return parsed(new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0))));
      });
    return claims !== null && typeof claims === "object" ? { header, claims } : undefined;
  } catch {
    return undefined;
  }
}

/** @type {Page["take"]} */
function take(answer, names) {
  if (known.cookiesOnly) {
    for (const name of names)
      tokens.set(name, { exp: gatewaySeconds() + known.lifetimes[name], life: known.lifetimes[name] });
    return draw();
  }
  for (const name of /** @type {Name[]} */ (Object.keys(titles))) {
    if (typeof answer[name] !== "string") continue;
    const read = decoded(answer[name]);
    tokens.set(name, { text: answer[name], ...read, exp: read?.claims.exp, life: read?.claims.exp - read?.claims.iat });
  }
  // A pasted token says nothing of the gateway's clock.
  const made = names.length > 0 && (tokens.get("access") ?? tokens.get("token"))?.claims?.iat;
  if (made && Math.abs(made * 1000 - Date.now() - here.ahead) > 2000) here.ahead = made * 1000 - Date.now();
  handToClient();
  draw();
}

/** What the client keeps is in memory, like everything here. It sends only what is sent while its box is ticked. */
const client = createClient({
  paths: known.paths,
  header: known.header,
  scheme: known.scheme,
  storage: {
    getItem: () => here.client,
    setItem: (_, text) => {
      here.client = text;
    },
    removeItem: () => {
      here.client = null;
    },
  },
  async fetch(input, init) {
    const { pathname, search } = new URL(String(input));
    const began = performance.now();
    const method = init?.method ?? "GET";
    let status = 0;
    try {
      const response = await fetch(input, init);
      status = response.status;
      return response;
    } finally {
      const body = typeof init?.body === "string" ? init.body : undefined;
      const path = pathname + search;
      const took = `${Math.round(performance.now() - began)} ms`;
      remember({ method, path, body, what: `${method} ${path} by the client`, status, took });
    }
  },
});
client.on("refreshed", () => {
  take(JSON.parse(here.client ?? "{}"), ["access", "refresh"]);
});
client.on("logged-out", () => {
  const token = tokens.get("refresh");
  if (token) token.ended = "The refresh was refused.";
  draw();
});

/** Without both tokens, the client gets none. */
function handToClient() {
  const [access, refresh] = [tokens.get("access")?.text, tokens.get("refresh")?.text];
  const kept = JSON.parse(here.client ?? "{}");
  if (kept.access === access && kept.refresh === refresh) return;
  here.client = null;
  if (access && refresh) client.setTokens({ access, refresh });
}

/** A client that has discarded its tokens would send none. */
const refreshesByItself = () => !at("refreshing").hidden && field("by-itself").checked && here.client !== null;

function draw() {
  const some = tokens.size > 0;
  at("refreshing").hidden = known.cookiesOnly || !serves("refresh") || !tokens.has("access") || !tokens.has("refresh");
  at("tokens").hidden = !some;
  at("account").hidden = !some;
  at("login").hidden = some;
  at("who").textContent = !some ? "Log in" : here.user === "" ? "With a token" : `Logged in as ${here.user}`;
  at("logout-all").hidden = !serves("sessions") || (bearer() === undefined && !known.cookiesOnly);
  at("sessions").hidden = !some || at("logout-all").hidden;
  at("cards").replaceChildren(...[...tokens].map(card));
  tick();
}

/** @type {Page["card"]} */
function card([name, token]) {
  const article = make("article", undefined, { "aria-labelledby": `card-${name}`, "data-token": name });
  const head = make("div", undefined, { class: "row" });
  head.append(make("h3", titles[name], { id: `card-${name}` }), clock("exp", token.exp));
  article.append(head);
  if (token.life > 0)
    article.append(make("progress", undefined, { max: token.life, "aria-label": `${titles[name]}: time left` }));
  if (token.ended) article.append(make("p", token.ended, { class: "bad" }));
  if (token.claims)
    article.append(...findings(name, token), claimTable(name, token.claims), ...headersForApi(name, token));
  else
    article.append(
      make(
        "p",
        known.cookiesOnly
          ? `In the HttpOnly cookie ${cookies[name]}, which no page can read.`
          : "This text is not a JWT.",
        { class: "soft" },
      ),
    );
  if (token.text) {
    const raw = make("details");
    raw.append(
      make("summary", "Header and token"),
      make("pre", JSON.stringify(token.header)),
      make("pre", token.text, { class: "raw" }),
    );
    article.append(raw);
  }
  const buttons = make("div", undefined, { class: "row" });
  buttons.append(...actionsOf(name, token));
  article.append(buttons);
  return article;
}

/** @type {Page["claimTable"]} */
function claimTable(name, claims) {
  // A hidden caption would become the first row, which has the widths of the columns.
  const table = make("table", undefined, { "aria-label": `Claims of the ${titles[name].toLowerCase()}` });
  for (const [claim, value] of Object.entries(claims)) {
    const row = make("tr");
    const cell = make("td", typeof value === "string" ? value : JSON.stringify(value));
    if (typeof value === "number" && ["exp", "iat", "nbf", known.refreshExpClaim].includes(claim)) {
      cell.append(" ", make("span", new Date(value * 1000).toLocaleString(), { class: "soft" }));
      if (claim === known.refreshExpClaim) cell.append(" ", clock(claim, value));
    }
    row.append(make("th", claim, { scope: "row" }), cell);
    table.append(row);
  }
  return table;
}

/** @type {Page["findings"]} */
function findings(name, { header, claims, issuer }) {
  const { exp, iat, nbf } = claims;
  const now = gatewaySeconds();
  /** @type {[boolean, string][]} */
  const checks = [
    [!Object(header).alg || Object(header).alg === "none", "It is not signed."],
    ...(issuer ? foreignChecks(issuer, claims) : ownChecks(claims)),
    [typeof exp !== "number", "It has no claim exp with a number."],
    [exp <= now, `It expired ${new Date(exp * 1000).toLocaleString()}.`],
    [Math.max(iat ?? 0, nbf ?? 0) > now + 1, "It is not valid yet (iat, nbf)."],
  ];
  const found = checks.filter(([isSo]) => isSo);
  const items = found.map(([, text]) => make("li", text, { class: "bad" }));
  if (found.length === 0)
    items.push(make("li", "Its claims are in order. Only the gateway can check signature, revocation and user."));
  if (issuer) items.push(make("li", "Routes that name its issuer accept it; token endpoints refuse it."));
  else if (!known.accepts.includes(name)) items.push(make("li", "It is for the token endpoints; routes refuse it."));
  const list = make("ul", undefined, { class: "found" });
  list.append(...items);
  return [list];
}

/**
 * @param {Record<string, unknown>} claims
 * @returns {[boolean, string][]}
 */
const ownChecks = (claims) => [
  [
    known.issuers.length > 0 && claims.iss !== undefined && claims.iss !== known.issuer,
    `Its claim iss is ${plainText(claims.iss)}, and no issuer of the settings: it counts as a token of this gateway.`,
  ],
  [
    known.typeClaim !== null && !["access", "refresh", "sliding"].includes(String(claims[known.typeClaim])),
    `Its claim ${known.typeClaim} is not access, refresh or sliding.`,
  ],
  [known.idClaim !== null && claims[known.idClaim] === undefined, `It has no claim ${known.idClaim}.`],
  [claims[known.userClaim] === undefined, `It has no claim ${known.userClaim}: it names no user.`],
];

/** @type {Page["foreignChecks"]} */
const foreignChecks = ({ issuer, audience, userClaim, idClaim, typeClaim }, claims) => [
  [claims.iss !== issuer, `Its claim iss is not ${issuer}.`],
  [
    audience !== null && ![claims.aud].flat().some((/** @type {string} */ one) => audience.includes(one)),
    `Its claim aud is none of ${audience?.join(", ")}.`,
  ],
  [
    typeClaim !== null && claims[typeClaim.name] !== typeClaim.value,
    `Its claim ${typeClaim?.name} is not ${typeClaim?.value}.`,
  ],
  [idClaim !== null && claims[idClaim] === undefined, `It has no claim ${idClaim}.`],
  [claims[userClaim] === undefined, `It has no claim ${userClaim}: it names nobody.`],
];

/** @type {Page["headersForApi"]} */
function headersForApi(name, { claims, issuer }) {
  if (!issuer && !known.accepts.includes(name)) return [];
  const own = issuer ? {} : known.identity;
  const lines = Object.entries(own).flatMap(([header, source]) => {
    const asJson = source.startsWith("json:");
    const path = asJson ? source.slice(5) : source;
    let value = claims;
    for (const part of path === "user_id" ? [known.userClaim] : path.split("."))
      value = Array.isArray(value) || !Object.hasOwn(Object(value), part) ? undefined : value[part];
    if (value === undefined || value === null) return [];
    return `${header}: ${asJson ? printable(JSON.stringify(value)) : headerText(value)}`;
  });
  if (issuer) {
    lines.push(`x-token-issuer: ${issuer.issuer}`);
    lines.push(`x-token-subject: ${plainText(claims[issuer.userClaim] ?? "")}`);
  }
  const token = issuer?.reissues ? "a token of the gateway's own" : "the token";
  if (known.forwards) lines.push(`${known.header}: ${known.scheme} <${token}>`);
  if (known.assertion) lines.push("x-gateway-assertion: <a statement signed by the gateway>");
  const box = make("details");
  const more = issuer ? " IDENTITY_HEADERS are added from its claims, except for those that name a user of yours." : "";
  const note = `From this token, on routes that accept it.${more} The same headers from a client are dropped.`;
  box.append(make("summary", "Headers for the API"), make("p", note, { class: "soft" }));
  box.append(make("pre", lines.join("\n") || "none"));
  return [box];
}

/** @param {string} text */
const printable = (text) =>
  /^[!-~]([ -~]*[!-~])?$/.test(text) && !text.includes("%") ? text : encodeURIComponent(text);
/** @type {Page["headerText"]} */
const headerText = (value) => (Array.isArray(value) ? value.map(itemText).join(",") : plainText(value));
/** @param {unknown} value */
const plainText = (value) => printable(typeof value === "object" ? JSON.stringify(value) : String(value));
/** @param {unknown} item */
const itemText = (item) => plainText(item ?? "").replaceAll(",", "%2C");

/** @type {Page["clock"]} */
function clock(claim, end) {
  return make("span", "", {
    class: "clock",
    role: "timer",
    "aria-label": claim === "exp" ? "Time left" : "Time left to refresh",
    "data-end": end ?? "",
  });
}

/** @type {Page["leftText"]} */
function leftText(seconds) {
  if (seconds <= 0) return "expired";
  const days = Math.floor(seconds / 86400);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  /** @param {number} number */
  const two = (number) => String(number).padStart(2, "0");
  if (days > 0) return `${days} d ${hours} h ${two(minutes)} min`;
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(rest)}`;
}

/** Every second. Only the end of a token is read out, once. */
function tick() {
  const now = gatewaySeconds();
  for (const shown of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".clock"))) {
    const left = Math.ceil(Number(shown.dataset.end) - now);
    shown.textContent = shown.dataset.end === "" ? "no end" : leftText(left);
    shown.classList.toggle("bad", shown.dataset.end !== "" && left <= 0);
  }
  for (const [name, token] of tokens) {
    const left = Math.max(0, token.exp - now);
    /** @type {HTMLProgressElement | null} */
    const bar = document.querySelector(`[data-token=${name}] progress`);
    if (bar) bar.value = left;
    if (left === 0 && !token.told) {
      token.told = true;
      say(`The ${titles[name].toLowerCase()} has expired.`, "bad");
    }
  }
}
setInterval(tick, 1000);

/** @type {Page["button"]} */
function button(text, work, kind, name) {
  const made = make("button", text, {
    type: "button",
    class: kind ?? "quiet",
    ...(name ? { "aria-label": name } : {}),
  });
  made.addEventListener("click", unlessBusy(work));
  return made;
}

/** @type {Page["post"]} */
const post = (endpoint, fields, done) =>
  call({
    method: "POST",
    path: known.paths[endpoint],
    body: JSON.stringify(known.cookiesOnly ? {} : fields),
    elide: true,
    done,
  });

/** @type {Page["actionsOf"]} */
function actionsOf(name, token) {
  const title = titles[name].toLowerCase();
  const actions = [];
  const refreshes = name === "refresh" ? serves("refresh") : name === "token" && serves("sliding");
  if (refreshes) actions.push(button("Refresh", () => refresh(name, token), "", `Refresh with the ${title}`));
  if (serves("verify") && !(known.cookiesOnly && name === "refresh"))
    actions.push(
      button(
        "Verify",
        () => post("verify", { token: token.text }, `the ${title} is valid`),
        "quiet",
        `Verify the ${title}`,
      ),
    );
  if (name === "refresh" && serves("blacklist"))
    actions.push(button("Blacklist", () => blacklist(token), "quiet danger", `Blacklist the ${title}`));
  if (token.text)
    actions.push(button("Copy", () => copy(token.text ?? "", `The ${title}`), "quiet", `Copy the ${title}`));
  return actions;
}

/** @type {Page["refresh"]} */
async function refresh(name, token) {
  const sliding = name === "token";
  const endpoint = sliding ? "sliding_refresh" : "refresh";
  const done = sliding ? "the token is valid for longer" : "a new access token";
  const answer = await post(endpoint, { [name]: token.text }, done);
  if (answer === undefined) return;
  take(answer, sliding ? ["token"] : ["access", "refresh"]);
  focusAgain(`[data-token=${name}] button`);
}

/** @type {Page["blacklist"]} */
async function blacklist(token) {
  const answer = await post("blacklist", { refresh: token.text }, "the refresh token is blacklisted");
  if (answer === undefined) return;
  if (known.cookiesOnly) return forget("Logged out: the cookies are cleared.");
  token.ended = "Blacklisted: try to refresh with it.";
  draw();
  focusAgain("[data-token=refresh] .danger");
}

/** @type {Page["copy"]} */
async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} is copied.`, "good");
  } catch {
    say("The browser does not let this page copy.", "bad");
  }
}

/** @type {Page["focusAgain"]} */
const focusAgain = (selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus();

/** @type {Page["forget"]} */
function forget(said) {
  tokens.clear();
  here.user = here.session = "";
  handToClient();
  draw();
  at("session-list").replaceChildren();
  at("username").focus();
  say(said ?? "The tokens are discarded here; they stay valid until they expire.");
}

async function logIn() {
  const isSliding = at("kinds").hidden ? !serves("obtain") : field("kind").value === "sliding";
  const username = field("username").value;
  const body = JSON.stringify({ [known.usernameField]: username, password: field("password").value });
  const answer = await call({
    method: "POST",
    path: isSliding ? known.paths.sliding : known.paths.obtain,
    body,
    elide: true,
    done: `logged in as ${username}`,
  });
  if (answer === undefined) return field("password").select();
  field("password").value = "";
  tokens.clear();
  here.user = username;
  take(answer, isSliding ? ["token"] : ["access", "refresh"]);
  here.session = (tokens.get("refresh") ?? tokens.get("token"))?.claims?.[known.idClaim ?? ""] ?? "";
  at("tokens-title").focus();
}

function usePasted() {
  const text = field("token").value.trim();
  const type = decoded(text)?.claims[known.typeClaim ?? ""];
  /** @type {Name} */
  const named = type === "refresh" ? "refresh" : type === "sliding" ? "token" : "access";
  if (decoded(text) === undefined) return say("This text is not a JWT.", "bad");
  const chosen = field("issuer").value || decoded(text)?.claims.iss;
  const issuer = known.issuers.find((one) => one.issuer === chosen);
  const name = issuer ? "access" : named;
  field("token").value = "";
  tokens.clear();
  here.user = here.session = "";
  take({ [name]: text }, []);
  const taken = tokens.get(name);
  if (taken && issuer) taken.issuer = issuer;
  draw();
  say(`The ${titles[name].toLowerCase()} is loaded, not verified.`);
  at("tokens-title").focus();
}

/** @type {Page["send"]} */
async function send(event) {
  const authorize = event.submitter?.value !== "without";
  const path = field("path").value.trim();
  const bad = addressOf(path) === undefined;
  at("path").ariaInvalid = String(bad);
  at("path-error").textContent = bad ? "A path of this gateway, such as /api/notes/." : "";
  if (bad) return at("path").focus();
  if (authorize && !known.cookiesOnly && bearer() === undefined)
    return say("There is no token to send: log in first.", "bad");
  const body = at("with-body").hidden || field("body").value === "" ? undefined : field("body").value;
  await call({ method: field("method").value, path, body, authorize });
}

/** @type {Page["copyAs"]} */
function copyAs(kind) {
  const url = addressOf(field("path").value.trim())?.href;
  if (url === undefined) return say("The path has to be one of this gateway.", "bad");
  const method = field("method").value;
  const body = at("with-body").hidden ? "" : field("body").value;
  const token = known.cookiesOnly ? undefined : bearer();
  const headers = {
    ...(token ? { [known.header]: `${known.scheme} ${token}` } : {}),
    ...(body ? { "content-type": "application/json" } : {}),
  };
  const pairs = Object.entries(headers);
  /** @param {string} text */
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const texts = {
    curl: [
      "curl -g",
      ...(method === "HEAD" ? ["--head"] : method === "GET" ? [] : [`-X ${method}`]),
      ...[quoted(url), ...pairs.map((pair) => `-H ${quoted(pair.join(": "))}`)],
      ...(body ? [`--data-raw ${quoted(body)}`] : []),
    ].join(" "),
    HTTPie: [
      ...[`http ${method}`, quoted(url), ...pairs.map((pair) => quoted(pair.join(":")))],
      ...(body ? [`--raw=${quoted(body)}`] : []),
    ].join(" "),
    fetch: `await fetch(${JSON.stringify(url)}, ${JSON.stringify({ method, headers, body: body || undefined })});`,
  };
  return copy(texts[kind], `${kind}${token ? " with the token" : ""}`);
}

/** @type {Page["routeItem"]} */
function routeItem({ path, methods, needs }) {
  const item = make("li");
  const name = `${methods.join(", ") || "all methods"} ${path}`;
  const fill = make("button", name, { type: "button", class: "link", title: "Copy to the request form" });
  fill.addEventListener("click", () => fillRequest(methods[0] ?? "GET", path.replace(/\*$/, ""), undefined));
  item.append(fill, make("span", needs, { class: "soft" }));
  return item;
}

/** @type {Page["fillRequest"]} */
function fillRequest(method, path, body) {
  field("method").value = method;
  field("path").value = path;
  const isEndpoint = Object.values(known.paths).some((one) => path.startsWith(one.slice(0, -1)));
  field("body").value = isEndpoint ? "" : (body ?? "");
  showBody();
  at("path").focus();
}

const showBody = () => {
  at("with-body").hidden = ["GET", "HEAD"].includes(field("method").value);
};

async function loadSessions() {
  const list = await call({ method: "GET", path: known.paths.sessions, authorize: true, done: "sessions listed" });
  if (!Array.isArray(list)) return;
  at("session-list").replaceChildren(...list.map(sessionItem));
  at("reload").textContent = "Load the list again";
}

/** @type {Page["sessionItem"]} */
function sessionItem(session) {
  const item = make("li");
  /** @param {string | null} text */
  const local = (text) => (text ? new Date(text).toLocaleString() : "never");
  item.append(make("strong", local(session.created_at)));
  if (isOwn(session)) item.append(make("span", "this session", { class: "pill good" }));
  const facts = [
    `last refreshed ${local(session.last_refreshed_at)}`,
    `ends ${local(session.expires_at)}`,
    session.client,
    session.address,
  ];
  item.append(make("span", facts.filter(Boolean).join(" · "), { class: "soft" }));
  item.append(
    button("End", () => endSession(session), "quiet danger", `End the session of ${local(session.created_at)}`),
  );
  return item;
}

/** @type {Page["isOwn"]} */
const isOwn = ({ id, current }) => current ?? id === here.session;

/** @type {Page["endSession"]} */
async function endSession(session) {
  const { id } = session;
  const path = `${known.paths.sessions}${encodeURIComponent(id)}/`;
  const answer = await call({ method: "DELETE", path, authorize: true, done: "the session is ended" });
  if (answer === undefined) return;
  if (isOwn(session)) return ended("Ended with its session.");
  await loadSessions();
  at("sessions-title").focus();
}

/** @type {Page["ended"]} */
function ended(how) {
  if (known.cookiesOnly) return forget("Logged out: the cookies are cleared.");
  for (const token of tokens.values()) token.ended = how;
  at("session-list").replaceChildren();
  draw();
  at("tokens-title").focus();
}

async function logOutAll() {
  const answer = await call({
    method: "POST",
    path: known.paths.logout_all,
    authorize: true,
    done: "logged out everywhere",
  });
  if (answer !== undefined) ended("Ended: logged out everywhere.");
}

at("no-login").hidden = serves("obtain") || serves("sliding");
at("credentials").hidden = !at("no-login").hidden;
at("kinds").hidden = !(serves("obtain") && serves("sliding"));
at("paste").hidden = known.cookiesOnly;
if (known.cookiesOnly)
  at("tokens-note").textContent =
    "AUTH_COOKIE is on: the tokens stay in cookies. The times are calculated from the settings.";
at("issuers").hidden = known.issuers.length === 0;
at("issuer").append(...known.issuers.map(({ issuer }) => make("option", issuer, { value: issuer })));
at("routes").append(...known.routes.map(routeItem));
if (known.admin) at("links").append(" · ", make("a", "Admin page", { href: "/_gateway/admin" }));
const named = location.hash.slice(1);
if (addressOf(named)) field("path").value = named;
at("login").addEventListener("submit", unlessBusy(logIn));
at("pasted").addEventListener("submit", unlessBusy(usePasted));
at("request").addEventListener("submit", unlessBusy(send));
at("method").addEventListener("change", showBody);
at("forget").addEventListener("click", () => forget());
at("logout-all").addEventListener("click", unlessBusy(logOutAll));
at("reload").addEventListener("click", unlessBusy(loadSessions));
at("close").addEventListener("click", () => {
  at("toast").className = "closed";
  at("page").focus();
});
for (const one of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-as]")))
  one.addEventListener("click", () => copyAs(/** @type {"curl" | "HTTPie" | "fetch"} */ (one.dataset.as)));
at("page").focus();
