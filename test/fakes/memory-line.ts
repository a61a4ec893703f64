import type {
  ByteLine,
  ByteLineEvents,
  OpenByteLine,
} from "../../devices/drivers/serial/byte-line.ts";
import type { Garble } from "../contract/devices/driver-rig.ts";

/** A cable in a manual time, between a driver and whatever answers. */
export class MemoryLine implements ByteLine {
  isUp = false;
  droppedFrames = 0;
  reconnects = 0;
  delayMs = 0;
  isFrozen = false;
  hasEcho = false;
  garble: Garble | undefined;
  /** What was written, by `write`. */
  readonly frames: number[][] = [];
  #events: ByteLineEvents | undefined;
  #isDisposed = false;
  #nowMs = 0;
  #replyCount = 0;
  readonly #toDevice: number[][] = [];
  readonly #toDriver: { readonly atMs: number; readonly bytes: Uint8Array }[] = [];
  /** Bytes spoiled are the same in every run. */
  #seed = 1;

  readonly open: OpenByteLine = (events) => {
    this.#events = events;
    return this;
  };

  plug(): void {
    if (this.isUp || this.#isDisposed) return;
    this.isUp = true;
    this.#events?.onUp();
  }

  unplug(reason = "/dev/memory: hung up, was it unplugged?"): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.#toDevice.length = this.#toDriver.length = 0;
    this.reconnects += 1;
    this.#events?.onDown(reason);
  }

  write(frame: Uint8Array, length: number): boolean {
    if (!this.isUp || this.#isDisposed) return false;
    this.#toDevice.push([...frame.subarray(0, length)]);
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    return Promise.resolve();
  }

  /** The device says something. */
  reply(bytes: readonly number[]): void {
    if (this.isFrozen || !this.isUp) return;
    const sent = this.#spoil([...bytes]);
    this.#toDriver.push({ atMs: this.#nowMs + this.delayMs, bytes: Uint8Array.from(sent) });
  }

  /** Brings what was written to the device, and what it answered to the driver. */
  step(nowMs: number, receive: (bytes: readonly number[]) => void): void {
    this.#nowMs = nowMs;
    for (const frame of this.#toDevice.splice(0)) {
      this.frames.push(frame);
      if (this.hasEcho) this.#toDriver.push({ atMs: nowMs, bytes: Uint8Array.from(frame) });
      if (!this.isFrozen) receive(frame);
    }
    while (this.#toDriver[0] !== undefined && this.#toDriver[0].atMs <= nowMs) {
      const { bytes } = this.#toDriver.shift()!;
      if (!this.#isDisposed) this.#events?.onBytes(bytes, bytes.length);
    }
  }

  #random(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * below);
  }

  #spoil(bytes: number[]): number[] {
    this.#replyCount += 1;
    const all = ["noise", "flip", "half"] as const;
    const isSome = this.garble === "some";
    if (this.garble === undefined || (isSome && this.#replyCount % 5 !== 0)) return bytes;
    switch (isSome ? all[this.#random(3)]! : this.garble) {
      case "half":
        return bytes.slice(0, Math.floor(bytes.length / 2));
      case "flip": {
        const at = this.#random(bytes.length);
        bytes[at]! ^= 1 << this.#random(8);
        return bytes;
      }
      case "noise":
      case "some":
        return bytes.map(() => this.#random(256));
    }
  }
}
