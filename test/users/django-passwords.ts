// Password strings with the passwords that open them, for the tests of this folder.
// Must never hold what our own code computed: each list names the tool that made it.

export type Vector = { readonly name: string; readonly password: string; readonly encoded: string };

const PASSWORD = "correct horse battery staple";
const UNICODE = "ünï-密码-🔑";

/** Written by Django 4.2.28 with bcrypt and argon2-cffi (shared/conformance/users.json). */
export const fromDjango: readonly Vector[] = [
  {
    name: "pbkdf2_sha256 with 1,000 rounds",
    password: PASSWORD,
    encoded: "pbkdf2_sha256$1000$GK3PmMdLRcJt0VGzPTyKjU$ZAyxvc449BtW1c4hhkKXxEakGV3keoF37ZSid29qsYs=",
  },
  {
    name: "pbkdf2_sha256 of a password of 300 characters",
    password: "0123456789".repeat(30),
    encoded: "pbkdf2_sha256$1000$Zt7dQ0wL5nXbR2kV9mPc4H$IYsxwB4kWCnx30BbeWCeILqJUicRQLDVkAGZPZS/Rh8=",
  },
  {
    name: "pbkdf2_sha256 of a password with blanks at its ends",
    password: " padded secret ",
    encoded: "pbkdf2_sha256$1000$Zt7dQ0wL5nXbR2kV9mPc4H$0TldHBZCT8M+fPsXfxFWx2zbIAQeVglAV3bf6GVgfKI=",
  },
  {
    name: "pbkdf2_sha1",
    password: PASSWORD,
    encoded: "pbkdf2_sha1$5000$S4ltS4ltS4lt$Oqf8MuR9vGjlQ9GQeS4wlPabD6s=",
  },
  {
    name: "scrypt with one lane",
    password: PASSWORD,
    encoded:
      "scrypt$16384$mN8vQ2xR5tY1kL4w$8$1$ChUatqoDTZp7v4hNfuHmnmj7I86/pFfaOvNepEY9VY+f5xJDYHjgdwQGfQqglDojjAreojJ8JZylab2fcUDzDg==",
  },
  {
    name: "scrypt of a Unicode password",
    password: UNICODE,
    encoded:
      "scrypt$16384$mN8vQ2xR5tY1kL4w$8$1$q14G6EVuOB/lTa5+GLEeTn/63fodThmAaFCejItInYhGylRBJ1ximvFA4uumB6dOUCY2P6WmW23x88vxVrtszg==",
  },
  {
    name: "scrypt with N = 1,024",
    password: PASSWORD,
    encoded:
      "scrypt$1024$mN8vQ2xR5tY1kL4w$8$1$RPRyji/EAEVdYnHGTwsm55b0t+dlFfHx3C1TiNeRWgZATW32m+BEBSIUMYASoVHMq4AXIs4dlaAjtrpk/OJE7A==",
  },
  {
    name: "bcrypt_sha256",
    password: PASSWORD,
    encoded: "bcrypt_sha256$$2b$12$KbQiQpY2yYJ9n3a5xqk3quX48VyPTTeyrFYXj2zzPIz8Go5gVqVbu",
  },
  {
    name: "bcrypt_sha256 with the revision 2a",
    password: PASSWORD,
    encoded: "bcrypt_sha256$$2a$04$KbQiQpY2yYJ9n3a5xqk3qucKEcqKmGctZtqZAkI319xGY9F/gPtaW",
  },
  {
    name: "bcrypt_sha256 of a password that bcrypt alone would cut",
    password: "x".repeat(100),
    encoded: "bcrypt_sha256$$2b$04$KbQiQpY2yYJ9n3a5xqk3quLzKWtiCERtcO6BFZn4enhOg2.O9viWC",
  },
  {
    name: "bcrypt_sha256 of a Unicode password",
    password: UNICODE,
    encoded: "bcrypt_sha256$$2b$04$KbQiQpY2yYJ9n3a5xqk3qukYBq1Z.0jMY4gr3qHQk8kTb.oKblfyW",
  },
  {
    name: "argon2id of a Unicode password with Django's 100 MiB",
    password: UNICODE,
    encoded: "argon2$argon2id$v=19$m=102400,t=2,p=8$Zml4ZWRTYWx0T2YxNmJ5dA$mscsHH2HCiBzpzSmzH/HM+dZTmue6AJvaUuMulAnLkI",
  },
];

