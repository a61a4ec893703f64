import { textWithoutCode } from "../../../bridge/contract/errors.ts";
import type { ByteLine, ByteLineEvents, OpenByteLine } from "./byte-line.ts";
import { openSerialPort } from "./open-serial-port.ts";
import type { SerialPort, SerialPortOptions } from "./serial-port.ts";

const firstRetryMs = 100;
const slowestRetryMs = 1000;

/** A serial port that is opened again whenever it was lost, at most once a second. */
export function serialLine(options: SerialPortOptions): OpenByteLine {
  return (events) => new SerialLine(options, events);
}

class SerialLine implements ByteLine {
  reconnects = 0;
  readonly #options: SerialPortOptions;
  readonly #events: ByteLineEvents;
  #port: SerialPort | undefined;
  #droppedBefore = 0;
  #retryMs = firstRetryMs;
  #retry: NodeJS.Timeout | undefined;
  #wasUp = false;
  #isClosed = false;
  #opening: Promise<void>;

  constructor(options: SerialPortOptions, events: ByteLineEvents) {
    this.#options = options;
    this.#events = events;
    this.#opening = this.#open();
  }

  get isUp(): boolean {
    return this.#port !== undefined;
  }

  get droppedFrames(): number {
    return this.#droppedBefore + (this.#port?.droppedFrames ?? 0);
  }

  /** // hot path */
  write(frame: Uint8Array, length: number): boolean {
    this.#port?.write(frame, length);
    return this.#port !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#opening;
    await this.#port?.close();
    this.#port = undefined;
  }

  async #open(): Promise<void> {
    try {
      const port = await openSerialPort(this.#options, {
        onBytes: (bytes, length) => {
          this.#events.onBytes(bytes, length);
        },
        onClosed: (reason) => {
          this.#lost(reason);
        },
      });
      if (this.#isClosed) await port.close();
      else this.#opened(port);
    } catch (error) {
      this.#lost(textWithoutCode(error));
    }
  }

  #opened(port: SerialPort): void {
    this.#port = port;
    this.#retryMs = firstRetryMs;
    if (this.#wasUp) this.reconnects += 1;
    this.#wasUp = true;
    this.#events.onUp();
  }

  #lost(reason: string): void {
    if (this.#isClosed) return;
    this.#droppedBefore = this.droppedFrames;
    this.#port = undefined;
    this.#events.onDown(reason);
    this.#retry = setTimeout(() => {
      this.#opening = this.#open();
    }, this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, slowestRetryMs);
  }
}
