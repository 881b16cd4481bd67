// A float as Python's repr() writes it; JavaScript switches to exponents elsewhere.
// Must never be used for whole numbers that were written as such.

/** `1e5` is "100000.0", `1e16` is "1e+16", `1e400` is "inf". */
export function pythonFloatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    const digits = String(Math.abs(exponent)).padStart(2, "0");
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
  }
  // Between those JavaScript writes plain digits, the same as Python (it has exponents from 1e21 up and 1e-7 down).
  const plain = String(value);
  return plain.includes(".") ? plain : `${plain}.0`;
}
