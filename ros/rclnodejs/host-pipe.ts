import type { Duplex } from "node:stream";
import { dataFrame, type FrameHandler, FrameReader, noteFrame, takenFrame } from "./frames.ts";

export interface HostPipeHandler extends FrameHandler {
  /** Nothing more comes: the other side is gone, or sent what is no frame. */
  readonly ended: (error: Error | undefined) => void;
}

/**
 * One end of the pipe between the service and the host process: messages, acknowledgements and notes.
 * Whatever was handed to `data` is acknowledged once per chunk read, so both sides know how much of
 * theirs still lies in the pipe, which has no bound of its own.
 */
export class HostPipe {
  readonly #stream: Duplex;
  readonly #taken = new Map<number, number>();
  #ended = false;

  constructor(stream: Duplex, handler: HostPipeHandler) {
    this.#stream = stream;
    const reader = new FrameReader({
      data: (endpointId, cdr) => {
        this.#taken.set(endpointId, (this.#taken.get(endpointId) ?? 0) + 1);
        handler.data(endpointId, cdr);
      },
      taken: handler.taken,
      note: handler.note,
    });
    const end = (error?: Error): void => {
      if (this.#ended) return;
      this.#ended = true;
      handler.ended(error);
    };
    stream.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk);
        this.#acknowledge();
      } catch (error) {
        end(error as Error);
        stream.destroy();
      }
    });
    stream.on("error", end);
    stream.on("close", end);
    stream.on("end", end);
  }

  /** Octets handed over and not yet in the system's pipe. */
  get waitingBytes(): number {
    return this.#stream.writableLength;
  }

  /** // hot path */
  data(endpointId: number, cdr: Uint8Array): void {
    this.#write(dataFrame(endpointId, cdr));
  }

  note(note: object, cdr?: Uint8Array): void {
    this.#write(noteFrame(note, cdr));
  }

  /** Lets the process end although the pipe is open. */
  close(): void {
    this.#ended = true;
    this.#stream.destroy();
  }

  #acknowledge(): void {
    if (this.#taken.size === 0) return;
    this.#write(takenFrame(this.#taken));
    this.#taken.clear();
  }

  #write(frame: Uint8Array): void {
    if (!this.#ended && this.#stream.writable) this.#stream.write(frame);
  }
}
