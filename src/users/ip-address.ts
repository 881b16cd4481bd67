// IP addresses as numbers: the four bytes of IPv4, the eight groups of IPv6, in any spelling.
// Must never guess: what is no address is undefined.

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

/** The bytes of an IPv4 address that stands inside IPv6 (RFC 4291 section 2.5.5.2). */
export function mappedIpv4(groups: readonly number[]): number[] | undefined {
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped ? [high >> 8, high & 255, low >> 8, low & 255] : undefined;
}
