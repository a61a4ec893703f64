import { SimulatedServo } from "./simulated-servo.ts";

// Written from ROBOTIS's e-Manual, with nothing of the driver's: its own CRC, stuffing and registers.

/** Bit by bit. */
export function slowCrc(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x8005) & 0xffff : crc << 1;
  }
  return crc;
}

export function dynamixelPacket(id: number, body: readonly number[]): number[] {
  const stuffed: number[] = [];
  for (const byte of body) {
    stuffed.push(byte);
    if (stuffed.slice(-3).join() === "255,255,253") stuffed.push(0xfd);
  }
  const length = stuffed.length + 2;
  const packet = [0xff, 0xff, 0xfd, 0, id, length & 0xff, length >> 8, ...stuffed];
  const crc = slowCrc(packet);
  return [...packet, crc & 0xff, crc >> 8];
}

/** One packet for all: error, id and data of each, and after each the CRC of all so far. */
export function dynamixelFastAnswer(parts: readonly (readonly number[])[]): number[] {
  const length = 1 + parts.reduce((sum, part) => sum + part.length + 2, 0);
  const packet = [0xff, 0xff, 0xfd, 0, 0xfe, length & 0xff, length >> 8, 0x55];
  for (const part of parts) {
    packet.push(...part);
    const crc = slowCrc(packet);
    packet.push(crc & 0xff, crc >> 8);
  }
  return packet;
}

