// The style sheet of the admin page: light and dark, from 320 px up.
// Must never name a resource outside the page: the page's policy would block it.
import { baseStyle } from "../base-style.ts";

export const adminStyle = `${baseStyle}
:root { --tint: #e9eff9; --good-tint: #e4f3ea; --bad-tint: #fbe9e7; }
@media (prefers-color-scheme: dark) { :root { --tint: #22304a; --good-tint: #173226; --bad-tint: #3b211f; } }
a { color: var(--accent); text-underline-offset: .2em; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem 1rem; background: var(--card); }
.top { background: var(--card); border-bottom: 1px solid var(--line); }
.top > div {
  display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem;
  max-width: 70rem; margin: auto; padding: .625rem 1rem;
}
.brand { color: var(--ink); font-weight: 700; text-decoration: none; }
nav { display: flex; gap: .25rem; }
nav a { padding: .375rem .75rem; border-radius: .5rem; color: var(--ink); text-decoration: none; }
nav a:hover { background: var(--page); }
nav a[aria-current] { background: var(--tint); font-weight: 600; }
.who { display: flex; align-items: center; gap: .75rem; margin-left: auto; color: var(--soft); }
.who span { max-width: 12rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
main { max-width: 70rem; margin: auto; padding: 1.75rem 1rem 4rem; }
main.narrow { max-width: 26rem; padding-top: clamp(2rem, 12vh, 8rem); }
h1 { overflow-wrap: anywhere; }
.lead { color: var(--soft); }
.head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .75rem 1.5rem; }
.card { margin-top: 1.25rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
.card h2 { font-size: 1.125rem; }
.columns { display: grid; gap: 0 1.25rem; }
fieldset { min-width: 0; margin: 0; padding: 0; border: 0; }
.fields > div, fieldset > div { margin-top: 1.125rem; }
.fields > div:first-child { margin-top: 0; }
.fields .actions, .card > .actions { margin-top: 1.5rem; }
.filter > .actions { margin-top: 0; }
input, select { max-width: 30rem; }
select {
  display: block; width: 100%; padding: .625rem .75rem; font: inherit;
  background: var(--page); color: inherit; border: 1px solid var(--edge); border-radius: .5rem;
}
:disabled { opacity: .65; cursor: not-allowed; }
.check { display: grid; grid-template-columns: 1.25rem 1fr; gap: 0 .75rem; align-items: start; }
.check input { width: 1.25rem; height: 1.25rem; margin: .15rem 0 0; accent-color: var(--accent); }
.check label { margin: 0; }
.check .help { grid-column: 2; margin: 0; }
.help { margin: 0 0 .375rem; color: var(--soft); font-size: .875rem; }
.error { margin: .375rem 0 0; color: var(--bad); font-weight: 600; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem 1rem; }
button, .button {
  display: inline-block; padding: .5rem 1.125rem; border: 1px solid transparent; border-radius: .5rem;
  background: var(--accent); color: var(--on); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
}
.quiet { background: transparent; color: var(--ink); border-color: var(--edge); }
.danger { background: transparent; color: var(--bad); border-color: var(--bad); }
.small { padding: .25rem .625rem; font-size: .875rem; }
.filter { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem 1rem; align-items: end; }
.filter > :nth-child(-n+2), .filter > .actions { grid-column: 1 / -1; }
.filter input, .filter select { max-width: none; height: 2.875rem; }
.scroll { margin-top: 1.25rem; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
caption { padding: .75rem 1rem 0; text-align: left; color: var(--soft); font-size: .875rem; }
th, td { padding: .625rem 1rem; text-align: left; vertical-align: middle; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-size: .875rem; white-space: nowrap; }
tbody th { min-width: 9rem; font-weight: 600; overflow-wrap: anywhere; }
td form { margin: .125rem 0; }
tbody tr:hover { background: var(--page); }
td .badge + time, .aside { display: block; font-size: .8125rem; color: var(--soft); }
td time, td button { white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font: .8125rem/1.4 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.badge { display: inline-block; padding: .0625rem .5rem; border-radius: 1rem; background: var(--tint); font-size: .8125rem; font-weight: 600; white-space: nowrap; }
.badge.good { background: var(--good-tint); color: var(--good); }
.badge.bad { background: var(--bad-tint); color: var(--bad); }
.none { padding: 2rem 1rem; text-align: center; color: var(--soft); }
.pager { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem; margin-top: 1rem; }
.pager p { margin: 0 auto 0 0; color: var(--soft); font-size: .875rem; }
.done, .summary { margin: 0 0 1.25rem; padding: .75rem 1rem; border-left: 4px solid; border-radius: .25rem; }
.done { background: var(--good-tint); border-color: var(--good); }
.summary { background: var(--bad-tint); border-color: var(--bad); }
.summary ul { margin: .375rem 0 0; padding-left: 1.25rem; }
.summary a { color: var(--bad); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: .75rem 0 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 45rem) {
  .wide { display: none; }
  tbody th { min-width: 6rem; }
  th, td { padding: .625rem .75rem; }
  caption { padding: .75rem .75rem 0; }
}
@media (min-width: 45rem) {
  .filter { grid-template-columns: 2fr 2fr 1fr 1fr auto; }
  .filter > :nth-child(n) { grid-column: auto; }
  .filter.few { grid-template-columns: 14rem auto; justify-content: start; }
}
@media (min-width: 56rem) {
  .pair { display: flex; gap: .5rem; }
  .columns { grid-template-columns: 3fr 2fr; align-items: start; }
}
`;
