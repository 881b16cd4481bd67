// The URL of a request, taken apart once and without changing a byte: to parse and write it anew would lose spellings.
import { refuse } from "../errors.ts";

export interface RequestUrl {
  /** The whole URL as it came, with its query: never to be logged. */
  readonly text: string;
  /** `https` or `http`. */
  readonly scheme: string;
  /** Host and port as they came. */
  readonly authority: string;
  /** Percent-encoded, from the first slash up to `?`; `/` where the URL ends with its authority. */
  readonly path: string;
  /** From `?` on; empty where there is none. */
  readonly query: string;
}

/** @param text an absolute URL, as `Request.url` is one */
export function readRequestUrl(text: string): RequestUrl {
  const colon = text.indexOf("://");
  const start = text.indexOf("/", colon + 3);
  const scheme = text.slice(0, colon);
  if (start < 0) return { text, scheme, authority: text.slice(colon + 3), path: "/", query: "" };
  const authority = text.slice(colon + 3, start);
  const question = text.indexOf("?", start);
  if (question < 0) return { text, scheme, authority, path: text.slice(start), query: "" };
  return { text, scheme, authority, path: text.slice(start, question), query: text.slice(question) };
}

/** Scheme and authority, as an `Origin` header names them. */
export const originOf = ({ scheme, authority }: RequestUrl): string => `${scheme}://${authority}`;

const isName = /^[\w.-]+$/;
const isNameOrAddressWithPort = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/**
 * The host that the client asked, in small letters (RFC 3986 section 6.2.2.1), with its port unless that is the scheme's own.
 * An API may take tenants from it, and tell letter cases apart. What is more than a host and a port is refused
 * (`request_malformed`, 400): the runtime does not look at the Host header that it makes the URL of, and fetch() would read
 * `a.example\admin?` before a path as another path.
 */
export function hostOf({ text, authority }: RequestUrl): string {
  if (isName.test(authority)) return authority.toLowerCase();
  if (!isNameOrAddressWithPort.test(authority)) refuse("request_malformed");
  try {
    return new URL(text).host;
  } catch {
    return refuse("request_malformed");
  }
}
