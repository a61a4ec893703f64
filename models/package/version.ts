/** Whether an ONNX Runtime, e.g. `1.30.0`, is what `>=1.25` asks for. */
export function isVersionAtLeast(version: string, wanted: string): boolean {
  const found = numbersOf(version);
  for (const [index, number] of numbersOf(wanted).entries()) {
    const other = found[index] ?? 0;
    if (other !== number) return other > number;
  }
  return true;
}

const numbersOf = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
