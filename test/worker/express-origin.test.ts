// docs/securing-your-origin.md with Express: its middleware behind the real gateway, and with somebody who goes past it.
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { agreementOn, type Meeting, meet, sentences } from "../origin-checks/meeting.ts";

const server = resolve(import.meta.dirname, "../origin-checks/express/serve.js");

describe.each([
  { name: "a shared secret", agreement: agreementOn("HS256") },
  { name: "the gateway's JWK Set", agreement: agreementOn("RS256", true) },
])("an Express API with $name", ({ agreement }) => {
  let meeting: Meeting;
  beforeAll(async () => {
    meeting = await meet(agreement, [process.execPath, server]);
  });
  afterAll(() => meeting.end());

  it.each(sentences)("%s", (_, prove) => prove({ agreement, meeting }));
});
