import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

export interface FuzzReport {
  frameCount: number;
  connectionCount: number;
  /** Status codes of the server's close frames; 0: it cut the connection without one. */
  readonly closeCodes: Map<number, number>;
}

export interface FuzzOptions {
  readonly port: number;
  /** Of the endpoint, e.g. `/v1/control`. */
  readonly path: string;
  readonly protocol: string;
  /** Messages that are bent. */
  readonly messages: readonly string[];
  /** Sent as it is, first. */
  readonly hello?: string;
  readonly seed: number;
}

/** Mulberry32: small, and the same everywhere. */
function random(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface FrameFields {
  readonly payload: Uint8Array;
  readonly opcode?: number;
  readonly fin?: boolean;
  /** Bits of RSV1 to RSV3. */
  readonly rsv?: number;
  readonly masked?: boolean;
  /** What the header says; left out: the truth. */
  readonly lengthBytes?: bigint;
}

/** RFC 6455 section 5.2, with everything that can be wrong about it. */
export function frame(fields: FrameFields): Buffer {
  const { payload, opcode = 1, fin = true, rsv = 0, masked = true } = fields;
  const length = fields.lengthBytes ?? BigInt(payload.length);
  const first = (fin ? 0x80 : 0) | ((rsv & 7) << 4) | (opcode & 15);
  const flag = masked ? 0x80 : 0;
  let head: Buffer;
  if (length < 126n) head = Buffer.from([first, flag | Number(length)]);
  else if (length < 65536n) {
    head = Buffer.from([first, flag | 126, Number(length >> 8n), Number(length & 255n)]);
  } else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = flag | 127;
    head.writeBigUInt64BE(length, 2);
  }
  if (!masked) return Buffer.concat([head, payload]);
  const key = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  const body = Buffer.from(payload).map((byte, index) => byte ^ (key[index % 4] ?? 0));
  return Buffer.concat([head, key, body]);
}

/** One raw connection after its upgrade. */
export class RawFrames {
  readonly socket: Socket;
  readonly ended: Promise<void>;
  /** Code of the server's close frame, when one came. */
  closeCode = 0;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket, rest: Buffer) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      socket.once("close", () => {
        resolve();
      });
    });
    socket.on("data", (chunk: Buffer) => {
      this.#read(chunk);
    });
    this.#read(rest);
  }

  /** @throws Error with the status line if the upgrade was refused. */
  static async open(options: Pick<FuzzOptions, "port" | "path" | "protocol">): Promise<RawFrames> {
    const { port, path, protocol } = options;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.on("error", () => undefined);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n` +
        `Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    );
    const head = await new Promise<Buffer>((resolve, reject) => {
      let seen = Buffer.alloc(0);
      const take = (chunk: Buffer): void => {
        seen = Buffer.concat([seen, chunk]);
        if (!seen.includes("\r\n\r\n")) return;
        socket.off("data", take);
        resolve(seen);
      };
      socket.on("data", take);
      socket.once("close", () => {
        reject(new Error("closed before the upgrade"));
      });
    });
    const status = head.toString("latin1").split("\r\n", 1)[0] ?? "";
    if (!status.includes(" 101 ")) throw new Error(status);
    return new RawFrames(socket, head.subarray(head.indexOf("\r\n\r\n") + 4));
  }

  send(bytes: Uint8Array): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** Resets the connection: no port lingers in TIME_WAIT. */
  async drop(): Promise<void> {
    this.socket.resetAndDestroy();
    await this.ended;
  }

  /** Server frames are never masked and here never fragmented. */
  #read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const [first, second] = this.#received;
      if (first === undefined || second === undefined) return;
      const short = second & 0x7f;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (this.#received.length < start) return;
      const length =
        short === 126
          ? this.#received.readUInt16BE(2)
          : short === 127
            ? Number(this.#received.readBigUInt64BE(2))
            : short;
      if (this.#received.length < start + length) return;
      if ((first & 15) === 8 && length >= 2) this.closeCode = this.#received.readUInt16BE(start);
      this.#received = this.#received.subarray(start + length);
    }
  }
}

