// Files that are imported as texts, for the browser: `import script from "./x.client.js" with { type: "text" }`.
declare module "*.client.js" {
  const text: string;
  export default text;
}
declare module "*.css" {
  const text: string;
  export default text;
}