const word = (bytes: readonly number[], at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

/** XL330s on a bus. `answer` gets each status packet by itself, in the order of the ids asked. */
export class DynamixelServos {
  readonly servos: readonly SimulatedServo[];
  /** Positions of all servos at each goal that was told, ticks. */
  readonly goals: number[][] = [];
  /** Writes into EEPROM, as `id:address`. */
  readonly eepromWrites: string[] = [];
  answer: (packet: number[]) => void = () => undefined;
  idOffset = 0;
  #received: number[] = [];
  #nowMs = 0;

  constructor(servos: readonly SimulatedServo[], model = 1200) {
    this.servos = servos;
    for (const { table } of servos) {
      table.set([model & 0xff, model >> 8], 0);
      table[11] = 3;
      table[68] = 2;
    }
  }

  /** Moves the motors; a bus watchdog that was fed too long ago stops its motor. */
  step(nowMs: number): void {
    const ms = nowMs - this.#nowMs;
    this.#nowMs = nowMs;
    for (const servo of this.servos) {
      const watchdog = servo.table[98]!;
      const isLate = nowMs - servo.heardMs > watchdog * 20;
      if (servo.isPowered && watchdog > 0 && watchdog < 128 && isLate) {
        servo.hasStopped = true;
        servo.table[98] = 255;
      }
      servo.step(ms);
      this.#show(servo);
    }
  }

  receive(bytes: Iterable<number>): void {
    this.#received.push(...bytes);
    for (;;) {
      while (this.#received.length > 0 && !this.#beginsWithHeader()) this.#received.shift();
      if (this.#received.length < 7) return;
      const length = 7 + word(this.#received, 5);
      if (this.#received.length < length) return;
      const packet = this.#received.splice(0, length);
      if (slowCrc(packet.slice(0, -2)) === word(packet, length - 2)) this.#obey(packet);
    }
  }

  fail(servo: SimulatedServo, bits: number): void {
    servo.faultBits = bits;
    // The shutdown setting as it comes: torque off on every fault.
    if (bits !== 0) this.#power(servo, false);
    this.#show(servo);
  }

  #beginsWithHeader(): boolean {
    return [0xff, 0xff, 0xfd, 0].every(
      (byte, at) => this.#received.length <= at || this.#received[at] === byte,
    );
  }

  #obey(packet: readonly number[]): void {
    const id = packet[4]!;
    const instruction = packet[7]!;
    const params: number[] = [];
    for (const byte of packet.slice(8, -2)) {
      const before = [...[instruction, ...params].slice(-3)].join();
      if (!(byte === 0xfd && before === "255,255,253")) params.push(byte);
    }
    for (const servo of this.servos) servo.heardMs = this.#nowMs;
    if (instruction === 0x82 || instruction === 0x8a) this.#syncRead(instruction, params);
    else if (instruction === 0x83) this.#syncWrite(params);
    else
      for (const servo of this.servos)
        if (servo.id === id) this.#obeyOne(servo, instruction, params);
  }

  #obeyOne(servo: SimulatedServo, instruction: number, params: readonly number[]): void {
    if (instruction === 1) this.#say(servo, 0, [...servo.table.slice(0, 2), 46]);
    else if (instruction === 2) {
      const at = word(params, 0);
      this.#say(servo, 0, [...servo.table.slice(at, at + word(params, 2))]);
    } else if (instruction === 3) {
      this.#say(servo, this.#write(servo, word(params, 0), params.slice(2)), []);
      this.#noteGoals(word(params, 0));
    } else this.#say(servo, 2, []);
  }

  #syncRead(instruction: number, params: readonly number[]): void {
    const at = word(params, 0);
    const count = word(params, 2);
    const asked = params.slice(4).flatMap((id) => this.servos.filter((servo) => servo.id === id));
    if (instruction === 0x82) {
      for (const servo of asked) this.#say(servo, 0, [...servo.table.slice(at, at + count)]);
      return;
    }
    const parts = asked.map((servo) => [
      this.#alert(servo),
      servo.id + this.idOffset,
      ...servo.table.slice(at, at + count),
    ]);
    this.answer(dynamixelFastAnswer(parts));
  }

  #syncWrite(params: readonly number[]): void {
    const at = word(params, 0);
    const count = word(params, 2);
    for (let from = 4; from < params.length; from += 1 + count) {
      const servo = this.servos.find(({ id }) => id === params[from]);
      if (servo) this.#write(servo, at, params.slice(from + 1, from + 1 + count));
    }
    this.#noteGoals(at);
  }

  /** Returns the error number of the status packet. */
  #write(servo: SimulatedServo, at: number, data: readonly number[]): number {
    if (at < 64) {
      if (servo.isPowered) return 7;
      this.eepromWrites.push(`${servo.id}:${at}`);
    }
    if (at === 116) {
      if (servo.hasStopped) return 4;
      const goal = new DataView(Uint8Array.from(data).buffer).getInt32(0, true);
      if (servo.table[11] === 3 && (goal < 0 || goal > 4095)) return 6;
      servo.goalTick = goal;
    }
    if (at === 64) {
      if (servo.faultBits !== 0 && data[0] === 1) return 0;
      this.#power(servo, data[0] === 1);
    }
    if (at === 98 && data[0] === 0) servo.hasStopped = false;
    if (at === 108) servo.speed = ((word(data, 4) * 0.229) / 60) * 4096 || 100_000;
    servo.table.set(data, at);
    return 0;
  }

  #power(servo: SimulatedServo, isPowered: boolean): void {
    servo.isPowered = isPowered;
    servo.table[64] = isPowered ? 1 : 0;
  }

  #noteGoals(at: number): void {
    if (at === 116) this.goals.push(this.servos.map(({ goalTick }) => goalTick));
  }

  #show(servo: SimulatedServo): void {
    const view = new DataView(servo.table.buffer);
    view.setInt16(126, 100, true);
    view.setInt32(128, Math.round((servo.velocity / 4096) * (60 / 0.229)), true);
    view.setInt32(132, Math.round(servo.tick), true);
    servo.table[70] = servo.faultBits;
  }

  #alert(servo: SimulatedServo): number {
    return servo.faultBits === 0 ? 0 : 0x80;
  }

  #say(servo: SimulatedServo, error: number, data: readonly number[]): void {
    const id = servo.id + this.idOffset;
    this.answer(dynamixelPacket(id, [0x55, error | this.#alert(servo), ...data]));
  }
}
