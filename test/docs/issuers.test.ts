// docs/issuers.md: its tables hold the code's keys, and the settings for each provider take its tokens and no others.
import { parse } from "smol-toml";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readConfiguration } from "../../src/configuration.ts";
import { Refusal } from "../../src/errors.ts";
import { foreignIssuers } from "../../src/key-sources.ts";
import { blocksOf, documentText } from "../support/documents.ts";
import { type IdentityProvider, identityProviders } from "../support/fixtures/identity-providers.ts";
import { nowSeconds, type Provider, provider } from "../support/provider.ts";
import { testSecret } from "../support/settings.ts";

const file = "docs/issuers.md";
const text = documentText(file);
afterEach(() => void vi.unstubAllGlobals());

/** The settings under a heading. */
function settingsOf(title: string): Record<string, unknown> {
  const line = text.split("\n").indexOf(`### ${title}`) + 1;
  const block = blocksOf(file).find((one) => one.language === "toml" && one.line > line);
  if (line === 0 || block === undefined) throw new Error(`there are no settings for ${title}`);
  return (parse(block.text) as { readonly vars: Record<string, unknown> }).vars;
}

/** The provider's token, verified by the settings of the page; a provider without a URL for its keys has them in the settings. */
async function verify({ title, discovery, jwksUrl, alg, header, claims }: IdentityProvider, change: object = {}) {
  const vars = settingsOf(title);
  const [entry] = vars.ISSUERS as [Record<string, unknown>];
  const idp: Provider = await provider(String(entry.issuer), { alg });
  const pages = new Map<string, unknown>();
  if (discovery) pages.set(discovery.url, discovery.document);
  if (jwksUrl === undefined) entry.keys = [idp.jwk];
  else pages.set(jwksUrl, { keys: [idp.jwk] });
  vi.stubGlobal("fetch", async (url: string) =>
    pages.has(url) ? Response.json(pages.get(url)) : new Response(null, { status: 404 }),
  );
  const { configuration, errors } = await readConfiguration({ ...vars, SIGNING_KEY: testSecret });
  if (!configuration) throw new Error(errors.join("\n"));
  const deps = { log: () => {}, keepAlive: () => {}, pause: async () => {} };
  const [issuer] = foreignIssuers(configuration.issuers, deps);
  const token = await idp.token({ jti: undefined, ...claims(), ...change }, header);
  return issuer?.verify(token, nowSeconds());
}

describe("the settings for", () => {
  it("each provider of the page are tried", () => {
    const [, providers = ""] = text.split("\n## Providers\n");
    const titles = [...(providers.split("\n## ")[0] ?? "").matchAll(/^### (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(identityProviders.map(({ title }) => title));
  });

  it.each(identityProviders.map((one) => [one.title, one] as const))("%s take its tokens", async (_, one) => {
    expect(await verify(one)).toMatchObject({ subject: one.subject });
  });

  const others = identityProviders.flatMap((one) =>
    Object.entries(one.others).map(([what, change]) => [one.title, what, one, change] as const),
  );
  it.each(others)("%s refuse %s", async (_title, _what, one, change) => {
    await expect(verify(one, change)).rejects.toBeInstanceOf(Refusal);
  });
});

it("the page has every key of an entry", async () => {
  const { errors } = await readConfiguration({ SIGNING_KEY: testSecret, ISSUERS: [{ unknown: 1 }] });
  const [, known = ""] = /an issuer has ([^.]*)\./.exec(errors.join("\n")) ?? [];
  const [, table = ""] = text.split("\n## Keys of an entry\n");
  const rows = [...(table.split("\n## ")[0] ?? "").matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, key]) => key);
  expect(rows).toEqual(known.split(", "));
});
