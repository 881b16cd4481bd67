// Second part of the console's script: the tokens in memory, decoded, with a clock each. It runs in the browser, not here.
// Must never say that a token is good: it only reads what the token says of itself.

export const consoleTokensScript = `
/** By the name that an answer gives them: access, refresh, token (a sliding one). */
const tokens = new Map();
const titles = { access: "Access token", refresh: "Refresh token", token: "Sliding token" };
const cookies = { access: "__Host-access", refresh: "__Secure-refresh", token: "__Host-access" };
/** Who logged in here, empty for a pasted token; by how many milliseconds the gateway's clock is ahead of this one. */
const here = { user: "", ahead: 0 };

const bearer = () => (tokens.get("access") ?? tokens.get("token"))?.text;
const gatewaySeconds = () => (Date.now() + here.ahead) / 1000;

function decoded(text) {
  try {
    const [header, claims] = text.split(".").slice(0, 2).map((part) => {
      const bytes = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
      return parsed(new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0))));
    });
    return claims !== null && typeof claims === "object" ? { header, claims } : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the tokens of an answer, or with cookies the times that they must have; draws them. */
function take(answer, names) {
  if (known.cookiesOnly) {
    for (const name of names) tokens.set(name, { exp: gatewaySeconds() + known.lifetimes[name], life: known.lifetimes[name] });
    return draw();
  }
  for (const name of Object.keys(titles)) {
    if (typeof answer[name] !== "string") continue;
    const read = decoded(answer[name]);
    tokens.set(name, { text: answer[name], ...read, exp: read?.claims.exp, life: read?.claims.exp - read?.claims.iat });
  }
  const made = (answer.access ?? answer.token) && (tokens.get("access") ?? tokens.get("token"))?.claims?.iat;
  if (made && Math.abs(made * 1000 - Date.now() - here.ahead) > 2000) here.ahead = made * 1000 - Date.now();
  draw();
}

function draw() {
  const some = tokens.size > 0;
  at("tokens").hidden = !some;
  at("account").hidden = !some;
  at("login").hidden = some;
  at("paste").hidden = some || known.cookiesOnly;
  at("who").textContent = !some ? "Log in" : here.user === "" ? "With a token" : "Logged in as " + here.user;
  at("logout-all").hidden = !serves("sessions") || bearer() === undefined && !known.cookiesOnly;
  at("sessions").hidden = !some || at("logout-all").hidden;
  at("cards").replaceChildren(...[...tokens].map(card));
  tick();
}

function card([name, token]) {
  const article = make("article", undefined, { "aria-labelledby": "card-" + name, "data-token": name });
  const head = make("div", undefined, { class: "row" });
  head.append(make("h3", titles[name], { id: "card-" + name }), clock("exp", token.exp));
  article.append(head);
  if (token.life > 0) article.append(make("progress", undefined, { max: token.life, "aria-label": titles[name] + ": time left" }));
  if (token.ended) article.append(make("p", token.ended, { class: "bad" }));
  if (token.claims) article.append(claimTable(name, token.claims));
  else article.append(make("p", known.cookiesOnly ? "In the HttpOnly cookie " + cookies[name] + ", which no page can read." : "This text is no JWT.", { class: "soft" }));
  if (token.text) {
    const raw = make("details");
    raw.append(make("summary", "Header and token"), make("pre", JSON.stringify(token.header)), make("pre", token.text, { class: "raw" }));
    article.append(raw);
  }
  const buttons = make("div", undefined, { class: "row" });
  buttons.append(...actionsOf(name, token));
  article.append(buttons);
  return article;
}

function claimTable(name, claims) {
  const table = make("table");
  table.append(make("caption", "Claims of the " + titles[name].toLowerCase()));
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

function clock(claim, end) {
  return make("span", "", { class: "clock", role: "timer", "aria-label": claim === "exp" ? "Time left" : "Time left to refresh", "data-end": end ?? "" });
}

function leftText(seconds) {
  if (seconds <= 0) return "expired";
  const days = Math.floor(seconds / 86400);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  if (days > 0) return days + " d " + hours + " h " + two(minutes) + " min";
  return (hours > 0 ? hours + ":" + two(minutes) : minutes) + ":" + two(rest);
}

/** Every second. Only the end of a token is read out, once. */
function tick() {
  const now = gatewaySeconds();
  for (const shown of document.querySelectorAll(".clock")) {
    const left = Math.ceil(Number(shown.dataset.end) - now);
    shown.textContent = shown.dataset.end === "" ? "no end" : leftText(left);
    shown.classList.toggle("bad", shown.dataset.end !== "" && left <= 0);
  }
  for (const [name, token] of tokens) {
    const left = Math.max(0, token.exp - now);
    const bar = document.querySelector("[data-token=" + name + "] progress");
    if (bar) bar.value = left;
    if (left === 0 && !token.told) {
      token.told = true;
      say("The " + titles[name].toLowerCase() + " has expired.", "bad");
    }
  }
}
setInterval(tick, 1000);
`;
