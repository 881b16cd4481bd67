// The page that a browser gets at a token endpoint, in the place of DRF's browsable API: what it takes, and a form.
// Must never hold a value that somebody sent, nor a resource from elsewhere.
import { ownHeaders } from "../http/answer.ts";
import { escapeHtml } from "../http/escape-html.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Endpoint } from "./definitions.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";

const unindented = (text: string) => text.replace(/\n +/g, "\n");
const style = unindented(pageStyle);
const script = unindented(pageScript);

/** Answers 200 with the page. A browser that runs no script posts the form itself and shows the JSON. */
export async function answerPage(endpoint: Endpoint, exchange: Exchange): Promise<Response> {
  const headers = new Headers(ownHeaders(exchange));
  const own = {
    "cache-control": "no-store",
    // Whatever language the JSON answers are in.
    "content-language": "en",
    "content-security-policy": await policy(),
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
  for (const [name, value] of Object.entries(own)) headers.set(name, value);
  // The same address answers JSON to who prefers it.
  headers.append("vary", "Accept");
  return new Response(pageHtml(endpoint, new URL(exchange.url).pathname), { headers });
}

/** Only the page's own style and script by their hashes; `data:` for the empty icon, else a browser asks for one. */
async function policy(): Promise<string> {
  const [styleHash, scriptHash] = await Promise.all([sourceHash(style), sourceHash(script)]);
  return [
    "default-src 'none'",
    `style-src ${styleHash}`,
    `script-src ${scriptHash}`,
    "img-src data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

async function sourceHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

function pageHtml({ title, description, fields }: Endpoint, path: string): string {
  const body = `{ ${fields.map((name) => `"${name}": "…"`).join(", ")} }`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<script type="module">${script}</script>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(description)}</p>
<pre>POST ${escapeHtml(path)}
Content-Type: application/json

${escapeHtml(body)}</pre>
</header>
<form method="post" action="${escapeHtml(path)}">
${fields.map(fieldHtml).join("\n")}
<div class="row"><button>Send</button><p role="status"></p></div>
</form>
<section aria-labelledby="answer" hidden>
<h2 id="answer">Answer</h2>
<pre id="headers"></pre>
<pre id="body"></pre>
</section>
<footer>This page keeps nothing: no cookies, no storage. Leaving it clears what you typed.</footer>
</main>
</body>
</html>
`;
}

type FieldName = Endpoint["fields"][number];

const plain = 'autocapitalize="none" spellcheck="false"';
const credential = (more: string) => (shared: string) => `<input ${shared} ${more}>`;
const token = (shared: string) => `<textarea ${shared} rows="5" autocomplete="off" ${plain}></textarea>`;

const controls: Readonly<Record<FieldName, { readonly label: string; html(shared: string): string }>> = {
  username: { label: "Username", html: credential(`autocomplete="username" ${plain}`) },
  password: { label: "Password", html: credential('type="password" autocomplete="current-password"') },
  refresh: { label: "Refresh token", html: token },
  token: { label: "Token", html: token },
};

/** A label, a control and the place for what the endpoint says of the field. */
function fieldHtml(name: FieldName): string {
  const { label, html } = controls[name];
  const shared = `id="${name}" name="${name}" aria-required="true" aria-describedby="${name}-error"`;
  return `<label for="${name}">${label}</label>
${html(shared)}
<p class="error" id="${name}-error"></p>`;
}
