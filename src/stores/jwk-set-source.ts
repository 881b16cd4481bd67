// The JWK Set at JWK_URL over HTTP: one GET, no redirects, limits on size and time.
// Must never be given a URL that does not come from the settings.

/** A set of keys has a few kilobytes; more is not read. */
const longestSetBytes = 256 * 1024;
const timeoutMilliseconds = 5000;

/** Fetches and parses the set; throws with a reason that names no address. */
export async function fetchJwkSet(url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMilliseconds),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new TypeError(`the source of the JWK Set answered ${response.status}`);
  }
  return JSON.parse(await limitedText(response));
}

async function limitedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > longestSetBytes) throw new TypeError("the JWK Set is too large");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
