// What computing a hash costs, and how much of that a log-in may spend. Only the proportions hold on other machines.

/*
 * CPU milliseconds per unit of work, measured in workerd 1.20261023.1 on a 2-core EPYC VM and rounded up.
 * They say which hash is too costly, and how much cheaper than the preferred one a stored hash is.
 */
/** Per round of PBKDF2 in WebCrypto (either digest). */
export const PBKDF2_NATIVE_MS = 0.00012;
/** Per round of PBKDF2-HMAC-SHA256 in JavaScript. */
export const PBKDF2_SHA256_SCRIPT_MS = 0.0025;
/** Per round of PBKDF2-HMAC-SHA1 in JavaScript. */
export const PBKDF2_SHA1_SCRIPT_MS = 0.0018;
/** Per N*r*p of scrypt in node:crypto. */
export const SCRYPT_NATIVE_MS = 0.00023;
/** Per 2^cost of bcrypt in JavaScript. */
export const BCRYPT_SCRIPT_MS = 0.08;
/** Per block of 1 KiB and pass of Argon2 in JavaScript. */
export const ARGON2_SCRIPT_MS = 0.0065;

/**
 * Most CPU milliseconds that one verification may take: a third of the 30 s that Workers Paid gives a request,
 * because a hash blocks its isolate for everyone. It admits PBKDF2-SHA256 to 4,000,000 rounds and bcrypt to cost 16.
 */
export const MAX_HASH_CPU_MS = 10_000;

/**
 * Most bytes that one verification may hold: what Django's own Argon2 setting takes (100 MiB). An isolate has 128 MB
 * in all, so this leaves some 28 MB to the rest of the Worker. It holds only for hashers that give their memory back
 * the moment they are done: left to V8, ten dead matrices and more (over 1 GB) were seen to pile up before it
 * collects. Hashing is synchronous, so no two are in memory together.
 */
export const MAX_HASH_MEMORY_BYTES = 102_400 * 1024;