/** Computed with Python 3.11's hashlib: pbkdf2_hmac, and scrypt (maxmem raised where it takes more than 32 MiB). */
export const fromHashlib: readonly Vector[] = [
  {
    name: "pbkdf2_sha256 with as many rounds as the platform does itself",
    password: PASSWORD,
    encoded: "pbkdf2_sha256$100000$aFixedSaltOf22Letters0$zfXM+EgC+FLZa6D75l85DkK2L7AzkwYnXmfj6UFt890=",
  },
  {
    name: "pbkdf2_sha1 with one round more than the platform does",
    password: PASSWORD,
    encoded: "pbkdf2_sha1$100001$aFixedSaltOf22Letters0$l586V2DGqx2JcQ+ntyHv4SARVdw=",
  },
  {
    name: "pbkdf2_sha1 in a single round, all Unicode",
    password: UNICODE,
    encoded: "pbkdf2_sha1$1$sàlt-ünï$Ljuyj4I49VC4QhtIWl4iiWQAuYA=",
  },
  {
    name: "pbkdf2_sha256 of the empty password",
    password: "",
    encoded: "pbkdf2_sha256$1$aFixedSaltOf22Letters0$DL3NcmfZjUX7VbAsnbaPaQAuUSg5oWPL/j+tIxYB0Lc=",
  },
  {
    name: "scrypt with the least parameters there are",
    password: PASSWORD,
    encoded:
      "scrypt$2$aFixedSaltOf22Letters0$1$1$MA8NsGrA8b4aLYHvKZdoVpsrAuMf2JyDN1ht4sP1vpfUEmFkwu31kNymYovT1h0V+yJQNpfQJDjrYKlFAmpOYg==",
  },
  {
    name: "scrypt with 64 MiB",
    password: PASSWORD,
    encoded:
      "scrypt$65536$aFixedSaltOf22Letters0$8$1$GywoB0ttYUWwG7Y1bVPJS/MLvbeEIF0rOxSLPDTLbpOa8K0GRCiSqrjIvMPFpvDfWPN1x2Y+t5g8oAbnXn5f7A==",
  },
  {
    name: "scrypt with the preferred parameters and a salt of 21 characters",
    password: PASSWORD,
    encoded:
      "scrypt$16384$aFixedSaltOf21Letters$8$5$d1Koni/hAqiYWgFQOOW2KaIqcp9Lzem7fiXBI2nFx2IGtj3woNcrsdWqh6fA0TKlnThcxHQ6182xP0P96/HFNQ==",
  },
];

/** From the tests of libargon2 (P-H-C/phc-winner-argon2, src/test.c), and CyberChef's for argon2d, which it has not. */
export const fromLibargon2: readonly Vector[] = [
  {
    name: "argon2id",
    password: "password",
    encoded: "argon2$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
  },
  {
    name: "argon2i without a version, which is the first one",
    password: "password",
    encoded: "argon2$argon2i$m=256,t=2,p=2$c29tZXNhbHQ$tsEVYKap1h6scGt5ovl9aLRGOqOth+AMB+KwHpDFZPs",
  },
  {
    name: "argon2i with the first version named",
    password: "password",
    encoded: "argon2$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
  },
  {
    name: "argon2d with a hash of 24 bytes",
    password: "abc",
    encoded: "argon2$argon2d$v=19$m=128,t=1,p=1$MDAxMTIyMzM0NDU1NjY3Nw$4YDMe+z04Nyz9XXDMI4t4JVvBgC0f/0Z",
  },
];

/** What hashPassword() writes, by Python's hashlib.scrypt: N = 16384, r = 8, p = 5, 64 bytes. */
export const preferred: readonly (Vector & { readonly salt: string })[] = [
  {
    name: "an ASCII password",
    password: PASSWORD,
    salt: "aFixedSaltOf22Letters0",
    encoded:
      "scrypt$16384$aFixedSaltOf22Letters0$8$5$gSybcjTWTApZrsmuGWK2luK7rqeMSnGWNxHeePw/je5Y9PU8pgUNdyL96ZxKEwrfZ5k1Ij6mV1HnJcLD+t2uSA==",
  },
  {
    name: "a Unicode password",
    password: UNICODE,
    salt: "aFixedSaltOf22Letters0",
    encoded:
      "scrypt$16384$aFixedSaltOf22Letters0$8$5$EvdxOaVbXcelSUub+VNXDQoB4uuvw+5znvMXalfRuMmQS4SGYrmImTJU3w+vA62r31mrHg5mLqtcNWhTOnKZnA==",
  },
  {
    name: "the empty password",
    password: "",
    salt: "aFixedSaltOf22Letters0",
    encoded:
      "scrypt$16384$aFixedSaltOf22Letters0$8$5$nB/9MV+Ilz8UaZPHNOBJh5ZkCSOxzuIy0ODI1Z8mqM/bjY/VpLvt5Ij/7Sei3J/7EKjUjLb9G54s4FSIafAd+w==",
  },
];
