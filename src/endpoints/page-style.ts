// The style sheet of the page for browsers: light and dark, from 320 px up, with the fonts the system has.
// Must never name a resource outside the page: the page's policy would block it.

export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #fff; --ink: #1b2330; --soft: #566173; --line: #d9dee6; --edge: #838d9c;
  --accent: #2a5bb8; --on: #fff; --good: #17663a; --bad: #a92a1d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161d; --card: #1a202a; --ink: #e6eaf0; --soft: #a2adbd; --line: #2d3644; --edge: #6e7b8e;
    --accent: #8db4ff; --on: #10192b; --good: #79d39c; --bad: #ff9d90;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: clamp(1.25rem, 6vw, 4rem) 1rem;
  background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif;
}
main { max-width: 40rem; margin: auto; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; }
h2 { margin: 0; font-size: 1rem; }
p { margin: .5rem 0 0; }
header p, footer { color: var(--soft); }
pre, code, textarea { font: .875rem/1.6 ui-monospace, Menlo, Consolas, monospace; }
pre { margin: 1.25rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
header pre { padding-left: 1rem; border-left: 3px solid var(--line); }
form, section {
  margin-top: 1.5rem; padding: 1.5rem;
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
}
section[aria-busy=true] { opacity: .5; }
label { display: block; margin-bottom: .375rem; font-weight: 600; }
input, textarea {
  display: block; width: 100%; padding: .625rem .75rem;
  background: var(--page); color: inherit; border: 1px solid var(--edge); border-radius: .5rem;
}
input { font: inherit; }
textarea { font-size: 1rem; resize: vertical; overflow-wrap: anywhere; }
[aria-invalid=true] { border-color: var(--bad); }
.error { margin: .375rem 0 1.25rem; color: var(--bad); }
button {
  padding: .625rem 1.75rem; border: 1px solid transparent; border-radius: .5rem;
  background: var(--accent); color: var(--on); font: inherit; font-weight: 600; cursor: pointer;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
[role=status] { flex: 1 1 14rem; margin: 0; font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--bad); }
#headers { color: var(--soft); }
footer { margin-top: 1.5rem; font-size: .875rem; }
`;
