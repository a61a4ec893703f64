import { crc16 } from "../../devices/drivers/dynamixel/crc16.ts";

// The codecs a textbook has: a growing Buffer that is cut, and packets as arrays. The checksums are as fast as
// the driver's, so that what is compared is how bytes are kept.

export interface TextbookReply {
  readonly id: number;
  readonly error: number;
  readonly data: Buffer;
}

const dynamixelHeader = Buffer.of(0xff, 0xff, 0xfd, 0x00);
const stuffed = Buffer.of(0xff, 0xff, 0xfd, 0xfd);

/** Protocol 2.0: every read is appended to what is left, every packet cut off its front. */
export class TextbookDynamixel {
  #rest = Buffer.alloc(0);

  feed(bytes: Uint8Array): TextbookReply[] {
    const replies: TextbookReply[] = [];
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const at = this.#rest.indexOf(dynamixelHeader);
      if (at < 0) return replies;
      this.#rest = this.#rest.subarray(at);
      if (this.#rest.length < 7) return replies;
      const length = 7 + this.#rest.readUInt16LE(5);
      if (this.#rest.length < length) return replies;
      const packet = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      if (crc16(packet, 0, length - 2) !== packet.readUInt16LE(length - 2)) continue;
      const body = packet.subarray(9, length - 2);
      const data = body.indexOf(stuffed) < 0 ? body : unstuffed(body);
      replies.push({ id: packet[4]!, error: packet[8]!, data });
    }
  }
}

function unstuffed(body: Buffer): Buffer {
  return Buffer.from(
    body.toString("latin1").replaceAll("\xff\xff\xfd\xfd", "\xff\xff\xfd"),
    "latin1",
  );
}

export function textbookDynamixelSyncWrite(
  address: number,
  ids: readonly number[],
  data: readonly (readonly number[])[],
): Buffer {
  const count = data[0]!.length;
  const params = ids.flatMap((id, index) => [id, ...data[index]!]);
  const body = [0x83, address & 0xff, address >> 8, count & 0xff, count >> 8, ...params];
  const length = body.length + 2;
  const packet = Buffer.from([0xff, 0xff, 0xfd, 0, 0xfe, length & 0xff, length >> 8, ...body]);
  const crc = crc16(packet, 0, packet.length);
  return Buffer.concat([packet, Buffer.of(crc & 0xff, crc >> 8)]);
}

const sum = (bytes: Iterable<number>): number => {
  let total = 0;
  for (const byte of bytes) total += byte;
  return total;
};

export class TextbookFeetech {
  #rest = Buffer.alloc(0);

  feed(bytes: Uint8Array): TextbookReply[] {
    const replies: TextbookReply[] = [];
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const at = this.#rest.indexOf("\xff\xff", "latin1");
      if (at < 0) return replies;
      this.#rest = this.#rest.subarray(at);
      if (this.#rest.length < 4) return replies;
      const length = 4 + this.#rest[3]!;
      if (this.#rest.length < length) return replies;
      const packet = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      if ((~sum(packet.subarray(2, -1)) & 0xff) !== packet.at(-1)) continue;
      replies.push({ id: packet[2]!, error: packet[4]!, data: packet.subarray(5, -1) });
    }
  }
}

export function textbookFeetechSyncWrite(
  address: number,
  ids: readonly number[],
  data: readonly (readonly number[])[],
): Buffer {
  const params = ids.flatMap((id, index) => [id, ...data[index]!]);
  const packet = [0xfe, params.length + 4, 0x83, address, data[0]!.length, ...params];
  return Buffer.from([0xff, 0xff, ...packet, ~sum(packet) & 0xff]);
}

export function textbookSimplebgcControl(
  modes: readonly number[],
  angles: readonly number[],
  speeds: readonly number[],
): Buffer {
  const payload = Buffer.alloc(15);
  for (const [axis, mode] of modes.entries()) {
    payload[axis] = mode;
    payload.writeInt16LE(Math.round(speeds[axis]!), 3 + 4 * axis);
    payload.writeInt16LE(Math.round(angles[axis]!), 5 + 4 * axis);
  }
  const head = Buffer.of(0x3e, 67, 15, 82);
  return Buffer.concat([head, payload, Buffer.of(sum(payload) & 0xff)]);
}
