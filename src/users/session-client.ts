// SESSION_METADATA: what the list of sessions says about a client, so that its user recognises it.
// Must never keep enough to track a person: no version, no whole address, nothing that a client made up at length.
import type { RequestContext } from "../context.ts";
import type { Settings } from "../settings/settings.ts";
import { ipv4Bytes, ipv6Groups, mappedIpv4 } from "./ip-address.ts";

/** A client by what its user would call it, and roughly where it was. */
export interface SessionClient {
  /** "Firefox on Windows", or the first name in the User-Agent of a program; null where it says nothing. */
  readonly name: string | null;
  /** The network: /24 of IPv4, /48 of IPv6; null where there is no address. */
  readonly address: string | null;
}

/** The part of a User-Agent (RFC 9110 section 10.1.5) that is looked at. */
const longestUserAgent = 400;
const longestName = 40;

/** By what a browser's User-Agent is recognised, the most specific first: most others name Chrome, and Chrome names Safari. */
const browsers: ReadonlyArray<readonly [part: string, name: string]> = [
  ["Edg/", "Edge"],
  ["EdgA/", "Edge"],
  ["EdgiOS/", "Edge"],
  ["OPR/", "Opera"],
  ["SamsungBrowser/", "Samsung Internet"],
  ["Firefox/", "Firefox"],
  ["FxiOS/", "Firefox"],
  ["CriOS/", "Chrome"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
];
const systems: ReadonlyArray<readonly [part: string, name: string]> = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["CrOS", "ChromeOS"],
  ["Windows", "Windows"],
  ["Mac OS X", "macOS"],
  ["Linux", "Linux"],
];

/** What is kept of the client of a log-in or refresh; undefined while SESSION_METADATA is off. */
export function recordedClient({ SESSION_METADATA }: Settings, { client }: RequestContext): SessionClient | undefined {
  if (!SESSION_METADATA) return undefined;
  const { userAgent, address } = client();
  return sessionClient(userAgent, address);
}

/**
 * @param userAgent the header's value; anything a client likes
 * @param address CF-Connecting-IP
 */
export function sessionClient(userAgent: string | null, address: string | null): SessionClient {
  return { name: clientName(userAgent?.slice(0, longestUserAgent) ?? ""), address: networkOf(address) };
}

function clientName(userAgent: string): string | null {
  if (!userAgent.startsWith("Mozilla/")) return programName(userAgent);
  const named = (table: typeof browsers) => table.find(([part]) => userAgent.includes(part))?.[1];
  const browser = named(browsers);
  const system = named(systems);
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`;
  return system === undefined ? null : `Browser on ${system}`;
}

/** The first product of a program's User-Agent ("okhttp/4.12.0": okhttp), if it is a name. */
function programName(userAgent: string): string | null {
  const [name = ""] = userAgent.split(/[/\s(]/, 1);
  return /^[\w.+-]+$/.test(name) ? name.slice(0, longestName) : null;
}

/** The network of an address: /24 of IPv4, /48 of IPv6; null where there is no address. */
export function networkOf(given: string | null): string | null {
  const address = given?.trim() ?? "";
  const groups = address.includes(":") ? ipv6Groups(address) : undefined;
  const bytes = groups ? mappedIpv4(groups) : ipv4Bytes(address);
  if (bytes) return `${bytes.slice(0, 3).join(".")}.0/24`;
  return groups
    ? `${groups
        .slice(0, 3)
        .map((group) => group.toString(16))
        .join(":")}::/48`
    : null;
}
