// clientAddress(): one name for one client, however its address is spelled, and none where it stands for many.
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { clientAddress } from "../../src/users/ip-address.ts";

describe("clientAddress() folds", () => {
  test.each([
    // IPv4 is itself.
    ["192.0.2.7", "192.0.2.7"],
    [" 192.0.2.7 ", "192.0.2.7"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    // IPv4 inside IPv6, in every spelling, is IPv4.
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
    ["::ffff:C000:0207", "192.0.2.7"],
    ["0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"],
    ["0000:0000:0000:0000:0000:ffff:c000:0207", "192.0.2.7"],
    ["0::0:ffff:c000:207", "192.0.2.7"],
    ["::ffff:0:0", "0.0.0.0"],
    ["::ffff:ffff:ffff", "255.255.255.255"],
    // IPv6 goes by its /64.
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002:0000:0000:0000:0001", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::A", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::192.0.2.7", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::1%eth0", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:3:4:5::", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:0:0:1::1", "2001:db8:0:0::/64"],
    ["1::2:3", "1:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["::fffe:192.0.2.7", "0:0:0:0::/64"],
    ["::1:ffff:192.0.2.7", "0:0:0:0::/64"],
    // The neighbours of the address that Workers of other zones have.
    ["2a06:98c0:3600::104", "2a06:98c0:3600:0::/64"],
    ["2a06:98c0:3600:1::103", "2a06:98c0:3600:1::/64"],
  ])("%j to %j", (address, name) => {
    expect(clientAddress(address)).toBe(name);
  });
});

describe("clientAddress() has no name for", () => {
  test.each([
    ["no header", null],
    ["an empty one", ""],
    ["one of blanks", "  "],
    ["all Workers of other zones", "2a06:98c0:3600::103"],
    ["the same in capitals", "2A06:98C0:3600::103"],
    ["the same written out", "2a06:98c0:3600:0000:0000:0000:0000:0103"],
    ["the same half written out", "2a06:98c0:3600:0:0::103"],
  ])("%s", (_what, address) => {
    expect(clientAddress(address)).toBeUndefined();
  });
});

describe("clientAddress() counts together what is no address:", () => {
  test.each([
    ["unknown"],
    ["192.0.2"],
    ["192.0.2.7.1"],
    ["192.0.2.256"],
    ["192.0.2.07"],
    ["192.0.2.7:443"],
    ["192.0.2.7, 198.51.100.1"],
    ["0x7f000001"],
    ["2130706433"],
    ["[2001:db8::1]"],
    ["2001:db8:::1"],
    ["2001::db8::1"],
    ["2001:db8:1:2:3:4:5:6:7"],
    ["2001:db8:1:2:3:4:5"],
    ["2001:db8:1:2:3:4:5:6::"],
    ["2001:db8::12345"],
    ["2001:db8::g"],
    ["192.0.2.7::1"],
    ["::192.0.2.7:1"],
    ["::192.0.2.256"],
    [":"],
    ["1:"],
  ])("%j", (address) => {
    expect(clientAddress(address)).toBe("unreadable");
  });
});

it("clientAddress() gives all addresses of a /64 one name, and another /64 another", () => {
  const group = fc.integer({ min: 1, max: 0xffff }).map((value) => value.toString(16));
  const half = fc.tuple(group, group, group, group).map((groups) => groups.join(":"));
  fc.assert(
    fc.property(half, half, half, half, (network, other, host, neighbour) => {
      fc.pre(network !== other);
      expect(clientAddress(`${network}:${host}`)).toBe(`${network}::/64`);
      expect(clientAddress(`${network}:${neighbour}`)).toBe(`${network}::/64`);
      expect(clientAddress(`${other}:${host}`)).toBe(`${other}::/64`);
    }),
  );
});

it("clientAddress() never throws, nor gives a name longer than an address", () => {
  const text = fc.string({ unit: fc.constantFrom(..."0123456789abcdefg:.%, []") });
  fc.assert(
    fc.property(text, (address) => {
      expect((clientAddress(address) ?? "").length).toBeLessThanOrEqual(24);
    }),
  );
});
