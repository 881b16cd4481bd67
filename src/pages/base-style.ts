// What the style sheets of all pages begin with: colours for light and dark, type, fields and buttons.
// Must never name a resource outside the page: the pages' policy would block it.

export const baseStyle = `
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
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; }
h2 { margin: 0; font-size: 1rem; }
p { margin: .5rem 0 0; }
label { display: block; margin-bottom: .375rem; font-weight: 600; }
input, textarea {
  display: block; width: 100%; padding: .625rem .75rem;
  background: var(--page); color: inherit; border: 1px solid var(--edge); border-radius: .5rem;
}
input { font: inherit; }
[aria-invalid=true] { border-color: var(--bad); }
button {
  padding: .625rem 1.75rem; border: 1px solid transparent; border-radius: .5rem;
  background: var(--accent); color: var(--on); font: inherit; font-weight: 600; cursor: pointer;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;
