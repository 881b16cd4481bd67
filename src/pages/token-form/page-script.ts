// The script of the page for browsers: sends the form as JSON and shows the answer. It runs in the browser, not here.
// Must never keep a value, put one into a URL or write HTML.

/**
 * A module, so that a browser too old for it posts the form itself.
 *
 * The answer's text goes in as text. The live region says the status in one sentence; tokens are not read out.
 */
export const pageScript = `
const form = document.querySelector("form");
const status = document.querySelector("[role=status]");
const answer = document.querySelector("section");
const shown = ["WWW-Authenticate", "Content-Language", "Retry-After", "X-Request-Id"];
const words = { 200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests" };

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (answer.ariaBusy === "true") return;
  answer.ariaBusy = "true";
  say("Sending…", "");
  try {
    await show(await window.fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    }));
  } catch {
    answer.hidden = true;
    say("No answer: the server could not be reached.", "bad");
  }
  answer.ariaBusy = "false";
});

async function show(response) {
  const text = await response.text();
  let body;
  try { body = JSON.parse(text); } catch {}
  const word = response.statusText || words[response.status] || "";
  const lines = shown.filter((name) => response.headers.has(name));
  answer.querySelector("#headers").textContent =
    lines.map((name) => name + ": " + response.headers.get(name)).join("\\n");
  const output = answer.querySelector("#body");
  output.textContent = body === undefined ? text : JSON.stringify(body, null, 2);
  output.lang = response.headers.get("content-language") ?? "";
  answer.hidden = false;
  const detail = body?.detail ?? body?.non_field_errors?.[0];
  say([(response.status + " " + word).trim(), detail].filter(Boolean).join(": "), response.ok ? "good" : "bad");
  mark(response.ok ? {} : body ?? {});
  if (response.ok) for (const input of form.querySelectorAll("[type=password]")) input.value = "";
}

function say(text, kind) {
  status.textContent = text;
  status.className = kind;
}

function mark(errors) {
  let first;
  for (const input of form.querySelectorAll("[name]")) {
    const texts = errors[input.name];
    const bad = Array.isArray(texts);
    input.ariaInvalid = String(bad);
    document.getElementById(input.name + "-error").textContent = bad ? texts.join(" ") : "";
    if (bad) first ??= input;
  }
  first?.focus();
}
`;
