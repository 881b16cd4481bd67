// A deployment is checked without its secrets: what stands in for them must pass where the real ones would.
import { expect, it } from "vitest";
import { standInSecrets } from "../../scripts/configuration/stand-in-key.ts";
import { readConfiguration } from "../../src/configuration.ts";

it.each([
  ["a secret key without assertions", {}, ["SIGNING_KEY"]],
  ["a secret key with assertions", { ASSERTION: true }, ["ASSERTION_KEY", "SIGNING_KEY"]],
  ["HS512 with assertions, as text", { ASSERTION: "True", ALGORITHM: "HS512" }, ["ASSERTION_KEY", "SIGNING_KEY"]],
  ["an asymmetric key with assertions", { ASSERTION: true, ALGORITHM: "ES256" }, ["SIGNING_KEY"]],
  [
    "events",
    { EVENTS_URL: "https://api.example.com/events/", USERS_OWNER: "origin" },
    ["PROVISIONING_KEY", "SIGNING_KEY"],
  ],
  ["assertions with a key that is there", { ASSERTION: true, ASSERTION_KEY: "k".repeat(32) }, ["SIGNING_KEY"]],
])("standInSecrets() makes what the gateway takes for %s", async (_, vars, names) => {
  const secrets = standInSecrets(vars);
  expect(Object.keys(secrets).sort()).toEqual(names);
  const { errors, warnings } = await readConfiguration({ ...vars, ...secrets });
  expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
});
