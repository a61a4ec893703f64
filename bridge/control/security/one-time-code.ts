import { randomInt } from "node:crypto";

// Crockford's base 32: no I, L, O, U, which are misread or mistyped.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const symbolCount = 8;
const form = new RegExp(`^[${alphabet}]{${symbolCount}}$`);

/** 40 random bits as `K7QM-2XPA`: short enough to type where there is no camera. */
export function newOneTimeCode(): string {
  const symbols = Array.from({ length: symbolCount }, () => alphabet[randomInt(alphabet.length)]);
  return grouped(symbols.join(""));
}

/** What a person typed, in the one form that is compared; undefined if it cannot be a code. */
export function readOneTimeCode(typed: string): string | undefined {
  const symbols = typed
    .toUpperCase()
    .replaceAll(/[\s-]/g, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  return form.test(symbols) ? grouped(symbols) : undefined;
}

const grouped = (symbols: string): string => `${symbols.slice(0, 4)}-${symbols.slice(4)}`;
