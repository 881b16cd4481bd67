// First part of the console's script: making a call, showing its answer, the history. It runs in the browser, not here.
// Must never keep anything outside memory, put a token into a URL, write HTML, or leave the page's own origin.

export const consoleCallScript = `
const known = JSON.parse(document.querySelector("main").dataset.known);
const serves = (name) => known.served.includes(name);
const at = (id) => document.getElementById(id);
const longestShown = 100000;
const longestHistory = 50;
const gatewaysPolicy = "default-src 'none'; frame-ancestors 'none'";
const words = {
  200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
  404: "Not Found", 405: "Method Not Allowed", 429: "Too Many Requests", 500: "Internal Server Error",
  502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
};

/** JSON with every number as it was written (an id of 18 digits is shown with all of them); old browsers round some. */
function parsed(text) {
  return JSON.parse(text, (_, value, context) =>
    typeof value === "number" && JSON.rawJSON && String(value) !== context.source ? JSON.rawJSON(context.source) : value);
}

function make(tag, text, attributes) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  return element;
}

function say(text, kind) {
  at("status").textContent = text;
  at("status").className = kind ?? "";
}

/** A second press while the first is under way does nothing. */
function unlessBusy(work) {
  let busy = false;
  return async (event) => {
    event?.preventDefault();
    if (busy) return;
    busy = true;
    try { await work(event); } finally { busy = false; }
  };
}

/** The address of a path; undefined for one that would lead to another origin. */
function addressOf(path) {
  if (!path.startsWith("/") || !URL.canParse(path, location.origin)) return undefined;
  const url = new URL(path, location.origin);
  return url.origin === location.origin ? url : undefined;
}

/** Sends, shows and remembers one call; the JSON of a good answer comes back, undefined for any other. */
async function call({ method, path, body, authorize, elide, done }) {
  const headers = new Headers();
  if (body !== undefined) headers.set("content-type", "application/json");
  const token = authorize && !known.cookiesOnly ? bearer() : undefined;
  if (token) headers.set(known.header, known.scheme + " " + token);
  const url = addressOf(path);
  say("Sending…");
  at("answer").ariaBusy = "true";
  const began = performance.now();
  let response, text;
  try {
    response = await fetch(url, {
      method, headers, body, cache: "no-store", redirect: "manual",
      credentials: known.cookiesOnly && authorize !== false ? "same-origin" : "omit",
    });
    text = await response.text();
  } catch {
    say("No answer: the gateway could not be reached, or broke off.", "bad");
  }
  at("answer").ariaBusy = "false";
  const took = Math.round(performance.now() - began) + " ms";
  const what = method + " " + url.pathname + url.search;
  const how = !authorize ? "" : token || known.cookiesOnly ? " with token" : "";
  remember({ method, path, body, what: what + how, status: response?.status ?? 0, took });
  if (response === undefined || text === undefined) return undefined;
  let json;
  try { json = parsed(text); } catch {}
  showAnswer({ response, text, json: elide && json ? elided(json) : json, what: what + how, took });
  const named = statusOf(response);
  const reason = json?.detail ?? json?.non_field_errors?.[0];
  const said = response.ok && done ? done : typeof reason === "string" ? reason : "";
  say([named, said].filter(Boolean).join(": "), response.ok ? "good" : "bad");
  return response.ok ? json ?? {} : undefined;
}

function statusOf(response) {
  if (response.type === "opaqueredirect") return "Redirect";
  return (response.status + " " + (response.statusText || words[response.status] || "")).trim();
}

/** Tokens in an answer of the token endpoints are shown in full in their own place. */
function elided(json) {
  const short = (value) => typeof value === "string" && value.split(".").length === 3 ? value.slice(0, 12) + "…" : value;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, short(value)]));
}

function showAnswer({ response, text, json, what, took }) {
  const { headers } = response;
  const redirect = response.type === "opaqueredirect";
  const id = headers.get("x-request-id");
  const own = id !== null && headers.get("content-security-policy") === gatewaysPolicy;
  at("pill").textContent = statusOf(response);
  at("pill").className = "pill " + (response.ok ? "good" : "bad");
  at("called").textContent = what;
  at("by").textContent = redirect ? "not to be seen by a page" : own ? "the gateway" : "the API behind the gateway";
  at("request-id").textContent = id ?? "in the gateway's log, and at the API as X-Request-Id";
  at("took").textContent = took;
  at("headers").textContent = [...headers].map((pair) => pair.join(": ")).join("\\n") || "none";
  const full = json === undefined ? text : JSON.stringify(json, null, 2);
  at("text").textContent = redirect
    ? "The API redirects. Browsers do not tell a page where to."
    : full === "" ? "(no body)" : full.slice(0, longestShown) + (full.length > longestShown ? "\\n… (cut)" : "");
  at("text").lang = headers.get("content-language") ?? "";
  at("no-answer").hidden = true;
  at("answered").hidden = false;
}

function remember({ method, path, body, what, status, took }) {
  const item = make("li");
  const kind = status >= 200 && status < 300 ? "good" : "bad";
  const again = make("button", what, { type: "button", class: "link", title: "Put it into the request form" });
  again.addEventListener("click", () => fillRequest(method, path, body));
  item.append(make("strong", status || "–", { class: kind }), again);
  item.append(make("span", new Date().toLocaleTimeString() + ", " + took, { class: "soft" }));
  at("history").prepend(item);
  while (at("history").children.length > longestHistory) at("history").lastChild.remove();
  at("no-history").hidden = true;
}
`;
