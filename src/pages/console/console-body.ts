// The console's HTML, as it is before the script fills it.
// Must never hold a value: everything that is not always so is put in by the script, as text.

const plain = 'autocapitalize="none" spellcheck="false"';

/** @param usernameLabel what users log in with, as HTML */
export const consoleBody = (usernameLabel: string): string => `<div id="page" tabindex="-1">
<header>
<h1>Gateway console</h1>
<p>Log in, inspect the tokens, and call the API behind the gateway.
<span id="links"><a href="/_gateway/openapi.json">OpenAPI document</a></span></p>
</header>
<noscript><p>This page needs JavaScript.</p></noscript>
<div class="columns">
<div>
<section aria-labelledby="who">
<h2 id="who" tabindex="-1">Log in</h2>
<form id="login" method="post">
<p id="no-login" hidden>This gateway serves no log-in. Paste a token below.</p>
<div id="credentials">
<label for="username">${usernameLabel}</label>
<input id="username" name="username" autocomplete="username" ${plain}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password">
<div id="kinds" hidden>
<label for="kind">Tokens</label>
<select id="kind"><option value="obtain">access and refresh</option><option value="sliding">sliding</option></select>
</div>
<button>Log in</button>
</div>
</form>
<details id="paste">
<summary>Use a token you have</summary>
<form id="pasted" method="post">
<label for="token">Token</label>
<textarea id="token" rows="4" autocomplete="off" ${plain}></textarea>
<div id="issuers" hidden>
<label for="issuer">Issuer</label>
<select id="issuer"><option value="">as the token says</option><option value="self">this gateway</option></select>
</div>
<button class="quiet">Use this token</button>
</form>
</details>
<div id="account" class="row" hidden>
<button type="button" class="quiet" id="forget">Discard the tokens</button>
<button type="button" class="quiet danger" id="logout-all" hidden>Log out everywhere</button>
</div>
</section>
<section id="tokens" aria-labelledby="tokens-title" hidden>
<h2 id="tokens-title" tabindex="-1">Tokens</h2>
<p class="soft" id="tokens-note">Decoded here, not verified. Kept in memory only: leaving the page discards them.</p>
<div id="cards"></div>
</section>
</div>
<div>
<section aria-labelledby="request-title">
<h2 id="request-title">Request</h2>
<form id="request" method="post">
<div class="line">
<div class="method">
<label for="method">Method</label>
<select id="method"><option>GET</option><option>POST</option><option>PUT</option><option>PATCH</option>
<option>DELETE</option><option>HEAD</option><option>OPTIONS</option></select>
</div>
<div class="path">
<label for="path">Path</label>
<input id="path" value="/" autocomplete="off" inputmode="url" ${plain} aria-describedby="path-error">
</div>
</div>
<p class="error" id="path-error"></p>
<div id="with-body" hidden>
<label for="body">Body (JSON)</label>
<textarea id="body" rows="4" autocomplete="off" ${plain}></textarea>
</div>
<div class="row">
<button value="with">Send with token</button>
<button value="without" class="quiet">Send without token</button>
</div>
<p class="soft" id="refreshing" hidden><label><input type="checkbox" id="by-itself"> Refresh by itself, as apps do with the
client</label></p>
<p class="row soft">Copy as
<button type="button" class="link" data-as="curl">curl</button>
<button type="button" class="link" data-as="HTTPie">HTTPie</button>
<button type="button" class="link" data-as="fetch">fetch</button></p>
</form>
<details>
<summary>Routes and what they need</summary>
<ol id="routes"></ol>
</details>
</section>
<section id="answer" aria-labelledby="answer-title">
<h2 id="answer-title">Response</h2>
<p class="soft" id="no-answer">The response of the gateway or the API is shown here.</p>
<div id="answered" hidden>
<p class="row"><strong class="pill" id="pill"></strong><code id="called"></code></p>
<dl>
<dt>Response from</dt><dd id="by"></dd>
<dt>Request id</dt><dd id="request-id"></dd>
<dt>Took</dt><dd id="took"></dd>
</dl>
<details><summary>Headers</summary><pre id="headers" tabindex="0" aria-label="Headers"></pre></details>
<pre id="text" tabindex="0" aria-label="Body"></pre>
</div>
</section>
<section id="sessions" aria-labelledby="sessions-title" hidden>
<h2 id="sessions-title" tabindex="-1">Sessions</h2>
<ul id="session-list"></ul>
<button type="button" class="quiet" id="reload">Load the list</button>
</section>
<section aria-labelledby="history-title">
<h2 id="history-title">History</h2>
<p class="soft" id="no-history">No requests yet.</p>
<ol id="history"></ol>
</section>
</div>
</div>
</div>
<div id="toast"><p role="status" id="status">Ready.</p>
<button type="button" class="quiet" id="close" aria-label="Close this message">×</button></div>
`;
