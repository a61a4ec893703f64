import { z } from "zod";

/** Oldest ONNX Runtime, e.g. `>=1.25.1`. */
export const ortRange = z
  .string()
  .regex(/^>=\d+\.\d+(\.\d+)?$/, { error: "expected >=MAJOR.MINOR[.PATCH]" });

/** Whether `version`, e.g. `1.30.0`, is no older than a range asks for. */
export function isInOrtRange(range: string, version: string): boolean {
  const found = numbersOf(version);
  for (const [index, wanted] of numbersOf(range).entries()) {
    const number = found[index] ?? 0;
    if (number !== wanted) return number > wanted;
  }
  return true;
}

const numbersOf = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
