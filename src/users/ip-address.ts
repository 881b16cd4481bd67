// IP addresses as numbers in any spelling, and the name under which attempts from one address are counted.
// Must never give two names to one client that only spells its address differently, or picks another one of its own.

/** Four decimal numbers; a leading zero is refused, as some would read it as octal. */
export function ipv4Bytes(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** The eight numbers of an IPv6 address in any spelling of RFC 4291 section 2.2; a zone (`%eth0`) is cut off. */
export function ipv6Groups(text: string): number[] | undefined {
  const [plain = ""] = text.split("%");
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (!head) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  if (!tail || head.length + tail.length > 7) return undefined;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** The numbers between colons; the last of the address may be an IPv4 address, which is two. */
function groupsOf(half: string, isLast: boolean): number[] | undefined {
  if (half === "") return [];
  const parts = half.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (isLast && index === parts.length - 1 && part.includes(".")) {
      const bytes = ipv4Bytes(part);
      if (!bytes) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = bytes;
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** The bytes of an IPv4 address inside an IPv6 address (RFC 4291 section 2.5.5.2). */
export function mappedIpv4(groups: readonly number[]): number[] | undefined {
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped ? [high >> 8, high & 255, low >> 8, low & 255] : undefined;
}

/** Where Cloudflare says that a Worker of another zone called: every such Worker of the world has this one address. */
const crossZoneWorkers = "2a06:98c0:3600:0:0:0:0:103";

/** What is no address is counted together. Cloudflare sends none; who could would gain nothing by it. */
const unreadable = "unreadable";

/**
 * The name under which the requests of a client are counted by its address; undefined where there is no address. Workers of
 * other zones, which share one, are told apart by the zone that Cloudflare names.
 */
export function countedAddress(headers: Headers): string | undefined {
  const address = headers.get("cf-connecting-ip");
  const name = clientAddress(address);
  if (name !== undefined || address === null || address.trim() === "") return name;
  return `worker:${headers.get("cf-worker")?.slice(0, longestZone) ?? ""}`;
}

/** RFC 1035 section 2.3.4. */
const longestZone = 253;

/**
 * One name for all addresses that one client may have: an IPv4 address is itself, also inside IPv6 (RFC 4291 section
 * 2.5.5.2); other IPv6 addresses go by their /64, which is what one household or server gets (RFC 6177). Undefined for
 * no address, and for the one that many clients share.
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
