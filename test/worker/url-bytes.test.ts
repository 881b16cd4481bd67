// The bytes of a URL on their way to the API: what the runtime's fetch() writes anew, and that it is nothing else.
// docs/origins.md has the same list. Raw sockets, since clients write URLs anew as well; `"`, `<`, `>` and the like, which no
// URI has (RFC 3986 section 2), are refused by the local runtime where they are not listed here.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { rawRequest } from "../support/sockets.ts";

let received = "";
let api: HttpOrigin;
let gateway: Gateway;
beforeAll(async () => {
  api = await startOrigin((request, response) => {
    received = request.url ?? "";
    response.end();
  });
  gateway = await startGateway({ ORIGIN_URL: api.url, ROUTES: [{ path: "/*", auth: "public" }] });
});
afterAll(async () => {
  await gateway.close();
  api.close();
});

async function arrivesAs(target: string): Promise<string> {
  received = "";
  const { status } = await rawRequest(Number(gateway.url.port), target);
  return status === 200 ? received : String(status);
}

describe("in the path", () => {
  it.each([...'"^{}'])("%s is percent-encoded", async (character) => {
    const encoded = `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
    expect(await arrivesAs(`/a${character}b`)).toBe(`/a${encoded}b`);
  });
  it.each([..."!$&'()*+,-.:;=@[]_|~", "%27", "%7e", "%7B", "%41", "%c3%a9"])("%s arrives as it is", async (text) => {
    expect(await arrivesAs(`/a${text}b`)).toBe(`/a${text}b`);
  });
  it("bytes beyond ASCII are percent-encoded", async () => {
    expect(await arrivesAs("/caf\u00c3\u00a9")).toBe("/caf%C3%A9");
  });
});

describe("in the query", () => {
  it.each(["'"])("%s is percent-encoded", async (character) => {
    const encoded = `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
    expect(await arrivesAs(`/a?q=a${character}b`)).toBe(`/a?q=a${encoded}b`);
  });
  it.each([..."!$&()*+,-./:;=?@[\\]^_`{|}~", "%27", "%7e", "%2e%2E/..", "%zz", "%", "%c3%A9"])(
    "%s arrives as it is",
    async (text) => {
      expect(await arrivesAs(`/a?q=a${text}b`)).toBe(`/a?q=a${text}b`);
    },
  );
  it("bytes beyond ASCII are percent-encoded", async () => {
    expect(await arrivesAs("/a?q=\u00c3\u00a9")).toBe("/a?q=%C3%A9");
  });
  it("an empty one stays", async () => {
    expect(await arrivesAs("/a?")).toBe("/a?");
  });
});
