import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

const Opcode = { Text: 1, Close: 8, Ping: 9, Pong: 10 } as const;
const header = { short: 126, long: 127 } as const;

/**
 * A stream client that takes so many bytes a second from its socket and no more. It speaks RFC 6455 by
 * itself: libraries read 64 KiB at once, which is no slow reading.
 */
export class SlowReader {
  /** Text messages, as they came. */
  readonly texts: string[] = [];
  closed = false;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #pending = Buffer.alloc(0);
  #isOpen = false;
  #readBytes = 0;

  constructor(url: string, topics: readonly string[], bytesPerS: number) {
    const { hostname, port } = new URL(url);
    const startMs = performance.now();
    const isDue = (): boolean =>
      this.#readBytes < ((performance.now() - startMs) * bytesPerS) / 1000 + 1000;
    this.#socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        // The kernel is asked for no more than this at once.
        buffer: new Uint8Array(1000),
        callback: (size, bytes) => {
          this.#readBytes += size;
          this.#pending = Buffer.concat([this.#pending, bytes.subarray(0, size)]);
          this.#take(topics);
          return isDue();
        },
      },
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => (this.closed = true));
    this.#socket.write(
      `GET /v1/stream HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kairos.stream.v1\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
    this.#timer = setInterval(() => {
      if (isDue()) this.#socket.resume();
    }, 5);
  }

  /** Messages the service says it has dropped for us. */
  get toldLost(): number {
    return this.#notices("lost").reduce((sum, { count = 0 }) => sum + count, 0);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }

  #notices(type: string): readonly { readonly type: string; readonly count?: number }[] {
    return this.texts
      .map((text) => JSON.parse(text) as { type: string; count?: number })
      .filter((message) => message.type === type);
  }

  #take(topics: readonly string[]): void {
    if (!this.#isOpen) {
      const end = this.#pending.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.#pending = this.#pending.subarray(end + 4);
      this.#isOpen = true;
      const request = { type: "subscribe", topics: topics.map((topic) => ({ topic })) };
      this.#say(Opcode.Text, Buffer.from(JSON.stringify(request)));
    }
    for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) {
      if (frame.opcode === Opcode.Text) this.texts.push(frame.payload.toString("utf8"));
      if (frame.opcode === Opcode.Ping) this.#say(Opcode.Pong, frame.payload);
      if (frame.opcode === Opcode.Close) this.closed = true;
    }
  }

  /** The next whole frame; a server's are not masked, and ours are never in parts. */
  #frame(): { readonly opcode: number; readonly payload: Buffer } | undefined {
    const bytes = this.#pending;
    if (bytes.length < 2) return undefined;
    const short = bytes[1]! & 0x7f;
    const start = short === header.short ? 4 : short === header.long ? 10 : 2;
    if (bytes.length < start) return undefined;
    const length =
      start === 2 ? short : start === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) return undefined;
    this.#pending = bytes.subarray(start + length);
    return { opcode: bytes[0]! & 0x0f, payload: bytes.subarray(start, start + length) };
  }

  /** Masked, as a client's frames have to be. */
  #say(opcode: number, payload: Buffer): void {
    const mask = randomBytes(4);
    const masked = payload.map((byte, index) => byte ^ mask[index % 4]!);
    const head =
      payload.length < header.short
        ? Buffer.of(0x80 | opcode, 0x80 | payload.length)
        : Buffer.of(0x80 | opcode, 0x80 | header.short, payload.length >> 8, payload.length & 0xff);
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }
}
