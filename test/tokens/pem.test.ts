// readPem(): keys as dashboards, .env files, shells and clipboards hand them over, and what is said of the others.
import { describe, expect, test } from "vitest";
import { looksAsymmetric } from "../../src/settings/readers.ts";
import { readPem } from "../../src/tokens/pem.ts";
import {
  edEncrypted,
  edPkcs8,
  edSpki,
  p256Pkcs8,
  p256Sec1,
  p256Spki,
  p384Pkcs8,
  rsaPkcs1,
  rsaPkcs8,
  rsaSpki,
} from "../support/craft.ts";

/** Self-signed, for the tests alone; its key signs nothing. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBjDCCATGgAwIBAgIUVK6NLG/pESdITpochk+uWHbOraAwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPZ2F0ZXdheS5leGFtcGxlMCAXDTI2MTEyOTAzMjQxOVoYDzIx
MjYxMTA1MDMyNDE5WjAaMRgwFgYDVQQDDA9nYXRld2F5LmV4YW1wbGUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQKTwwfWlFAWfCcM5hG8FkEsKp5rIwkaELVbxmt
SnjqLqKlhcEvt6dxiQnvUtrdgdiK7LQhhkAKCdNeN3ih8kHCo1MwUTAdBgNVHQ4E
FgQUzDG9Ol+QCWT9WlvWV6ogO14HI1gwHwYDVR0jBBgwFoAUzDG9Ol+QCWT9WlvW
V6ogO14HI1gwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAk24S
T4t9qAjSv09tVGBea3Lo5IJN1vyqfKomHOikFBkCIQC9zY4ESEASpOUZZyFOPSXT
nFkxJtZjLPhuLt/ztwV+9g==
-----END CERTIFICATE-----
`;
const certifiedSpki = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECk8MH1pRQFnwnDOYRvBZBLCqeayM
JGhC1W8ZrUp46i6ipYXBL7encYkJ71La3YHYiuy0IYZACgnTXjd4ofJBwg==
-----END PUBLIC KEY-----
`;

const bodyOf = (pem: string) => pem.replace(/-----[A-Z0-9 ]+-----/g, "").replace(/\s/g, "");

/** What becomes of a PEM on its way. */
const spoilings: ReadonlyArray<readonly [what: string, spoil: (pem: string) => string]> = [
  ["as it was made", (pem) => pem],
  ["without a line end at its end", (pem) => pem.trim()],
  ["\\n written out", (pem) => pem.replaceAll("\n", "\\n")],
  ["\\n written out, and a real line end at its end", (pem) => `${pem.trim().replaceAll("\n", "\\n")}\n`],
  ["\\n written out in addition to real line ends", (pem) => pem.replaceAll("\n", "\\n\n")],
  ["\\n written out in the first line only", (pem) => pem.replace("\n", "\\n")],
  ["\\r\\n written out", (pem) => pem.replaceAll("\n", "\\r\\n")],
  ["\\n written out twice over", (pem) => pem.replaceAll("\n", "\\\\n")],
  ["line ends of Windows", (pem) => pem.replaceAll("\n", "\r\n")],
  ["line ends of old Macs", (pem) => pem.replaceAll("\n", "\r")],
  ["line ends flattened to blanks", (pem) => pem.trim().replaceAll("\n", " ")],
  ["line ends flattened to nothing", (pem) => pem.replaceAll("\n", "")],
  ["line ends flattened to tabs", (pem) => pem.replaceAll("\n", "\t")],
  ["backslashes before real line ends", (pem) => pem.replaceAll("\n", "\\\n")],
  ["double quotes around", (pem) => `"${pem}"`],
  ["single quotes around, and \\n written out", (pem) => `'${pem.replaceAll("\n", "\\n")}'`],
  ["quotes of JSON within quotes of a shell", (pem) => `'${JSON.stringify(pem)}'`],
  [
    "each line in quotes",
    (pem) =>
      pem
        .trim()
        .split("\n")
        .map((line) => `"${line}\\n"`)
        .join("\n"),
  ],
  ["its name before it", (pem) => `SIGNING_KEY="${pem.replaceAll("\n", "\\n")}"`],
  ["indentation", (pem) => pem.replace(/^/gm, "    ")],
  ["trailing blanks", (pem) => pem.replaceAll("\n", "  \n")],
  ["empty lines", (pem) => `\n\n${pem.replaceAll("\n", "\n\n")}`],
  ["a byte order mark", (pem) => `\ufeff${pem}`],
  ["invisible characters and hard blanks", (pem) => pem.replaceAll("\n", "\u200b\u00a0\n")],
  ["dashes of a word processor", (pem) => pem.replaceAll("-----", "\u2014\u2013-")],
  ["four dashes", (pem) => pem.replaceAll("-----", "----")],
  ["no END line", (pem) => pem.slice(0, pem.indexOf("-----END"))],
  ["text around it", (pem) => `Bag Attributes\n  friendlyName: x\n${pem}\nbest regards`],
  ["all of it in base64", (pem) => btoa(pem)],
  ["all of it in base64, in lines", (pem) => btoa(pem).replace(/.{76}/g, "$&\n")],
  ["its base64 alone", bodyOf],
  ["itself after it once more", (pem) => pem + pem],
];