/** Sends `frameCount` frames over as many connections as the server makes necessary. */
export async function fuzzFrames(
  options: FuzzOptions,
  frameCount: number,
  report: FuzzReport,
): Promise<void> {
  const next = random(options.seed);
  let left = frameCount;
  while (left > 0) {
    const raw = await RawFrames.open(options);
    report.connectionCount += 1;
    if (options.hello !== undefined) raw.send(frame({ payload: Buffer.from(options.hello) }));
    const count = Math.min(left, 1 + Math.floor(next() * 12));
    for (let sent = 0; sent < count; sent += 1) raw.send(fuzzed(options.messages, next));
    left -= count;
    report.frameCount += count;
    // It answers or closes at once if it does at all; a frame that has no end is waited for in vain.
    await Promise.race([raw.ended, new Promise((resolve) => setTimeout(resolve, 3))]);
    await raw.drop();
    report.closeCodes.set(raw.closeCode, (report.closeCodes.get(raw.closeCode) ?? 0) + 1);
  }
}

function fuzzed(messages: readonly string[], next: () => number): Buffer {
  const below = (limit: number): number => Math.floor(next() * limit);
  const message = Buffer.from(messages[below(messages.length)] ?? "{}");
  switch (below(12)) {
    case 0:
      return frame({ payload: bent(message, next), rsv: 1 + below(7) });
    case 1:
      return frame({ payload: bent(message, next), opcode: below(16) });
    case 2:
      return frame({ payload: bent(message, next), masked: false });
    case 3:
      return frame({ payload: message, lengthBytes: BigInt(below(2 ** 31)) << BigInt(below(33)) });
    case 4:
      return frame({ payload: Buffer.alloc(below(70_000), 0x20) });
    case 5:
      return frame({ payload: Buffer.from([0x22, 0xc0, 0x80 | below(128), 0xff, 0x22]) });
    case 6:
      return fragments(bent(message, next), 1 + below(12), next);
    case 7:
      return frame({ payload: bent(message, next), opcode: 2 });
    case 8:
      return frame({ payload: bent(message, next), opcode: 8 + below(3), fin: next() < 0.5 });
    case 9:
      // Anything at all.
      return Buffer.from(Array.from({ length: 1 + below(64) }, () => below(256)));
    default:
      return frame({ payload: bent(message, next) });
  }
}

/** The message in pieces, its end sometimes missing. */
function fragments(message: Buffer, count: number, next: () => number): Buffer {
  const size = Math.max(1, Math.ceil(message.length / count));
  const pieces: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const fin = at + size >= message.length && next() < 0.9;
    const payload = message.subarray(at, at + size);
    pieces.push(frame({ payload, opcode: at === 0 ? 1 : 0, fin }));
  }
  return Buffer.concat(pieces);
}

/** A message with a byte, a number or a piece changed; sometimes as it was. */
function bent(message: Buffer, next: () => number): Buffer {
  const below = (limit: number): number => Math.floor(next() * limit);
  const copy = Buffer.from(message);
  const at = below(copy.length);
  switch (below(6)) {
    case 0:
      copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
      return copy;
    case 1:
      return copy.subarray(0, at);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(Math.max(0, at - 20))]);
    case 3: {
      const numbers = ["1e999", "-1", "null", "1e-320", "9007199254740993", "[]", '"\\u0000"'];
      const put = numbers[below(numbers.length)] ?? "0";
      return Buffer.from(copy.toString("latin1").replace(/\d+(\.\d+)?/, put), "latin1");
    }
    case 4:
      return Buffer.from(copy.toString("latin1").replace(/"[a-z]+"/, '"__proto__"'), "latin1");
    default:
      return copy;
  }
}
