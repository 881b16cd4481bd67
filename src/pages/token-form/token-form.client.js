// The form page in the browser: sends the form as JSON and shows the answer. Sent as text, as a module, so that a browser
// too old for it posts the form itself.
// Must never keep a value, put one into a URL or write HTML.

/** @param {string} selector @returns {HTMLElement} */
const the = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const form = /** @type {HTMLFormElement} */ (the("form"));
const status = the("[role=status]");
const answer = the("section");
/** @param {string} selector @returns {NodeListOf<HTMLInputElement>} */
const fields = (selector) => form.querySelectorAll(selector);
const shown = ["WWW-Authenticate", "Content-Language", "Retry-After", "X-Request-Id"];
/** @type {Record<number, string>} */
const words = { 200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests" };

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (answer.ariaBusy === "true") return;
  answer.ariaBusy = "true";
  say("Sending…", "");
  try {
    await show(
      await window.fetch(form.action, {
        method: "POST",
        headers: { accept: "application/json", "content-type": "application/json" },
        body: JSON.stringify(Object.fromEntries(new FormData(form))),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      }),
    );
  } catch {
    answer.hidden = true;
    say("No answer: the server could not be reached.", "bad");
  }
  answer.ariaBusy = "false";
});

/** @param {Response} response */
async function show(response) {
  const text = await response.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {}
  const word = response.statusText || words[response.status] || "";
  const lines = shown.filter((name) => response.headers.has(name));
  the("#headers").textContent = lines.map((name) => `${name}: ${response.headers.get(name)}`).join("\n");
  const output = the("#body");
  output.textContent = body === undefined ? text : JSON.stringify(body, null, 2);
  output.lang = response.headers.get("content-language") ?? "";
  answer.hidden = false;
  const detail = body?.detail ?? body?.non_field_errors?.[0];
  say([`${response.status} ${word}`.trim(), detail].filter(Boolean).join(": "), response.ok ? "good" : "bad");
  mark(response.ok ? {} : (body ?? {}));
  if (response.ok) for (const input of fields("[type=password]")) input.value = "";
}

/** @param {string} text @param {string} kind */
function say(text, kind) {
  status.textContent = text;
  status.className = kind;
}

/** @param {Record<string, unknown>} errors by field */
function mark(errors) {
  let first;
  for (const input of fields("[name]")) {
    const texts = errors[input.name];
    const bad = Array.isArray(texts);
    input.ariaInvalid = String(bad);
    the(`#${input.name}-error`).textContent = bad ? texts.join(" ") : "";
    if (bad) first ??= input;
  }
  first?.focus();
}