const privateKeys = [
  ["PKCS#8 of RSA", rsaPkcs8, rsaSpki],
  ["PKCS#1", rsaPkcs1, rsaSpki],
  ["PKCS#8 of EC", p256Pkcs8, p256Spki],
  ["SEC1", p256Sec1, p256Spki],
  ["PKCS#8 of Ed25519", edPkcs8, edSpki],
] as const;

const spkiOf = (reading: ReturnType<typeof readPem>) =>
  "error" in reading ? reading.error : reading.key.export({ format: "pem", type: "spki" }).toString();
const jwkOf = (reading: ReturnType<typeof readPem>) =>
  "error" in reading ? reading.error : JSON.stringify(reading.key.export({ format: "jwk" }));

describe.each(spoilings)("readPem() of a PEM with %s", (_what, spoil) => {
  test.each(privateKeys)("takes a private key: %s", (_kind, pem) => {
    expect(jwkOf(readPem(spoil(pem), "private"))).toBe(jwkOf(readPem(pem, "private")));
  });
  test.each(privateKeys)("takes a public key, and the public half of a private one: %s", (_kind, pem, spki) => {
    expect(spkiOf(readPem(spoil(spki), "public"))).toBe(spki);
    expect(spkiOf(readPem(spoil(pem), "public"))).toBe(spki);
  });
});

describe("readPem() takes", () => {
  test("the key with the parameters of its curve, and with its public half", () => {
    const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const wanted = jwkOf(readPem(p256Sec1, "private"));
    expect(jwkOf(readPem(parameters + p256Sec1, "private"))).toBe(wanted);
    expect(jwkOf(readPem(p256Spki + p256Sec1, "private"))).toBe(wanted);
    expect(spkiOf(readPem(p256Sec1 + p256Spki, "public"))).toBe(p256Spki);
  });
  test("one key in two forms", () => {
    expect(jwkOf(readPem(rsaPkcs8 + rsaPkcs1, "private"))).toBe(jwkOf(readPem(rsaPkcs8, "private")));
  });
  test("a key under the label of another form", () => {
    const relabelled = rsaPkcs1.replaceAll("RSA PRIVATE KEY", "PRIVATE KEY");
    expect(jwkOf(readPem(relabelled, "private"))).toBe(jwkOf(readPem(rsaPkcs1, "private")));
    expect(spkiOf(readPem(rsaSpki.replaceAll("PUBLIC", "RSA PUBLIC"), "public"))).toBe(rsaSpki);
  });
  test("a certificate for the public key in it", () => {
    expect(spkiOf(readPem(certificate, "public"))).toBe(certifiedSpki);
  });
  test.each([
    [rsaSpki, false],
    [rsaPkcs8, true],
    [rsaSpki + rsaPkcs8, true],
    [bodyOf(rsaPkcs8), true],
  ])("notes whether a private key was in it", (pem, holdsPrivate) => {
    expect(readPem(pem, "public")).toMatchObject({ holdsPrivate });
  });
});

