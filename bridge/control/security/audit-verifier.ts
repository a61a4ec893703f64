import { genesis, hashOfLine, readChainFields, type ChainHead } from "./audit-chain.ts";

export type AuditFlaw =
  /** The line is none of ours, or was changed: the next one has another hash for it. */
  | "edited"
  /** Lines are missing before this one. */
  | "removed"
  /** The line was not there when the next ones were written. */
  | "inserted"
  /** The log ended later than it does now. */
  | "truncated"
  /** The last line has no end: the process or the machine stopped while it was written. */
  | "torn";

export interface AuditVerdict {
  readonly lineCount: number;
  /** The last good line; what to compare with a head that was kept elsewhere. */
  readonly head: ChainHead;
  /** More than 1 where older files have been removed by age. */
  readonly firstSeq: number;
  /** The first thing that is wrong. */
  readonly flaw?: {
    readonly kind: AuditFlaw;
    readonly file: string;
    /** From 1, in its file. */
    readonly line: number;
    readonly reason: string;
  };
}

interface Line {
  readonly file: string;
  readonly number: number;
}

/**
 * Follows a log line by line and finds the first that does not fit. What it cannot find: somebody who
 * may write the files and computes all later hashes anew, unless `expected` was kept out of reach.
 */
export class AuditVerifier {
  #head: ChainHead = { seq: 0, hash: genesis };
  #firstSeq = 0;
  #lineCount = 0;
  #last: Line | undefined;
  #flaw: AuditVerdict["flaw"];
  readonly #expected: ChainHead | undefined;

  /** @param expected the head that was stored with the log, or kept elsewhere; the log may go on after it. */
  constructor(expected?: ChainHead) {
    this.#expected = expected;
  }

  /** @param complete false if no newline follows. */
  add(line: Line, text: string, complete: boolean): void {
    this.#lineCount += 1;
    if (this.#flaw !== undefined) return;
    const fields = readChainFields(text);
    if (!complete) this.#blame("torn", line, "the line has no end: writing it was interrupted");
    else if (fields === undefined) this.#blame("edited", line, "it is not a line of an audit log");
    else this.#follow(line, text, fields);
  }

  verdict(): AuditVerdict {
    const seq = this.#expected?.seq ?? 0;
    if (this.#flaw === undefined && seq > this.#head.seq) {
      const at = this.#last ?? { file: "", number: 0 };
      const reason = `it is seq ${this.#head.seq}, the log went on to seq ${seq}`;
      this.#blame("truncated", at, reason);
    }
    return {
      lineCount: this.#lineCount,
      head: this.#head,
      firstSeq: this.#firstSeq,
      ...(this.#flaw === undefined ? {} : { flaw: this.#flaw }),
    };
  }

  #follow(line: Line, text: string, { seq, prev }: { seq: number; prev: string }): void {
    const { seq: lastSeq, hash } = this.#head;
    if (this.#last === undefined) this.#firstSeq = seq;
    // Older files go after a time, so a log may begin anywhere; but its very first line is known.
    const isStart = this.#last === undefined && (seq > 1 || prev === genesis);
    if (isStart || (seq === lastSeq + 1 && prev === hash)) {
      this.#head = { seq, hash: hashOfLine(text) };
      this.#last = line;
      this.#compare(line, prev);
    } else if (seq > lastSeq + 1) {
      const count = seq - lastSeq - 1;
      this.#blame("removed", line, `${count} line(s) before seq ${seq} are missing`);
    } else if (seq === lastSeq + 1) {
      const reason = `it is not as it was when seq ${seq} was written after it`;
      this.#blame("edited", this.#last ?? line, reason);
    } else {
      this.#blame("inserted", line, `seq ${seq} comes after seq ${lastSeq}`);
    }
  }

  /** Is the line of the expected head the one that was there then? */
  #compare(line: Line, prev: string): void {
    const { seq, hash } = this.#expected ?? { seq: 0, hash: genesis };
    if (seq === this.#head.seq && hash !== this.#head.hash) {
      this.#blame("edited", line, `seq ${seq} has another hash than was kept of it`);
    } else if (this.#firstSeq === this.#head.seq && seq > 0 && seq < this.#firstSeq) {
      // Of the line right before the first at least the hash is known.
      if (seq === this.#firstSeq - 1 && prev === hash) return;
      this.#blame("removed", line, `seq ${seq}, whose hash was kept, is no longer there`);
    }
  }

  #blame(kind: AuditFlaw, { file, number }: Line, reason: string): void {
    this.#flaw = { kind, file, line: number, reason };
  }
}
