import { afterEach, describe, expect, test, vi } from "vitest";
import { discoverJwkSet, fetchJwkSet, metadataUrls } from "../../src/stores/jwk-set-source.ts";

const url = "https://keys.internal.example/jwks.json?secret=hunter2";
const answering = (response: Response) => vi.spyOn(globalThis, "fetch").mockImplementation(async () => response);

afterEach(() => void vi.restoreAllMocks());

/** The text of what is thrown. */
async function failure(): Promise<string> {
  return fetchJwkSet(url).then(
    () => "nothing was thrown",
    (error: unknown) => String(error),
  );
}

describe("fetchJwkSet()", () => {
  test("asks once, for JSON, by GET, and follows no redirect", async () => {
    const spy = answering(new Response('{"keys":[]}'));
    expect(await fetchJwkSet(url)).toEqual({ keys: [] });
    expect(spy).toHaveBeenCalledTimes(1);
    const [asked, init] = spy.mock.calls[0] ?? [];
    expect(asked).toBe(url);
    expect(init).toMatchObject({
      redirect: "manual",
      headers: { accept: "application/jwk-set+json, application/json" },
    });
    expect(init?.method).toBeUndefined();
    expect(init?.signal?.aborted).toBe(false);
  });

  test("reads letters that are cut in two by chunks", async () => {
    const bytes = new TextEncoder().encode('{"kid":"ключ"}');
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    answering(new Response(body));
    expect(await fetchJwkSet(url)).toEqual({ kid: "ключ" });
  });

  test.each([201, 204, 301, 302, 304, 401, 404, 500, 503])(
    "throws on the status %d, without the address",
    async (status) => {
      answering(new Response(null, { status, headers: { location: "https://elsewhere.example/" } }));
      expect(await failure()).toBe(`TypeError: the source of the JWK Set answered ${status}`);
    },
  );

  test("throws on what is no JSON, and shows nothing of it: it may be a private key", async () => {
    answering(new Response('{"keys":[{"kty":"RSA","d":"secret",}]}'));
    expect(await failure()).toBe("TypeError: the source of the JWK Set answered with what is no JSON");
  });

  test("throws on an empty answer", async () => {
    answering(new Response(null));
    expect(await failure()).toBe("TypeError: the source of the JWK Set answered with what is no JSON");
  });

  test("takes 256 KiB and not a byte more", async () => {
    const text = (bytes: number) => JSON.stringify("x".repeat(bytes - 2));
    answering(new Response(text(256 * 1024)));
    expect(await fetchJwkSet(url)).toBe("x".repeat(256 * 1024 - 2));
    vi.restoreAllMocks();
    answering(new Response(text(256 * 1024 + 1)));
    expect(await failure()).toBe("TypeError: the JWK Set is too large");
  });

  test("stops reading an answer that has no end", async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    answering(new Response(body));
    expect(await failure()).toBe("TypeError: the JWK Set is too large");
    expect(sent).toBeLessThan(1024 * 1024);
  });

  test("throws when the source cannot be reached", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("connection refused"));
    expect(await failure()).toBe("TypeError: connection refused");
  });
});

describe("metadataUrls()", () => {
  test.each([
    [
      "https://a.example",
      "https://a.example/.well-known/openid-configuration",
      "https://a.example/.well-known/oauth-authorization-server",
    ],
    [
      "https://a.example/",
      "https://a.example/.well-known/openid-configuration",
      "https://a.example/.well-known/oauth-authorization-server",
    ],
    [
      "https://a.example/b/c",
      "https://a.example/b/c/.well-known/openid-configuration",
      "https://a.example/.well-known/oauth-authorization-server/b/c",
    ],
    [
      "https://a.example/b/",
      "https://a.example/b/.well-known/openid-configuration",
      "https://a.example/.well-known/oauth-authorization-server/b",
    ],
  ])("are those of both specifications for %s", (issuer, openId, oauth) => {
    expect(metadataUrls(issuer)).toEqual([openId, oauth]);
  });
});

describe("discoverJwkSet()", () => {
  const issuer = "https://idp.example/realm";
  const openId = "https://idp.example/realm/.well-known/openid-configuration";
  /** What was asked for, and the set or the text of what is thrown. */
  async function discovered(of: string, pages: Readonly<Record<string, unknown>>) {
    const asked: string[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      asked.push(String(input));
      const page = pages[String(input)];
      return page === undefined ? new Response(null, { status: 404 }) : Response.json(page);
    });
    const set = await discoverJwkSet(of).catch((error: unknown) => String(error));
    return { asked, set };
  }
  const keys = "https://keys.example/set";

  test("reads the set that the metadata name, which may be on another host", async () => {
    const pages = { [openId]: { issuer, jwks_uri: keys }, [keys]: { keys: [] } };
    expect(await discovered(issuer, pages)).toEqual({ asked: [openId, keys], set: { keys: [] } });
  });

  test.each([
    ...["http://keys.example/set", "http://idp.example/set", "ftp://idp.example/set", "file:///etc/passwd", "set", 7],
    ...["https://127.0.0.1/set", "https://127.1/set", "https://2130706433/set", "https://169.254.169.254/latest"],
    ...["https://[::1]/set", "https://[fd00::1]/set", "https://localhost/set", "https://a.localhost/set"],
    ...["https://localhost./set", "https://vault/set", "https://metadata.google.internal/set", "https://nas.local/set"],
    ...["https://vault./set", "https://metadata.google.internal./set", "https://nas.lan/set", "https://idp.corp/set"],
    ...["https://nas.home.arpa/set", "https://nas.home/set", "https://wiki.intranet/set", "https://db.private./set"],
    ...["https://127.0.0.1./set", "https://localhost../set", "https://localhost.localdomain/set"],
    ...["https://me:secret@idp.example/set", undefined, null, "", "http://localhost/set", "http://127.0.0.1/set"],
  ])("fetches no keys from %j", async (jwks_uri) => {
    const { asked, set } = await discovered(issuer, { [openId]: { issuer, jwks_uri } });
    expect(asked).toEqual([openId]);
    expect(set).toBe("TypeError: the metadata of the issuer has no jwks_uri that may be fetched");
  });

  test("fetches them from names that only resemble internal ones", async () => {
    for (const jwks_uri of ["https://lan.example/set", "https://idp.corporate/set", "https://mylocal.example./set"]) {
      const pages = { [openId]: { issuer, jwks_uri }, [jwks_uri]: { keys: [] } };
      expect(await discovered(issuer, pages)).toEqual({ asked: [openId, jwks_uri], set: { keys: [] } });
    }
  });

  test("fetches them from the issuer's own host, whatever that is: the settings name it", async () => {
    for (const host of ["http://127.0.0.1:9000", "https://10.0.0.7", "https://localhost:8443"]) {
      const pages = { [`${host}/.well-known/openid-configuration`]: { issuer: host, jwks_uri: `${host}/set` } };
      expect((await discovered(host, pages)).asked).toEqual([
        `${host}/.well-known/openid-configuration`,
        `${host}/set`,
      ]);
    }
  });

  test.each([`${issuer}/`, "https://idp.example", "https://IDP.example/realm", undefined, [issuer]])(
    "takes no metadata of %j, and asks no further",
    async (other) => {
      const oauth = "https://idp.example/.well-known/oauth-authorization-server/realm";
      const pages = { [openId]: { issuer: other, jwks_uri: keys }, [oauth]: { issuer, jwks_uri: keys } };
      expect(await discovered(issuer, pages)).toEqual({
        asked: [openId],
        set: "TypeError: the metadata of the issuer is another issuer's",
      });
    },
  );
});
