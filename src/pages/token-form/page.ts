// The page that a browser gets at a token endpoint, in the place of DRF's browsable API: what it takes, and a form.
// Must never hold a value that somebody sent, nor a resource from elsewhere.

import type { RequestContext } from "../../context.ts";
import { answerHtml } from "../answer-html.ts";
import { escapeHtml } from "../escape-html.ts";
import { tokenFormScript, tokenFormStyle } from "../texts.ts";

type FieldName = "username" | "password" | "refresh" | "token";

/** A field of the form. */
interface FormField {
  readonly kind: FieldName;
  /** Its name in the body. */
  readonly name: string;
  readonly label: string;
}

/** What the page says of a token endpoint. */
export interface FormPage {
  readonly title: string;
  readonly description: string;
  readonly fields: readonly FormField[];
}

/** Answers 200 with the page. A browser that runs no script posts the form itself and shows the JSON. */
export async function answerPage(endpoint: FormPage, context: RequestContext, allow: string): Promise<Response> {
  const response = await answerHtml(context, {
    title: endpoint.title,
    styles: [tokenFormStyle],
    script: tokenFormScript,
    body: bodyOf(endpoint, new URL(context.url.text).pathname),
    formAction: "'self'",
    allow,
  });
  // The same address answers JSON to who prefers it.
  response.headers.append("vary", "Accept");
  return response;
}

function bodyOf({ title, description, fields }: FormPage, path: string): string {
  const body = `{ ${fields.map(({ name }) => `"${name}": "…"`).join(", ")} }`;
  return `<main>
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
<h2 id="answer">Response</h2>
<pre id="headers"></pre>
<pre id="body"></pre>
</section>
<footer>This page keeps nothing: no cookies, no storage. Leaving it clears what you typed.</footer>
</main>`;
}

const plain = 'autocapitalize="none" spellcheck="false"';
const credential = (more: string) => (shared: string) => `<input ${shared} ${more}>`;
const token = (shared: string) => `<textarea ${shared} rows="5" autocomplete="off" ${plain}></textarea>`;

const controls: Readonly<Record<FieldName, (shared: string) => string>> = {
  username: credential(`autocomplete="username" ${plain}`),
  password: credential('type="password" autocomplete="current-password"'),
  refresh: token,
  token,
};

/** A label, a control and the place for what the endpoint says of the field. */
function fieldHtml({ kind, name, label }: FormField): string {
  const shared = `id="${name}" name="${name}" aria-required="true" aria-describedby="${name}-error"`;
  return `<label for="${name}">${escapeHtml(label)}</label>
${controls[kind](shared)}
<p class="error" id="${name}-error"></p>`;
}
