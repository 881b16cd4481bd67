// What the console's style sheet adds to that of the page for browsers: two columns, token cards, clocks.
// Must never name a resource outside the page: the page's policy would block it.

export const consoleStyle = `
:root { --tint: #eef2fa; }
@media (prefers-color-scheme: dark) { :root { --tint: #212a38; } }
html { scroll-padding-bottom: 5rem; }
body { padding: clamp(1rem, 3vw, 2.5rem) clamp(.75rem, 3vw, 2.5rem) .75rem; min-height: 100vh; display: flex; }
main { display: flex; flex-direction: column; flex: 1; min-width: 0; max-width: 76rem; }
a { color: var(--accent); }
.columns { display: grid; gap: 0 1.5rem; }
@media (min-width: 60rem) { .columns { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); align-items: start; } }
section { padding: 1.25rem; margin-top: 1.25rem; }
h2 { font-size: 1.125rem; }
h3 { margin: 0; font-size: 1rem; }
h2:focus { outline: none; }
form { margin-top: 1rem; padding: 0; background: none; border: 0; border-radius: 0; }
[hidden] { display: none !important; }
input, textarea, select { margin-bottom: 1rem; }
input, select { height: 2.875rem; }
select {
  width: 100%; padding: .625rem .75rem; background: var(--page); color: inherit;
  border: 1px solid var(--edge); border-radius: .5rem; font: inherit;
}
.line { display: flex; flex-wrap: wrap; gap: 0 .75rem; }
.method { flex: 0 0 8rem; }
.path { flex: 1 1 12rem; min-width: 0; }
#path, #body { font-family: ui-monospace, Menlo, Consolas, monospace; }
#path-error { margin: 0; }
#path-error:not(:empty) { margin: -.5rem 0 1rem; }
button { padding: .5rem 1.125rem; border-color: var(--accent); }
button.quiet { background: none; color: var(--ink); border-color: var(--edge); }
button.quiet:hover { background: var(--tint); }
button.danger { color: var(--bad); }
button.link {
  padding: 0; border: 0; background: none; color: var(--ink); text-align: left; overflow-wrap: anywhere;
  font: .875rem/1.6 ui-monospace, Menlo, Consolas, monospace;
}
button.link:hover { text-decoration: underline; }
article button, #account button, #reload { padding: .3125rem .875rem; font-size: .875rem; }
.soft { color: var(--soft); font-size: .875rem; }
.row { margin-top: .75rem; }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--soft); font-size: .875rem; }
pre { margin-top: .75rem; }
pre:focus-visible { outline-offset: 4px; }
#text, .raw, #headers { max-height: 24rem; padding: .75rem; overflow: auto; background: var(--page); border-radius: .5rem; }
article { margin-top: 1rem; padding: 1rem; border: 1px solid var(--line); border-radius: .625rem; }
article > .row:first-child { margin: 0; justify-content: space-between; }
.clock { font: 600 1.125rem/1.4 ui-monospace, Menlo, Consolas, monospace; font-variant-numeric: tabular-nums; }
td .clock { font-size: inherit; }
progress { display: block; width: 100%; height: .375rem; margin-top: .625rem; accent-color: var(--accent); }
table { width: 100%; margin-top: .75rem; border-collapse: collapse; font-size: .875rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { padding: .3125rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
th { width: 7.25rem; padding-right: .75rem; color: var(--soft); font-weight: 500; overflow-wrap: anywhere; }
td { font-family: ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
td .soft { font-family: system-ui, sans-serif; white-space: nowrap; }
.pill { padding: .125rem .625rem; border: 1px solid; border-radius: 1rem; font-size: .875rem; font-weight: 600; }
code { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .25rem 1rem; margin: .75rem 0 0; font-size: .875rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
ul, ol { margin: .75rem 0 0; padding: 0; list-style: none; }
#session-list li { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .75rem; padding: .625rem 0; border-top: 1px solid var(--line); }
#session-list .soft { flex: 1 1 100%; order: 1; overflow-wrap: anywhere; }
#session-list button { margin-left: auto; padding: .25rem .75rem; }
#reload { margin-top: .75rem; }
#history { max-height: 20rem; overflow: auto; }
#history li { display: grid; grid-template-columns: 2.5rem minmax(0, 1fr) auto; gap: .75rem; padding: .375rem 0; border-top: 1px solid var(--line); }
@media (max-width: 30rem) { #history li { grid-template-columns: 2.5rem minmax(0, 1fr); } #history .soft { grid-column: 2; } }
#status {
  position: sticky; bottom: .75rem; flex: none; margin: auto 0 0; padding: .75rem 1rem; background: var(--card);
  border: 1px solid var(--line); border-left: .25rem solid; border-radius: .5rem; overflow-wrap: anywhere;
  box-shadow: 0 .25rem 1rem rgb(0 0 0 / .12);
}
.columns { margin-bottom: 1.25rem; }
`;
