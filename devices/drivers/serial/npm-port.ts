import process from "node:process";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { portProblem } from "./port-problem.ts";
import type { SerialPort, SerialPortEvents, SerialPortOptions } from "./serial-port.ts";

type SerialPortModule = typeof import("serialport");
type NativePort = InstanceType<SerialPortModule["SerialPort"]>;

/**
 * The same through the package `serialport`, an optional peer with native code: for macOS and Windows,
 * and for baud rates Linux has no constant for.
 *
 * @throws BridgeError `device/port`, also when the package is not installed.
 */
export async function openNpmPort(
  options: SerialPortOptions,
  events: SerialPortEvents,
): Promise<SerialPort> {
  const { SerialPort: Port } = await load(options);
  const port = new Port({
    path: options.path,
    baudRate: options.baudRate,
    highWaterMark: options.maxQueueBytes ?? 4096,
    autoOpen: false,
    hupcl: false,
  });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve();
      else reject(portProblem(options.path, error));
    });
  });
  return new NpmPort(port, options.path, events);
}

async function load(options: SerialPortOptions): Promise<SerialPortModule> {
  try {
    return await import("serialport");
  } catch (error) {
    throw new BridgeError(
      ErrorCode.DevicePort,
      `${options.path}: ${options.baudRate} baud on ${process.platform} needs the package serialport: npm install serialport`,
      { details: { path: options.path, baudRate: options.baudRate }, cause: error },
    );
  }
}

class NpmPort implements SerialPort {
  droppedFrames = 0;
  readonly #port: NativePort;
  #isFull = false;
  #isOpen = true;

  constructor(port: NativePort, path: string, events: SerialPortEvents) {
    this.#port = port;
    const lost = (what: string): void => {
      if (!this.#isOpen) return;
      this.#isOpen = false;
      events.onClosed(`${path}: ${what}`);
    };
    port.on("data", (bytes: Buffer) => {
      if (this.#isOpen) events.onBytes(bytes, bytes.length);
    });
    port.on("drain", () => (this.#isFull = false));
    port.on("error", (error: Error) => {
      lost(error.message);
    });
    port.on("close", () => {
      lost("hung up, was it unplugged?");
    });
  }

  /** A stream cannot take back what it has queued: a frame that finds it full is dropped. */
  write(frame: Uint8Array, length: number): void {
    if (!this.#isOpen) return;
    if (this.#isFull) this.droppedFrames += 1;
    else this.#isFull = !this.#port.write(Buffer.from(frame.subarray(0, length)));
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await new Promise<void>((resolve) => {
      this.#port.close(() => {
        resolve();
      });
    });
  }
}
