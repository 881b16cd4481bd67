// Puts production's limits where local workerd has none, for every test that runs in workerd.
// Must never be looser than production (research: Workers refuse more than 100,000 PBKDF2 iterations).

// Once for each Worker, which many test files share: from then on the method is the object's own.
if (!Object.hasOwn(crypto.subtle, "deriveBits")) {
  const deriveBits = crypto.subtle.deriveBits.bind(crypto.subtle);
  crypto.subtle.deriveBits = async (algorithm, key, length) => {
    const { iterations } = algorithm as { iterations?: number };
    if (iterations !== undefined && iterations > 100_000) {
      throw new DOMException(
        `Pbkdf2 failed: iteration counts above 100000 are not supported (requested ${iterations}).`,
        "NotSupportedError",
      );
    }
    return deriveBits(algorithm, key, length);
  };
}
