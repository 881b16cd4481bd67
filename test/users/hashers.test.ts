// Which password strings the hashers read at all; nothing here computes a hash.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashers } from "../../src/users/hashers/hashers.ts";

const BASE64_32 = "ZAyxvc449BtW1c4hhkKXxEakGV3keoF37ZSid29qsYs=";
const BASE64_64 = `${"A".repeat(86)}==`;
const BCRYPT_REST = "KbQiQpY2yYJ9n3a5xqk3quX48VyPTTeyrFYXj2zzPIz8Go5gVqVbu";
const TAG = "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";

function read(encoded: string) {
  const [algorithm = "", ...fields] = encoded.split("$");
  return hashers.get(algorithm)?.(fields);
}

test("the hashers are Django's defaults and no others", () => {
  expect([...hashers.keys()]).toEqual(["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "scrypt"]);
});

describe("the hashers read", () => {
  test.each([
    ["pbkdf2_sha256", `pbkdf2_sha256$1000$salt$${BASE64_32}`],
    ["pbkdf2_sha256 with the most rounds that OpenSSL counts", `pbkdf2_sha256$2147483647$salt$${BASE64_32}`],
    ["pbkdf2_sha1", "pbkdf2_sha1$5000$S4ltS4ltS4lt$Oqf8MuR9vGjlQ9GQeS4wlPabD6s="],
    ["scrypt", `scrypt$16384$salt$8$5$${BASE64_64}`],
    ["scrypt with the largest N that r = 1 admits", `scrypt$32768$salt$1$1$${BASE64_64}`],
    ["bcrypt with the revision 2a", `bcrypt_sha256$$2a$12$${BCRYPT_REST}`],
    ["bcrypt with the revision 2x", `bcrypt_sha256$$2x$12$${BCRYPT_REST}`],
    ["bcrypt with the revision 2y", `bcrypt_sha256$$2y$12$${BCRYPT_REST}`],
    ["bcrypt at the lowest cost", `bcrypt_sha256$$2b$04$${BCRYPT_REST}`],
    ["bcrypt at the highest cost", `bcrypt_sha256$$2b$31$${BCRYPT_REST}`],
    ["argon2id", `argon2$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["argon2i", `argon2$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["argon2d", `argon2$argon2d$v=19$m=256,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["argon2 of the first version", `argon2$argon2i$v=16$m=256,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["argon2 without a version", `argon2$argon2i$m=256,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["argon2 with the least memory for its lanes", `argon2$argon2id$v=19$m=16,t=1,p=2$c29tZXNhbHQ$${TAG}`],
  ])("%s", (_name, encoded) => {
    expect(read(encoded)).toMatchObject({ preferred: false });
  });
});

describe("the hashers refuse to read pbkdf2 when", () => {
  test.each([
    ["there are no rounds", `pbkdf2_sha256$0$salt$${BASE64_32}`],
    ["the rounds are negative", `pbkdf2_sha256$-1000$salt$${BASE64_32}`],
    ["the rounds have a leading zero", `pbkdf2_sha256$01000$salt$${BASE64_32}`],
    ["the rounds have a sign", `pbkdf2_sha256$+1000$salt$${BASE64_32}`],
    ["the rounds have a blank", `pbkdf2_sha256$ 1000$salt$${BASE64_32}`],
    ["the rounds end in a line break", `pbkdf2_sha256$1000\n$salt$${BASE64_32}`],
    ["the rounds are a fraction", `pbkdf2_sha256$1000.0$salt$${BASE64_32}`],
    ["the rounds have an exponent", `pbkdf2_sha256$1e3$salt$${BASE64_32}`],
    ["the rounds are hexadecimal", `pbkdf2_sha256$0x3e8$salt$${BASE64_32}`],
    ["the rounds are in other digits", `pbkdf2_sha256$١٠٠٠$salt$${BASE64_32}`],
    ["the rounds are missing", `pbkdf2_sha256$$salt$${BASE64_32}`],
    ["the rounds are more than OpenSSL counts", `pbkdf2_sha256$2147483648$salt$${BASE64_32}`],
    ["the rounds are endless", `pbkdf2_sha256$${"9".repeat(400)}$salt$${BASE64_32}`],
    ["the salt is empty", `pbkdf2_sha256$1000$$${BASE64_32}`],
    ["a field is missing", `pbkdf2_sha256$1000$${BASE64_32}`],
    ["a field is left over", `pbkdf2_sha256$1000$salt$${BASE64_32}$`],
    ["the hash is empty", "pbkdf2_sha256$1000$salt$"],
    ["the hash is another digest's", "pbkdf2_sha256$1000$salt$Oqf8MuR9vGjlQ9GQeS4wlPabD6s="],
    ["the hash is of a longer digest", `pbkdf2_sha1$1000$salt$${BASE64_32}`],
    ["the hash lacks its padding", `pbkdf2_sha256$1000$salt$${BASE64_32.slice(0, -1)}`],
    ["the hash is base64url", `pbkdf2_sha256$1000$salt$${BASE64_32.replace("Z", "-")}`],
    ["the hash has stray bits at its end", `pbkdf2_sha256$1000$salt$${BASE64_32.replace("Ys=", "Yt=")}`],
    ["the hash has a line break", `pbkdf2_sha256$1000$salt$${BASE64_32}\n`],
    ["the hash is not base64", `pbkdf2_sha256$1000$salt$${"*".repeat(44)}`],
  ])("%s", (_name, encoded) => {
    expect(read(encoded)).toBeNull();
  });
});

describe("the hashers refuse to read scrypt when", () => {
  test.each([
    ["N is 0", `scrypt$0$salt$8$5$${BASE64_64}`],
    ["N is 1", `scrypt$1$salt$8$5$${BASE64_64}`],
    ["N is no power of two", `scrypt$16385$salt$8$5$${BASE64_64}`],
    ["N is too large for r", `scrypt$65536$salt$1$1$${BASE64_64}`],
    ["N is 2^32", `scrypt$4294967296$salt$8$1$${BASE64_64}`],
    ["r is 0", `scrypt$16384$salt$0$5$${BASE64_64}`],
    ["p is 0", `scrypt$16384$salt$8$0$${BASE64_64}`],
    ["p is no number", `scrypt$16384$salt$8$five$${BASE64_64}`],
    ["r times p is 2^30", `scrypt$2$salt$32768$32768$${BASE64_64}`],
    ["the salt is empty", `scrypt$16384$$8$5$${BASE64_64}`],
    ["a field is missing", `scrypt$16384$salt$8$${BASE64_64}`],
    ["a field is left over", `scrypt$16384$salt$8$5$x$${BASE64_64}`],
    ["the hash has 63 bytes", `scrypt$16384$salt$8$5$${"A".repeat(84)}`],
    ["the hash lacks its padding", `scrypt$16384$salt$8$5$${"A".repeat(86)}`],
  ])("%s", (_name, encoded) => {
    expect(read(encoded)).toBeNull();
  });
});

describe("the hashers refuse to read bcrypt when", () => {
  test.each([
    ["there is one $ too few", `bcrypt_sha256$2b$12$${BCRYPT_REST}`],
    ["there is something between the two $", `bcrypt_sha256$x$2b$12$${BCRYPT_REST}`],
    ["there is one field too many", `bcrypt_sha256$$2b$12$${BCRYPT_REST}$`],
    ["the revision is unknown", `bcrypt_sha256$$2c$12$${BCRYPT_REST}`],
    ["the revision is the first one", `bcrypt_sha256$$2$12$${BCRYPT_REST}`],
    ["the cost is 3", `bcrypt_sha256$$2b$03$${BCRYPT_REST}`],
    ["the cost is 32", `bcrypt_sha256$$2b$32$${BCRYPT_REST}`],
    ["the cost has one digit", `bcrypt_sha256$$2b$4$${BCRYPT_REST}`],
    ["the checksum is one character short", `bcrypt_sha256$$2b$12$${BCRYPT_REST.slice(0, -1)}`],
    ["the checksum is one character long", `bcrypt_sha256$$2b$12$${BCRYPT_REST}u`],
    ["the checksum is missing", `bcrypt_sha256$$2b$12$${BCRYPT_REST.slice(0, 22)}`],
    ["the salt has stray bits", `bcrypt_sha256$$2b$12$${BCRYPT_REST.replace("3qu", "3qv")}`],
    ["the checksum has stray bits", `bcrypt_sha256$$2b$12$${BCRYPT_REST.slice(0, -1)}v`],
    ["there is a letter of other base64", `bcrypt_sha256$$2b$12$${BCRYPT_REST.replace("8", "+")}`],
  ])("%s", (_name, encoded) => {
    expect(read(encoded)).toBeNull();
  });
});

describe("the hashers refuse to read argon2 when", () => {
  test.each([
    ["the variant is unknown", `argon2$argon2x$v=19$m=256,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["the version is unknown", `argon2$argon2id$v=18$m=256,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["the version has a leading zero", `argon2$argon2id$v=019$m=256,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["the memory is 0", `argon2$argon2id$v=19$m=0,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["the memory is too little for its lanes", `argon2$argon2id$v=19$m=15,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["the memory is beyond 32 bits", `argon2$argon2id$v=19$m=4294967296,t=2,p=2$c29tZXNhbHQ$${TAG}`],
    ["there are no passes", `argon2$argon2id$v=19$m=256,t=0,p=2$c29tZXNhbHQ$${TAG}`],
    ["there are no lanes", `argon2$argon2id$v=19$m=256,t=2,p=0$c29tZXNhbHQ$${TAG}`],
    ["there are too many lanes", `argon2$argon2id$v=19$m=4294967295,t=2,p=16777216$c29tZXNhbHQ$${TAG}`],
    ["a cost is missing", `argon2$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$${TAG}`],
    ["a cost is left over", `argon2$argon2id$v=19$m=256,t=2,p=2,x=1$c29tZXNhbHQ$${TAG}`],
    ["the costs are in another order", `argon2$argon2id$v=19$t=2,m=256,p=2$c29tZXNhbHQ$${TAG}`],
    ["the salt has seven bytes", `argon2$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbA$${TAG}`],
    ["the salt is padded", `argon2$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ=$${TAG}`],
    ["the salt has stray bits", `argon2$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHR$${TAG}`],
    ["the hash has three bytes", "argon2$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$AAAA"],
    ["the hash is missing", "argon2$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ"],
    ["there is one field too many", `argon2$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$${TAG}$`],
    ["there are two fields too few", "argon2$argon2id$v=19"],
  ])("%s", (_name, encoded) => {
    expect(read(encoded)).toBeNull();
  });
});

describe("the hashers never throw, whatever follows the name:", () => {
  const field = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.nat().map(String),
    fc.base64String(),
    fc.constantFrom(
      "",
      "argon2id",
      "v=19",
      "m=256,t=2,p=2",
      "2b",
      "12",
      "16384",
      BASE64_32,
      BASE64_64,
      BCRYPT_REST,
      TAG,
    ),
  );

  test.each([...hashers])("%s", (_name, hasher) => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 7 }), (fields) => {
        const stored = hasher(fields);
        expect(stored === null || !Number.isNaN(stored.cpuMs + stored.memoryBytes)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
