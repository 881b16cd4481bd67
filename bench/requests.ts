// The bytes that clients send, with the headers that Cloudflare adds to them on the way to a Worker.
// Must never differ between contestants.

/** What is asked of every proxy. */
export const NOTES = "/api/notes/?page=2";

/** What a browser's script and Cloudflare send beside the token. */
const headers = [
  "host: api.example.com",
  "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "accept: application/json",
  "accept-language: en-GB,en;q=0.9",
  "accept-encoding: gzip, br",
  "cf-connecting-ip: 203.0.113.7",
  "cf-ipcountry: NL",
  "cf-ray: 8f0c1d2e3a4b5c6d-AMS",
  'cf-visitor: {"scheme":"https"}',
  "x-forwarded-for: 203.0.113.7",
  "x-forwarded-proto: https",
];

const line = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n`;

/** A GET, with a bearer token or without. */
export function getRequest(path: string, token?: string): string {
  return `${line("GET", path)}${token === undefined ? "" : `authorization: Bearer ${token}\r\n`}\r\n`;
}

/** A POST of JSON; content-length is the last header. */
export function postRequest(path: string, body: Readonly<Record<string, string>>): string {
  return postTextRequest(path, JSON.stringify(body));
}

/** A POST of any text in the place of JSON. */
export function postTextRequest(path: string, text: string): string {
  const length = `content-length: ${Buffer.byteLength(text)}`;
  return `${line("POST", path)}content-type: application/json\r\n${length}\r\n\r\n${text}`;
}
