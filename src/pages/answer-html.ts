// An HTML page of the gateway's own, with a policy that lets it run nothing but what it came with.
// Must never send a page whose style or script has anything in it that somebody sent.

import type { RequestContext } from "../context.ts";
import { ownHeaders, safetyHeaders } from "../http/answer.ts";
import { escapeHtml } from "./escape-html.ts";
import { baseStyle } from "./texts.ts";

/** The parts of a page. */
export interface HtmlParts {
  /** Text, not yet escaped. */
  readonly title: string;
  /** Style sheets, after base.css, minified. */
  readonly styles: readonly string[];
  /** Minified. Run as a module: a browser too old for it shows the page without it. */
  readonly script: string;
  /** HTML between the tags of `body`: whoever makes it escapes what goes in. */
  readonly body: string;
  /** Where the page's forms may be posted to without a script. */
  readonly formAction: "'self'" | "'none'";
  /** The methods for `Allow`. */
  readonly allow?: string;
}

/** Answers 200 with the page: not kept, not framed, in English whatever language the JSON answers are in. */
export async function answerHtml(context: RequestContext, parts: HtmlParts): Promise<Response> {
  const style = [baseStyle, ...parts.styles].join("");
  const headers = new Headers(ownHeaders(context, parts.allow));
  const own = {
    "content-language": "en",
    "content-security-policy": await policy(style, parts.script, parts.formAction),
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": safetyHeaders["referrer-policy"],
  };
  for (const [name, value] of Object.entries(own)) headers.set(name, value);
  return new Response(documentOf(parts, style), { headers });
}

/** Only the page's own style and script by their hashes; `data:` for the empty icon, else a browser asks for one. */
async function policy(style: string, script: string, formAction: HtmlParts["formAction"]): Promise<string> {
  const [styleHash, scriptHash] = await Promise.all([sourceHash(style), sourceHash(script)]);
  return [
    "default-src 'none'",
    `style-src ${styleHash}`,
    `script-src ${scriptHash}`,
    "img-src data:",
    "connect-src 'self'",
    `form-action ${formAction}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

async function sourceHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

function documentOf({ title, script, body }: HtmlParts, style: string): string {
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
${body}
</body>
</html>
`;
}