describe("readPem() says that", () => {
  const legacyEncrypted = rsaPkcs1.replace("\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n");
  const openSsh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----";
  const bytes = atob(bodyOf(rsaPkcs8)).length;

  test.each([
    ["is truncated", rsaPkcs8.slice(0, 200), "private", `it is truncated: 127 of ${bytes} bytes are there`],
    [
      "is truncated in the middle",
      rsaPkcs8.replace(/\njS1l.*/, ""),
      "private",
      `it is truncated: ${bytes - 48} of ${bytes} bytes are there`,
    ],
    [
      "has its first line alone",
      "-----BEGIN PRIVATE KEY-----",
      "private",
      "it is truncated: nothing follows its first line",
    ],
    ["lacks its first line", rsaPkcs8.slice(28), "private", "its first line, -----BEGIN …-----, is missing"],
    ["goes on too long", p256Pkcs8.replace("\n-----END", "AAAA\n-----END"), "private", "it has 3 bytes too many"],
    [
      "is encrypted",
      edEncrypted,
      "private",
      "it is encrypted: remove the passphrase with openssl pkey -in key.pem -out plain.pem",
    ],
    [
      "is encrypted in the old way",
      legacyEncrypted,
      "private",
      "it is encrypted: remove the passphrase with openssl pkey -in key.pem -out plain.pem",
    ],
    ["is public", rsaSpki, "private", "it is a public key, and the private one is needed"],
    ["is a certificate", certificate, "private", "it is a certificate, and the private key is needed"],
    [
      "is OpenSSH's",
      openSsh,
      "private",
      "it is in OpenSSH's own format: convert a copy with ssh-keygen -p -m PKCS8 -N '' -f copy",
    ],
    [
      "is OpenSSH's",
      `ssh-rsa ${"A".repeat(60)}`,
      "public",
      "it is a public key of OpenSSH: convert it with ssh-keygen -e -m PKCS8",
    ],
    ["is a JWK", '{"kty":"RSA","n":"AQ","e":"AQAB"}', "private", "it is a JWK, and a PEM is needed"],
    ["is a path", "/run/secrets/key.pem", "private", "it is the path of a file: its content is needed"],
    ["is no key", "hunter2-hunter2-hunter2-hunter2!", "private", "it has no line -----BEGIN …-----"],
    ["has other characters", rsaPkcs8.replace("\nj", "\n*"), "private", "it contains something other than base64"],
    [
      "is damaged",
      rsaPkcs8.replace("IBADANBgkq", "IBADANBgkr"),
      "private",
      "it is damaged, or of a type that is not supported",
    ],
    ["is two keys", p256Pkcs8 + p384Pkcs8, "private", "it holds several keys, and it is not clear which one is meant"],
    [
      "is two public keys",
      p256Spki + edSpki,
      "public",
      "it holds several keys, and it is not clear which one is meant",
    ],
    [
      "is something else",
      "-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----",
      "public",
      "it is a PEM, but not of a key",
    ],
  ] as const)("it %s", (_what, text, half, error) => {
    expect(readPem(text, half)).toEqual({ error });
  });

  test("and never a byte of it", () => {
    for (const [, spoil] of spoilings) {
      for (const pem of [rsaPkcs8, p256Sec1, edEncrypted, certificate, rsaSpki]) {
        const cut = spoil(pem).slice(0, -90);
        const reading = readPem(cut, "private");
        const said = "error" in reading ? reading.error : "";
        for (let at = 0; at + 12 < bodyOf(pem).length; at += 4)
          expect(said).not.toContain(bodyOf(pem).slice(at, at + 12));
      }
    }
  });
});

describe("a key in PEM that is meant for a secret is found out", () => {
  test.each(spoilings.filter(([what]) => what !== "its base64 alone"))("with %s", (_what, spoil) => {
    expect(looksAsymmetric(spoil(rsaSpki))).toBe(true);
    expect(looksAsymmetric(spoil(p256Sec1))).toBe(true);
  });
});
