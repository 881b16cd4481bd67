// A page of the admin page: its frame, its headers, the policy that lets nothing run.
// Must never be read by a page of another origin, kept by a cache, or shown in a frame.
import { createHash } from "node:crypto";
import type { RequestContext } from "../../context.ts";
import { ownHeaders } from "../../http/answer.ts";
import { adminPath } from "../../internal-routes/admin-path.ts";
import type { Settings } from "../../settings/settings.ts";
import type { User } from "../../users/user.ts";
import { adminStyle, baseStyle } from "../texts.ts";
import { type Html, html, htmlText } from "./html.ts";

/** What differs from page to page. */
export interface PageParts {
  readonly status?: number;
  readonly title: string;
  /** Undefined on pages before the log-in, which have no menu. */
  readonly user: User | undefined;
  /** The entry of the menu that the page belongs to. */
  readonly section?: "users" | "tokens" | "api-keys" | "audit" | undefined;
  /** Without the blacklist there are no tokens to show. */
  readonly hasTokens?: boolean;
  /** Only with API_KEYS are there API keys. */
  readonly hasApiKeys?: boolean;
  readonly body: Html;
  readonly headers?: Readonly<Record<string, string>>;
}

const style = baseStyle + adminStyle;
/** Only the page's own style, by its hash; `data:` for the empty icon, else a browser asks for one. */
function policy(): string {
  const hash = createHash("sha256").update(style).digest("base64");
  const rest = ["img-src data:", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"];
  return ["default-src 'none'", `style-src 'sha256-${hash}'`, ...rest].join("; ");
}

/** Answers with the page; 200 if nothing else is said. English, whatever language the JSON answers are in. */
export function answerPage(context: RequestContext, parts: PageParts): Response {
  const own = {
    "content-language": "en",
    "content-security-policy": policy(),
    "content-type": "text/html; charset=utf-8",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    // Not "no-referrer", which makes browsers post forms with `Origin: null`.
    "referrer-policy": "same-origin",
    vary: "Cookie",
    ...parts.headers,
  };
  const headers = { ...ownHeaders(context), ...own };
  const body = context.method === "HEAD" ? null : pageText(parts);
  return new Response(body, { status: parts.status ?? 200, headers });
}

/** 303: what was done is done, and reloading the page that follows does not do it again. */
export function seeOther(
  context: RequestContext,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(null, { status: 303, headers: { ...ownHeaders(context), location: path, ...headers } });
}

/** The entries of the menu that these settings have. */
export const menuOf = (settings: Settings): Pick<PageParts, "hasTokens" | "hasApiKeys"> => ({
  hasTokens: settings.TOKEN_BLACKLIST_ENABLED,
  hasApiKeys: settings.API_KEYS,
});

function pageText({ title, user, section, hasTokens = true, hasApiKeys = false, body }: PageParts): string {
  const page = html`
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${title} · Gateway admin</title>`;
  const content = html`
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${user && menu(user, section, { hasTokens, hasApiKeys })}
<main id="main"${user ? undefined : html` class="narrow"`}>
${body}
</main>
</body>
</html>
`;
  return `<!doctype html>\n<html lang="en">\n<head>${htmlText(page)}\n<style>${style}</style>${htmlText(content)}`;
}

function menu(
  user: User,
  section: PageParts["section"],
  { hasTokens, hasApiKeys }: Pick<PageParts, "hasTokens" | "hasApiKeys">,
): Html {
  const current = (name: PageParts["section"]) => name === section && html` aria-current="page"`;
  return html`<header class="top"><div>
<a class="brand" href="${adminPath}/">Gateway admin</a>
<nav aria-label="Admin">
<a href="${adminPath}/users/"${current("users")}>Users</a>
${hasTokens && html`<a href="${adminPath}/tokens/"${current("tokens")}>Tokens</a>`}${
  hasApiKeys &&
  html`
<a href="${adminPath}/api-keys/"${current("api-keys")}>API keys</a>`
}
<a href="${adminPath}/audit/"${current("audit")}>Audit log</a>
</nav>
<form class="who" method="post" action="${adminPath}/logout">
<span>${user.username}</span><button class="quiet small">Log out</button>
</form>
</div></header>`;
}
