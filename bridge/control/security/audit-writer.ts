import { open, rm, truncate, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { errorText } from "../../contract/errors.ts";
import type { Log } from "../../contract/log.ts";
import type { AuditEntry, AuditLog } from "../../core/audit.ts";
import { chainLine, genesis, hashOfLine, readChainFields, type ChainHead } from "./audit-chain.ts";
import {
  auditFileName,
  auditFileNumbers,
  completeBytes,
  eachLine,
  headFile,
  readHead,
} from "./audit-files.ts";
import { PrivateFolder } from "./private-folder.ts";

export interface AuditWriterOptions {
  readonly log: Log;
  /** Wall clock, ms since 1970. */
  readonly wallMs: () => number;
  /** A file this large is closed and a new one begun. */
  readonly maxFileBytes?: number;
  /** The oldest go first. */
  readonly maxFiles?: number;
  /** Entries that wait for a slow disk; more are lost, counted, and the loss is an entry itself. */
  readonly maxWaiting?: number;
}

const defaults = { maxFileBytes: 16 * 1024 * 1024, maxFiles: 64, maxWaiting: 8192 };
/** What was written is forced to the disk at least this often. */
const syncPeriodMs = 1000;
const retryMs = 1000;
/** At most so many go into one write: hashing them takes about a millisecond. */
const batchCount = 512;

/**
 * Appends entries to chained files. `append` only queues; writing, hashing and syncing happen between
 * the event loop's other work. A crash of the process loses what is queued (a write's time), a power
 * cut at most a second.
 */
export class AuditWriter implements AuditLog, AsyncDisposable {
  readonly #folder: PrivateFolder;
  readonly #options: Required<AuditWriterOptions>;
  readonly #waiting: string[] = [];
  readonly #timer: NodeJS.Timeout;
  #file: FileHandle;
  #number: number;
  #fileBytes: number;
  #head: ChainHead;
  #lostCount = 0;
  #writing: Promise<void> | undefined;
  #unsynced = false;
  #closed = false;

  private constructor(
    folder: PrivateFolder,
    options: Required<AuditWriterOptions>,
    at: { file: FileHandle; number: number; fileBytes: number; head: ChainHead },
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#file = at.file;
    this.#number = at.number;
    this.#fileBytes = at.fileBytes;
    this.#head = at.head;
    this.#timer = setInterval(() => {
      void this.#sync();
    }, syncPeriodMs);
    this.#timer.unref();
  }

  /**
   * Goes on where the log ended. What a crash left half-written is cut off and noted; lines that the
   * stored head knows of and the files do not have are noted too, and stay a gap in the chain.
   */
  static async open(path: string, options: AuditWriterOptions): Promise<AuditWriter> {
    const folder = await PrivateFolder.open(path);
    const number = (await auditFileNumbers(path)).at(-1) ?? 1;
    const filePath = join(path, auditFileName(number));
    const file = await open(filePath, "a", 0o600);
    const { complete, total } = await completeBytes(filePath);
    if (total > complete) await truncate(filePath, complete);
    const found = await lastLine(path, number);
    const stored = await readHead(path);
    const missing = (stored?.seq ?? 0) - found.seq;
    const head = stored !== undefined && missing > 0 ? stored : found;
    const at = { file, number, fileBytes: complete, head };
    const writer = new AuditWriter(folder, { ...defaults, ...options }, at);
    if (total > complete) {
      const bytes = total - complete;
      writer.#note("audit.torn", "the last line was incomplete and has been cut off", { bytes });
    }
    if (missing > 0) {
      writer.#note("audit.truncated", "lines at the end of the log are missing", { missing });
    }
    return writer;
  }

  append(entry: AuditEntry): void {
    if (this.#waiting.length >= this.#options.maxWaiting || this.#closed) {
      this.#lostCount += 1;
      return;
    }
    this.#queue(entry);
  }

  /** Writes what waits, syncs, and says in the log where the chain ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#writing;
    await this.#sync();
    await this.#file.close();
    const { seq, hash } = this.#head;
    this.#options.log.info({ seq, hash }, "audit log closed");
  }

  #queue(entry: AuditEntry): void {
    this.#waiting.push(JSON.stringify(entry));
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // A turn of the loop later: a burst becomes one write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const bodies = this.#waiting.splice(0, batchCount);
      const { text, head } = chained(this.#head, bodies);
      try {
        await this.#file.appendFile(text);
      } catch (error) {
        this.#waiting.unshift(...bodies);
        await this.#cutBack(error);
        if (this.#closed) break;
        continue;
      }
      this.#head = head;
      this.#unsynced = true;
      this.#fileBytes += Buffer.byteLength(text);
      this.#noteLoss();
      if (this.#fileBytes >= this.#options.maxFileBytes) await this.#rotate();
    }
    this.#writing = undefined;
  }

  /** Part of it may have been written: cut off, so that the chain goes on from a whole line. */
  async #cutBack(error: unknown): Promise<void> {
    this.#options.log.error({ text: errorText(error) }, "audit log cannot be written");
    const path = join(this.#folder.path, auditFileName(this.#number));
    // If this fails as well, the next attempt to write does, and comes here again.
    await truncate(path, this.#fileBytes).catch(() => undefined);
    if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, retryMs));
  }

  #noteLoss(): void {
    if (this.#lostCount === 0) return;
    const count = this.#lostCount;
    this.#lostCount = 0;
    this.#options.log.error({ count }, "audit entries were lost: the disk was too slow");
    this.#note("audit.lost", "the disk was too slow", { count });
  }

  /** A file that cannot be begun is tried again after the next write: until then the full one grows. */
  async #rotate(): Promise<void> {
    const number = this.#number + 1;
    try {
      const next = await open(join(this.#folder.path, auditFileName(number)), "a", 0o600);
      await this.#sync();
      const full = this.#file;
      [this.#file, this.#number, this.#fileBytes] = [next, number, 0];
      await full.close();
      const oldest = number - this.#options.maxFiles;
      if (oldest > 0) await rm(join(this.#folder.path, auditFileName(oldest)), { force: true });
    } catch (error) {
      this.#options.log.error({ text: errorText(error) }, "audit log cannot go on in a new file");
    }
  }

  /** The disk first, then the head: it never names a line that a power cut could take back. */
  async #sync(): Promise<void> {
    if (!this.#unsynced) return;
    this.#unsynced = false;
    const head = this.#head;
    try {
      await this.#file.datasync();
      await this.#folder.write(headFile, `${JSON.stringify(head)}\n`);
    } catch (error) {
      this.#unsynced = true;
      this.#options.log.error({ text: errorText(error) }, "audit log cannot be synced");
    }
  }

  /** About the log itself. */
  #note(what: string, reason: string, details: Record<string, unknown>): void {
    const atNs = String(BigInt(Math.round(this.#options.wallMs())) * 1_000_000n);
    this.#queue({ kind: "security", what, subject: "", reason, details, atNs });
  }
}

function chained(from: ChainHead, bodies: readonly string[]): { text: string; head: ChainHead } {
  let [text, head] = ["", from];
  for (const body of bodies) {
    const line = chainLine(head, body);
    head = { seq: head.seq + 1, hash: hashOfLine(line) };
    text += `${line}\n`;
  }
  return { text, head };
}

/** The end of the chain in the files; a file that was just begun has nothing, then the one before. */
async function lastLine(path: string, number: number): Promise<ChainHead> {
  let head: ChainHead = { seq: 0, hash: genesis };
  for (const candidate of [number, number - 1]) {
    if (candidate < 1 || head.seq > 0) continue;
    await eachLine(join(path, auditFileName(candidate)), (line) => {
      const fields = readChainFields(line);
      if (fields !== undefined) head = { seq: fields.seq, hash: hashOfLine(line) };
    }).catch(() => undefined);
  }
  return head;
}
