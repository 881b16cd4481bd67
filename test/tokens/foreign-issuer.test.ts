// Tokens of other issuers: by which `iss` one is chosen, and that its keys verify tokens of that `iss` alone.
import { beforeAll, describe, expect, it } from "vitest";
import { Refusal } from "../../src/errors.ts";
import { readIssuers } from "../../src/settings/issuers.ts";
import { claimedIssuer, type ForeignIssuer, foreignIssuer } from "../../src/tokens/foreign-issuer.ts";
import { readIssuerKeys } from "../../src/tokens/issuer-keys.ts";
import { base64url } from "../support/craft.ts";
import { entryOf, nowSeconds, type Provider, provider } from "../support/provider.ts";
import { settingsOf } from "../support/settings.ts";

describe("claimedIssuer()", () => {
  const of = (payload: string) => claimedIssuer(`e30.${base64url(payload)}.AA`);

  it.each([
    ['{"iss":"https://a.example"}', "https://a.example"],
    ['{"iss":"https://a.example","iss":"https://b.example"}', "https://b.example"],
    ['{"iss":"https://a.example","\\u0069ss":"https://b.example"}', "https://b.example"],
    ['{"\\u0069ss":"https://b.example","iss":"https://a.example"}', "https://a.example"],
    ['{"__proto__":{"iss":"https://a.example"}}', undefined],
    ['{"ISS":"https://a.example","claims":{"iss":"https://a.example"}}', undefined],
    ['{"iss":["https://a.example"]}', undefined],
    ['{"iss":null}', undefined],
    ['["https://a.example"]', undefined],
    ['\ufeff{"iss":"https://a.example"}', undefined],
    ["https://a.example", undefined],
    ["", undefined],
  ])("of %s is %j", (payload, issuer) => {
    expect(of(payload)).toBe(issuer);
  });
});

describe("verify()", () => {
  let idp: Provider;
  let issuer: ForeignIssuer;
  beforeAll(async () => {
    idp = await provider("https://idp.example/");
    const read = await readIssuerKeys(readIssuers(settingsOf({ ISSUERS: [entryOf(idp)] })).issuers);
    const [first] = read.issuers;
    if (first === undefined) throw new Error(read.errors.join());
    issuer = foreignIssuer(first, undefined);
  });
  const outcome = async (iss: unknown) =>
    issuer.verify(await idp.token({ iss }), nowSeconds()).then(
      ({ subject }) => subject,
      (error: unknown) => (error instanceof Refusal ? error.reason : error),
    );

  it("takes a token of the issuer", async () => {
    expect(await outcome("https://idp.example/")).toBe("u-1");
  });

  it.each(["https://idp.example", "https://IDP.example/", ["https://idp.example/"], null, undefined, ""])(
    "takes none that says to be of %j, although its key has signed it",
    async (iss) => {
      expect(await outcome(iss)).toBe("token_issuer_wrong");
    },
  );
});
