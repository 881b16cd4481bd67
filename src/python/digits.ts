// Digits of other scripts, which Python's int() and float() read.

/** Decimal digits of any script as ASCII digits: in Unicode they come in runs of ten that begin with a zero. */
export function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    let zero = digit.codePointAt(0) ?? 0;
    const value = zero;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((value - zero) % 10);
  });
}
