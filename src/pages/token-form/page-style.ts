// The style sheet of the page for browsers: light and dark, from 320 px up, with the fonts the system has.
// Must never name a resource outside the page: the page's policy would block it.
import { baseStyle } from "../base-style.ts";

export const pageStyle = `${baseStyle}body { padding: clamp(1.25rem, 6vw, 4rem) 1rem; }
main { max-width: 40rem; margin: auto; }
header p, footer { color: var(--soft); }
pre, code, textarea { font: .875rem/1.6 ui-monospace, Menlo, Consolas, monospace; }
pre { margin: 1.25rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
header pre { padding-left: 1rem; border-left: 3px solid var(--line); }
form, section {
  margin-top: 1.5rem; padding: 1.5rem;
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
}
section[aria-busy=true] { opacity: .5; }
textarea { font-size: 1rem; resize: vertical; overflow-wrap: anywhere; }
.error { margin: .375rem 0 1.25rem; color: var(--bad); }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
[role=status] { flex: 1 1 14rem; margin: 0; font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--bad); }
#headers { color: var(--soft); }
footer { margin-top: 1.5rem; font-size: .875rem; }
`;
