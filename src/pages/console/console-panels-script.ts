// Last part of the console's script: what its forms and buttons do. It runs in the browser, not here.
// Must never send what nobody pressed a button for.

export const consolePanelsScript = `
const endpoint = (path) => known.prefix + path;

function button(text, work, kind, name) {
  const made = make("button", text, { type: "button", class: kind ?? "quiet", ...(name ? { "aria-label": name } : {}) });
  made.addEventListener("click", unlessBusy(work));
  return made;
}

/** A POST to a token endpoint; with cookies the gateway takes the token from there. */
const post = (path, fields, done) =>
  call({ method: "POST", path: endpoint(path), body: JSON.stringify(known.cookiesOnly ? {} : fields), elide: true, done });

function actionsOf(name, token) {
  const title = titles[name].toLowerCase();
  const actions = [];
  const refreshes = name === "refresh" ? serves("refresh") : name === "token" && serves("sliding");
  if (refreshes) actions.push(button("Refresh", () => refresh(name, token), "", "Refresh with the " + title));
  if (serves("verify") && !(known.cookiesOnly && name === "refresh"))
    actions.push(button("Verify", () => post("/verify/", { token: token.text }, "the " + title + " is good"), "quiet", "Verify the " + title));
  if (name === "refresh" && serves("blacklist"))
    actions.push(button("Blacklist", () => blacklist(token), "quiet danger", "Blacklist the " + title));
  if (token.text) actions.push(button("Copy", () => copy(name, token), "quiet", "Copy the " + title));
  return actions;
}

async function refresh(name, token) {
  const sliding = name === "token";
  const path = sliding ? "/sliding/refresh/" : "/refresh/";
  const done = sliding ? "the token is good for longer" : "a new access token";
  const answer = await post(path, { [name]: token.text }, done);
  if (answer === undefined) return;
  take(answer, sliding ? ["token"] : ["access", "refresh"]);
  focusAgain("[data-token=" + name + "] button");
}

async function blacklist(token) {
  const answer = await post("/blacklist/", { refresh: token.text }, "the refresh token is blacklisted");
  if (answer === undefined) return;
  if (known.cookiesOnly) return forget("Logged out: the cookies are cleared.");
  token.ended = "Blacklisted: try to refresh with it.";
  draw();
  focusAgain("[data-token=refresh] .danger");
}

async function copy(name, token) {
  try {
    await navigator.clipboard.writeText(token.text);
    say("The " + titles[name].toLowerCase() + " is copied.", "good");
  } catch {
    say("The browser does not let this page copy.", "bad");
  }
}

/** Drawing makes buttons anew: the focus goes back to where it was. */
const focusAgain = (selector) => document.querySelector(selector)?.focus();

function forget(said) {
  tokens.clear();
  here.user = "";
  draw();
  at("session-list").replaceChildren();
  at("username").focus();
  say(said ?? "The tokens are forgotten; they are still good until they expire.");
}

async function logIn() {
  const path = at("kinds").hidden ? (serves("obtain") ? "/" : "/sliding/") : at("kind").value;
  const username = at("username").value;
  const body = JSON.stringify({ username, password: at("password").value });
  const answer = await call({ method: "POST", path: endpoint(path), body, elide: true, done: "logged in as " + username });
  if (answer === undefined) return at("password").select();
  at("password").value = "";
  tokens.clear();
  here.user = username;
  take(answer, path === "/" ? ["access", "refresh"] : ["token"]);
  at("tokens-title").focus();
}

function usePasted() {
  const text = at("token").value.trim();
  const type = decoded(text)?.claims[known.typeClaim];
  const name = { refresh: "refresh", sliding: "token" }[type] ?? "access";
  if (decoded(text) === undefined) return say("This text is no JWT.", "bad");
  at("token").value = "";
  take({ [name]: text }, []);
  say("The " + titles[name].toLowerCase() + " is here, not verified.");
  at("tokens-title").focus();
}

async function send(event) {
  const authorize = event.submitter?.value !== "without";
  const path = at("path").value.trim();
  const bad = addressOf(path) === undefined;
  at("path").ariaInvalid = String(bad);
  at("path-error").textContent = bad ? "A path of this gateway, such as /api/notes/." : "";
  if (bad) return at("path").focus();
  if (authorize && !known.cookiesOnly && bearer() === undefined) return say("There is no token to send: log in first.", "bad");
  const body = at("with-body").hidden || at("body").value === "" ? undefined : at("body").value;
  await call({ method: at("method").value, path, body, authorize });
}

function fillRequest(method, path, body) {
  at("method").value = method;
  at("path").value = path;
  at("body").value = path.startsWith(known.prefix) ? "" : body ?? "";
  showBody();
  at("path").focus();
}

const showBody = () => { at("with-body").hidden = ["GET", "HEAD"].includes(at("method").value); };

async function loadSessions() {
  const list = await call({ method: "GET", path: endpoint("/sessions/"), authorize: true, done: "sessions listed" });
  if (!Array.isArray(list)) return;
  at("session-list").replaceChildren(...list.map(sessionItem));
  at("reload").textContent = "Load the list again";
}

function sessionItem(session) {
  const item = make("li");
  const local = (text) => (text ? new Date(text).toLocaleString() : "never");
  item.append(make("strong", local(session.created_at)));
  if (session.current) item.append(make("span", "this session", { class: "pill good" }));
  const facts = ["last refreshed " + local(session.last_refreshed_at), "ends " + local(session.expires_at), session.client, session.address];
  item.append(make("span", facts.filter(Boolean).join(" · "), { class: "soft" }));
  item.append(button("End", () => endSession(session), "quiet danger", "End the session of " + local(session.created_at)));
  return item;
}

async function endSession({ id, current }) {
  const path = endpoint("/sessions/" + encodeURIComponent(id) + "/");
  const answer = await call({ method: "DELETE", path, authorize: true, done: "the session is ended" });
  if (answer === undefined) return;
  if (current) return ended("Ended with its session.");
  await loadSessions();
  at("sessions-title").focus();
}

/** What the page had is of no use any more; it stays to be tried. */
function ended(how) {
  if (known.cookiesOnly) return forget("Logged out: the cookies are cleared.");
  for (const token of tokens.values()) token.ended = how;
  at("session-list").replaceChildren();
  draw();
  at("tokens-title").focus();
}

async function logOutAll() {
  const answer = await call({ method: "POST", path: endpoint("/logout-all/"), authorize: true, done: "logged out everywhere" });
  if (answer !== undefined) ended("Ended: logged out everywhere.");
}

at("no-login").hidden = serves("obtain") || serves("sliding");
at("credentials").hidden = !at("no-login").hidden;
at("kinds").hidden = !(serves("obtain") && serves("sliding"));
at("paste").hidden = known.cookiesOnly;
if (known.cookiesOnly) at("tokens-note").textContent = "AUTH_COOKIE is on: the tokens stay in cookies. The clocks go by the settings.";
const named = location.hash.slice(1);
if (addressOf(named)) at("path").value = named;
at("login").addEventListener("submit", unlessBusy(logIn));
at("pasted").addEventListener("submit", unlessBusy(usePasted));
at("request").addEventListener("submit", unlessBusy(send));
at("method").addEventListener("change", showBody);
at("forget").addEventListener("click", () => forget());
at("logout-all").addEventListener("click", unlessBusy(logOutAll));
at("reload").addEventListener("click", unlessBusy(loadSessions));
`;
