import type { ServerMessage } from "./server-messages.ts";

const keptMs = 30_000;
const keptCount = 256;

interface Remembered {
  readonly fingerprint: string;
  readonly atMs: number;
  answer: ServerMessage | undefined;
}

export type Recalled =
  /** Never seen, or too long ago: to be carried out, and remembered from now on. */
  | "new"
  /** The id was used for something else. */
  | "reused"
  /** The same again: not to be carried out; `answer` is undefined if it had none, or none yet. */
  | { readonly answer: ServerMessage | undefined };

/**
 * The first answers to the requests of one session, so that a retry gets the same and nothing is done
 * twice. Bounded: 256 requests, 30 s.
 */
export class AnswerMemory {
  readonly #byId = new Map<number, Remembered>();

  /** @param fingerprint what makes two requests the same, e.g. type, device and seq. */
  recall(id: number, fingerprint: string, nowMs: number): Recalled {
    this.#forgetOld(nowMs);
    const known = this.#byId.get(id);
    if (known === undefined) {
      this.#byId.set(id, { fingerprint, atMs: nowMs, answer: undefined });
      return "new";
    }
    return known.fingerprint === fingerprint ? { answer: known.answer } : "reused";
  }

  /** The first answer counts; later ones tell how it went on. */
  note(id: number, answer: ServerMessage): void {
    const known = this.#byId.get(id);
    if (known !== undefined) known.answer ??= answer;
  }

  #forgetOld(nowMs: number): void {
    for (const [id, { atMs }] of this.#byId) {
      if (this.#byId.size < keptCount && nowMs - atMs < keptMs) return;
      this.#byId.delete(id);
    }
  }
}
