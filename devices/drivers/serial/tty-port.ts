import { closeSync, constants, openSync, realpathSync, writeSync } from "node:fs";
import type { OnReadOpts, SocketConstructorOpts } from "node:net";
import { ReadStream } from "node:tty";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { lockPort, type PortLock } from "./port-lock.ts";
import { portProblem } from "./port-problem.ts";
import type { SerialPort, SerialPortEvents, SerialPortOptions } from "./serial-port.ts";
import { setRawLine } from "./stty.ts";
import { WriteQueue } from "./write-queue.ts";

const readBufferBytes = 4096;
const retryMs = 1;

/**
 * A serial port of Linux with nothing but Node and coreutils: stty sets the line, libuv's terminal reads
 * it, and writes go straight to the descriptor, which is non-blocking.
 *
 * @throws BridgeError `device/port` when there is no such port, it may not be opened, is in use, or does
 *   not take the baud rate.
 */
export async function openTtyPort(
  options: SerialPortOptions,
  events: SerialPortEvents,
): Promise<SerialPort> {
  const lock = takeLock(options.path);
  let fd: number | undefined;
  try {
    fd = openSync(options.path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    await setRawLine(options.path, options.baudRate);
    return new TtyPort(fd, lock, options, events);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    lock.release();
    throw error instanceof BridgeError ? error : portProblem(options.path, error);
  }
}

function takeLock(path: string): PortLock {
  let realPath: string;
  try {
    realPath = realpathSync(path);
  } catch (error) {
    throw portProblem(path, error);
  }
  const lock = lockPort(realPath);
  if (!("heldBy" in lock)) return lock;
  throw new BridgeError(
    ErrorCode.DevicePort,
    `${path}: busy, process ${lock.heldBy} has it (/run/lock)`,
    { details: { path, code: "EBUSY", pid: lock.heldBy } },
  );
}

class TtyPort implements SerialPort {
  readonly #fd: number;
  readonly #stream: ReadStream;
  readonly #lock: PortLock;
  readonly #path: string;
  readonly #events: SerialPortEvents;
  readonly #queue: WriteQueue;
  readonly #streamClosed: Promise<void>;
  #retry: NodeJS.Timeout | undefined;
  #isOpen = true;

  constructor(fd: number, lock: PortLock, options: SerialPortOptions, events: SerialPortEvents) {
    this.#fd = fd;
    this.#lock = lock;
    this.#path = options.path;
    this.#events = events;
    this.#queue = new WriteQueue(options.maxQueueBytes ?? readBufferBytes);
    // A terminal takes all options of a socket, which its types leave out: one buffer for all reads.
    const reading: SocketConstructorOpts & { readonly onread: OnReadOpts } = {
      onread: {
        buffer: new Uint8Array(readBufferBytes),
        callback: (length, bytes) => {
          if (this.#isOpen) events.onBytes(bytes, length);
          return true;
        },
      },
    };
    this.#stream = new ReadStream(fd, reading);
    this.#streamClosed = new Promise((resolve) => {
      this.#stream.once("close", () => {
        this.#lost("hung up, was it unplugged?");
        resolve();
      });
    });
    this.#stream.once("end", () => {
      this.#lost("hung up, was it unplugged?");
    });
    this.#stream.on("error", (error) => {
      this.#lost(error.message);
    });
    this.#stream.resume();
  }

  get droppedFrames(): number {
    return this.#queue.droppedFrames;
  }

  /** // hot path */
  write(frame: Uint8Array, length: number): void {
    if (!this.#isOpen) return;
    const sent = this.#queue.isEmpty ? this.#send(frame, length) : 0;
    if (sent < length) this.#wait(frame, length, sent);
  }

  async close(): Promise<void> {
    this.#end();
    await this.#streamClosed;
  }

  /** Bytes the port took; 0 when it is full. */
  #send(bytes: Uint8Array, length: number): number {
    try {
      return writeSync(this.#fd, bytes, 0, length);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "EAGAIN") this.#lost(message);
      return 0;
    }
  }

  #wait(frame: Uint8Array, length: number, sent: number): void {
    if (!this.#isOpen) return;
    this.#queue.push(frame, length, sent);
    this.#retryLater();
  }

  #retryLater(): void {
    this.#retry?.refresh();
    this.#retry ??= setTimeout(() => {
      this.#drain();
    }, retryMs);
  }

  #drain(): void {
    if (!this.#isOpen || this.#queue.isEmpty) return;
    const waiting = this.#queue.waitingBorrowed();
    const sent = this.#send(waiting, waiting.length);
    this.#queue.shift(sent);
    if (sent < waiting.length) this.#retryLater();
  }

  #lost(what: string): void {
    if (!this.#isOpen) return;
    this.#end();
    this.#events.onClosed(`${this.#path}: ${what}`);
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#retry);
    // libuv opened the terminal once more for itself; where it could not, this number is its own.
    const isShared = descriptorOf(this.#stream) === this.#fd;
    this.#stream.destroy();
    if (!isShared) closeSync(this.#fd);
    this.#lock.release();
  }
}

/** Node has it on every stream with a handle, but not in its types. */
function descriptorOf(stream: ReadStream): number | undefined {
  return (stream as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
}
