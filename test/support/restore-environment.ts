// Runs around each test file that shares its process: wrangler as a library sets variables (WRANGLER_LOG among them)
// that commands of a later file would inherit.
import { afterAll } from "vitest";

const before = { ...process.env };

afterAll(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});
