/**
 * A float as Python's repr writes it and PyYAML passes it on, since people and scripts compare our
 * output with that of `ros2`: 1.0, 1.0e-05, .nan, -.inf.
 */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [mantissa = "0", exponent = "0"] = value.toExponential().split("e");
    const digits = exponent.replace(/^[+-]/, "").padStart(2, "0");
    const sign = exponent.startsWith("-") ? "-" : "+";
    return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}e${sign}${digits}`;
  }
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}
