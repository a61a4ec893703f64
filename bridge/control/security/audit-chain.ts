import { createHash } from "node:crypto";

/** SHA-256, hex, of the line before the first: nobody wrote it. */
export const genesis = "0".repeat(64);

/** What stands before every entry. The entry's own fields follow in the same object. */
interface ChainFields {
  /** 1, 2, 3 ... through all files of a log. */
  readonly seq: number;
  /** SHA-256 of the line before, without its newline, hex. */
  readonly prev: string;
}

/** The end of a log as far as it is known. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export const hashOfLine = (line: string): string => createHash("sha256").update(line).digest("hex");

/** @param body JSON of an object, e.g. `{"kind":"stop"}`. */
export function chainLine({ seq, hash }: ChainHead, body: string): string {
  const rest = body === "{}" ? "}" : `,${body.slice(1)}`;
  return `{"seq":${seq + 1},"prev":"${hash}"${rest}`;
}

/** Undefined if it is no line of ours. */
export function readChainFields(line: string): ChainFields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { seq, prev } = value as Partial<ChainFields>;
  return Number.isSafeInteger(seq) && /^[0-9a-f]{64}$/.test(prev ?? "")
    ? { seq: seq ?? 0, prev: prev ?? "" }
    : undefined;
}
