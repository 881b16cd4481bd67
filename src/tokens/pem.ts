// Reads a key in PEM as it comes out of dashboards, .env files and clipboards, or says what is wrong with the text.
// Must never put a byte of the text into an error, nor choose between two different keys.
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** Which half of a key pair is needed. */
export type Half = "private" | "public";

/** The key, or what is wrong with the text: the end of a sentence that names its setting. */
export type PemReading = { readonly key: KeyObject; readonly holdsPrivate: boolean } | { readonly error: string };

/** What is between a BEGIN line and its END line. */
interface Block {
  readonly label: string;
  readonly text: string;
}

/** Characters that a PEM may have got on its way, none of which is part of a key. */
const invisible = /[\ufeff\u200b-\u200d\u2060]/g;
const writtenLineEnds = /\\+[rnt]/g;
const around = /[\s"'`\\]/g;
/** Word processors make other dashes of hyphens, and fewer of five. */
const dashes = "[-\u2010-\u2015\u2212]{2,}";
const blocks = new RegExp(
  `${dashes}\\s*BEGIN\\s+([A-Z0-9 ]+?)\\s*${dashes}([^-\u2010-\u2015\u2212]*)(?:${dashes}\\s*END\\s)?`,
  "g",
);

/**
 * Reads a PEM (RFC 7468): PKCS#8, PKCS#1, SEC1, SPKI, or a certificate where a public key is wanted. Line ends may be
 * lost, blanks, or written out (`\n`, `\r\n`); quotes, indentation, a byte order mark, a missing END line, text before
 * and after do not matter, nor does base64 around the whole. Whatever can mean only one key is accepted.
 */
export function readPem(text: string, half: Half): PemReading {
  const tidy = text.replace(invisible, "").replace(writtenLineEnds, "\n").trim();
  const found = [...tidy.matchAll(blocks)].map(([, label = "", body = ""]) => ({
    label: label.replace(/\s+/g, " "),
    text: body,
  }));
  if (found.length > 0) return legacyEncryption.test(tidy) ? encrypted : oneOf(found, half);
  const bare = bytesIn(tidy);
  const inner = bare?.toString("latin1") ?? "";
  if (inner.includes("-----BEGIN ")) return readPem(inner, half);
  if (bare?.[0] === sequence) return readBlock({ label: "", text: tidy }, half);
  return { error: whatItIs(tidy) };
}

const encrypted = { error: "it is encrypted: remove the passphrase with openssl pkey -in key.pem -out plain.pem" };
/** RFC 1421 section 4.6, as OpenSSL wrote it before PKCS#8. */
const legacyEncryption = /Proc-Type:\s*4,\s*ENCRYPTED|DEK-Info:/;

/** The only key among the blocks; a private key may be accompanied by its public half and by parameters. */
function oneOf(all: readonly Block[], half: Half): PemReading {
  const ending = (end: string) => all.filter(({ label }) => label.endsWith(end));
  const privates = ending("PRIVATE KEY");
  const publics = ending("PUBLIC KEY");
  const certificates = ending("CERTIFICATE");
  if (half === "private" && privates.length === 0) {
    if (publics.length > 0) return { error: "it is a public key, and the private one is needed" };
    if (certificates.length > 0) return { error: "it is a certificate, and the private key is needed" };
  }
  const usable = half === "private" ? [privates] : [publics, certificates, privates];
  const chosen = usable.find((some) => some.length > 0);
  const [first, ...more] = (chosen ?? []).map((block) => readBlock(block, half));
  if (!first) return { error: "it is a PEM, but not of a key" };
  if ("error" in first) return first;
  const isSame = more.every((other) => "key" in other && other.key.equals(first.key));
  if (!isSame) return { error: "it holds several keys, and it is not clear which one is meant" };
  return { key: first.key, holdsPrivate: privates.length > 0 };
}

/** The first byte of all of them in DER. */
const sequence = 0x30;
const privateLabels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
const publicLabels = ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"];

function readBlock({ label, text }: Block, half: Half): PemReading {
  if (label.startsWith("ENCRYPTED")) return encrypted;
  if (label.startsWith("OPENSSH")) {
    return { error: "it is in OpenSSH's own format: convert a copy with ssh-keygen -p -m PKCS8 -N '' -f copy" };
  }
  if (text.replace(around, "") === "") return { error: "it is truncated: nothing follows its first line" };
  const der = bytesIn(text);
  if (!der || der[0] !== sequence) return { error: "it contains something other than base64" };
  const whole = lengthOf(der);
  if (der.length < whole) return { error: `it is truncated: ${der.length} of ${whole} bytes are there` };
  if (der.length > whole) return { error: `it has ${der.length - whole} bytes too many` };
  const labels = half === "private" ? privateLabels : [...publicLabels, ...privateLabels];
  // A wrong label is a slip: the bytes say what they are.
  for (const one of [label, ...labels.filter((other) => other !== label)]) {
    const key = labels.includes(one) ? parsed(pemOf(one, der), half) : undefined;
    if (key) return { key, holdsPrivate: one.endsWith("PRIVATE KEY") };
  }
  return { error: "it is damaged, or of a type that is not supported" };
}

/** The bytes of base64 without white space and quotes; undefined for what is not base64. */
function bytesIn(text: string): Buffer | undefined {
  const base64 = text.replace(around, "").replace(/=+$/, "");
  return base64 !== "" && /^[A-Za-z0-9+/]+$/.test(base64) ? Buffer.from(base64, "base64") : undefined;
}

/** The length that DER says it has (X.690 section 8.1.3). */
function lengthOf(der: Buffer): number {
  const first = der[1] ?? 0;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  let length = 0;
  for (const octet of der.subarray(2, 2 + octets)) length = length * 256 + octet;
  return 2 + octets + length;
}

function pemOf(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function parsed(pem: string, half: Half): KeyObject | undefined {
  try {
    return half === "private" ? createPrivateKey(pem) : createPublicKey(pem);
  } catch {
    return undefined;
  }
}

/** What a text without a BEGIN line seems to be. */
function whatItIs(text: string): string {
  if (/^(?:ssh-|ecdsa-sha2-)/.test(text))
    return "it is a public key of OpenSSH: convert it with ssh-keygen -e -m PKCS8";
  if (/^\{[\s\S]*"kty"/.test(text)) return "it is a JWK, and a PEM is needed";
  if (new RegExp(`${dashes}\\s*END\\s`).test(text)) return "its first line, -----BEGIN …-----, is missing";
  if (/^\/|^[A-Za-z]:\\|\.(?:pem|key)$/.test(text)) return "it is the path of a file: its content is needed";
  return "it has no line -----BEGIN …-----";
}
