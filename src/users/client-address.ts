// The address that a login came from → the name under which attempts from there are counted together.
// Must never give two names to one client that only spells its address differently, or picks another one of its own.
import { ipv4Bytes, ipv6Groups, mappedIpv4 } from "./ip-address.ts";

/** Where Cloudflare says that a Worker of another zone called: every such Worker of the world has this one address. */
const crossZoneWorkers = "2a06:98c0:3600:0:0:0:0:103";

/** What is no address is counted together. Cloudflare sends none; who could would gain nothing by it. */
const unreadable = "unreadable";

/**
 * One name for all addresses that one client may have: an IPv4 address is itself, also inside IPv6 (RFC 4291 section
 * 2.5.5.2); other IPv6 addresses go by their /64, which is what one household or server gets (RFC 6177). Undefined for
 * no address, and for the one that stands for many clients.
 *
 * @param address the value of CF-Connecting-IP
 */
export function clientAddress(address: string | null): string | undefined {
  const text = address?.trim() ?? "";
  if (text === "") return undefined;
  if (!text.includes(":")) return ipv4Bytes(text)?.join(".") ?? unreadable;
  const groups = ipv6Groups(text);
  if (!groups) return unreadable;
  const hexadecimal = groups.map((group) => group.toString(16));
  if (hexadecimal.join(":") === crossZoneWorkers) return undefined;
  return mappedIpv4(groups)?.join(".") ?? `${hexadecimal.slice(0, 4).join(":")}::/64`;
}
