// Written from BaseCam's Serial API specification and its public examples, with nothing of the driver's.

/** Bit by bit, as the specification's appendix has it: lowest bit of each byte first. */
export function slowSbgcCrc(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    for (let mask = 1; mask < 256; mask <<= 1) {
      const dataBit = byte & mask ? 1 : 0;
      const crcBit = crc >> 15;
      crc = (crc << 1) & 0xffff;
      if (dataBit !== crcBit) crc ^= 0x8005;
    }
  }
  return crc;
}

export function simplebgcPacket(version: 1 | 2, id: number, payload: readonly number[]): number[] {
  const head = [id, payload.length, (id + payload.length) % 256];
  if (version === 1) {
    return [0x3e, ...head, ...payload, payload.reduce((sum, byte) => sum + byte, 0) % 256];
  }
  const crc = slowSbgcCrc([...head, ...payload]);
  return [0x24, ...head, ...payload, crc % 256, crc >> 8];
}

const unitsPerRad = 16_384 / (2 * Math.PI);
const int16 = (value: number): number[] => {
  const word = Math.round(value) & 0xffff;
  return [word & 0xff, word >> 8];
};
const int16At = (bytes: readonly number[], at: number): number =>
  ((bytes[at]! | (bytes[at + 1]! << 8)) << 16) >> 16;

/** A board with three axes in its own order (roll, pitch, yaw), its angles in radians. */
export class SimplebgcBoard {
  readonly angles: [number, number, number];
  readonly targets: [number, number, number];
  readonly speeds = [0, 0, 0];
  readonly modes = [0, 0, 0];
  readonly controls: number[][] = [];
  areMotorsOn = false;
  systemError = 0;
  answer: (packet: number[]) => void = () => undefined;
  #received: number[] = [];
  #nowMs = 0;

  constructor(angles: [number, number, number]) {
    this.angles = [...angles];
    this.targets = [...angles];
  }

  step(nowMs: number): void {
    const seconds = (nowMs - this.#nowMs) / 1000;
    this.#nowMs = nowMs;
    for (const axis of [0, 1, 2] as const) {
      if (!this.areMotorsOn || this.systemError !== 0) continue;
      const speed = this.speeds[axis]!;
      if (this.modes[axis] === 1) this.angles[axis] += speed * seconds;
      if (this.modes[axis] !== 2 && this.modes[axis] !== 5) continue;
      const room = Math.abs(speed) * seconds;
      const wanted = this.targets[axis] - this.angles[axis];
      this.angles[axis] += Math.min(Math.max(wanted, -room), room);
    }
  }

  receive(bytes: Iterable<number>): void {
    this.#received.push(...bytes);
    for (;;) {
      while (
        this.#received.length > 0 &&
        this.#received[0] !== 0x3e &&
        this.#received[0] !== 0x24
      ) {
        this.#received.shift();
      }
      if (this.#received.length < 4) return;
      const version = this.#received[0] === 0x24 ? 2 : 1;
      const length = 4 + this.#received[2]! + version;
      if (this.#received.length < length) return;
      const packet = this.#received.splice(0, length);
      const payload = packet.slice(4, -version);
      const good = simplebgcPacket(version, packet[1]!, payload);
      if (good.join() === packet.join()) this.#obey(version, packet[1]!, payload);
    }
  }

  #obey(version: 1 | 2, id: number, payload: readonly number[]): void {
    const say = (data: readonly number[]): void => {
      this.answer(simplebgcPacket(version, id, data));
    };
    if (id === 77) this.areMotorsOn = this.systemError === 0;
    if (id === 109) this.areMotorsOn = false;
    if (id === 77 || id === 109) this.answer(simplebgcPacket(version, 67, [id]));
    if (id === 73) {
      say(this.angles.flatMap((angle) => [...int16(angle * unitsPerRad), 0, 0, 0, 0]));
    }
    if (id === 25) say(this.#realtime());
    if (id === 67 && payload.length === 15) this.#control(payload);
  }

  #control(payload: readonly number[]): void {
    for (const axis of [0, 1, 2] as const) {
      this.modes[axis] = payload[axis]!;
      this.speeds[axis] = (int16At(payload, 3 + 4 * axis) * 0.1220740379 * Math.PI) / 180;
      this.targets[axis] = int16At(payload, 5 + 4 * axis) / unitsPerRad;
    }
    this.controls.push([...this.targets]);
  }

  #realtime(): number[] {
    const angles = this.angles.flatMap((angle) => int16(angle * unitsPerRad));
    const out = new Array<number>(124).fill(0);
    out.splice(14, 2, ...int16(this.systemError));
    out.splice(32, 6, ...angles);
    out.splice(55, 3, ...int16(1234), this.areMotorsOn ? 1 : 0);
    out.splice(63, 6, ...angles);
    return out;
  }
}
