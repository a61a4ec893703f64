import { SimulatedServo } from "./simulated-servo.ts";

// Written from Feetech's protocol manual and memory tables, with nothing of the driver's.

export function feetechPacket(id: number, body: readonly number[]): number[] {
  const packet = [id, body.length + 1, ...body];
  const sum = packet.reduce((total, byte) => total + byte, 0);
  return [0xff, 0xff, ...packet, 255 - (sum % 256)];
}

/** STS servos (low byte first), or SCS servos (high byte first, 1024 steps, no sync read). */
export class FeetechServos {
  readonly servos: readonly SimulatedServo[];
  readonly goals: number[][] = [];
  readonly eepromWrites: string[] = [];
  answer: (packet: number[], servo: SimulatedServo) => void = () => undefined;
  idOffset = 0;
  readonly #isScs: boolean;
  #received: number[] = [];
  #nowMs = 0;

  constructor(servos: readonly SimulatedServo[], series: "sts" | "scs" = "sts") {
    this.servos = servos;
    this.#isScs = series === "scs";
    for (const { table } of servos) {
      table.set(this.#isScs ? [5, 4] : [9, 3], 3);
      table[8] = 1;
    }
  }

  step(nowMs: number): void {
    for (const servo of this.servos) {
      servo.step(nowMs - this.#nowMs);
      this.#show(servo);
    }
    this.#nowMs = nowMs;
  }

  receive(bytes: Iterable<number>): void {
    this.#received.push(...bytes);
    for (;;) {
      while (this.#received.length > 0 && this.#isNoStart()) this.#received.shift();
      if (this.#received.length < 4) return;
      const length = 4 + this.#received[3]!;
      if (this.#received.length < length) return;
      const packet = this.#received.splice(0, length);
      const good = feetechPacket(packet[2]!, packet.slice(4, -1));
      if (good.join() === packet.join()) this.#obey(packet);
    }
  }

  fail(servo: SimulatedServo, bits: number): void {
    servo.faultBits = bits;
    // Unloading as it comes: torque off while it lasts.
    if (bits !== 0) servo.isPowered = false;
  }

  #isNoStart(): boolean {
    const [first, second, id] = this.#received;
    return first !== 0xff || (second !== undefined && second !== 0xff) || id === 0xff;
  }

  #obey(packet: readonly number[]): void {
    const [, , id, , instruction, ...rest] = packet;
    const params = rest.slice(0, -1);
    if (instruction === 0x83) {
      const [at, count] = params;
      for (let from = 2; from < params.length; from += 1 + count!) {
        const servo = this.servos.find((one) => one.id === params[from]);
        if (servo) this.#write(servo, at!, params.slice(from + 1, from + 1 + count!));
      }
      this.#noteGoals(at!);
    } else if (instruction === 0x82 && !this.#isScs) {
      const [at, count, ...ids] = params;
      for (const one of ids) {
        const servo = this.servos.find((candidate) => candidate.id === one);
        if (servo) this.#say(servo, [...servo.table.slice(at, at! + count!)]);
      }
    } else {
      for (const servo of this.servos)
        if (servo.id === id) this.#obeyOne(servo, instruction!, params);
    }
  }

  #obeyOne(servo: SimulatedServo, instruction: number, params: readonly number[]): void {
    const [at, count] = params;
    if (instruction === 1) this.#say(servo, []);
    if (instruction === 2) this.#say(servo, [...servo.table.slice(at, at! + count!)]);
    if (instruction === 3) {
      this.#write(servo, at!, params.slice(1));
      this.#noteGoals(at!);
      this.#say(servo, []);
    }
  }

  #write(servo: SimulatedServo, at: number, data: readonly number[]): void {
    if (at < 40) this.eepromWrites.push(`${servo.id}:${at}`);
    servo.table.set(data, at);
    if (at === 40) servo.isPowered = data[0] === 1 && servo.faultBits === 0;
    if (at !== 42) return;
    servo.goalTick = this.#word(data, 0);
    servo.speed = this.#word(data, 4) || 100_000;
  }

  #noteGoals(at: number): void {
    if (at === 42) this.goals.push(this.servos.map(({ goalTick }) => goalTick));
  }

  #word(data: readonly number[], at: number): number {
    return this.#isScs ? data[at]! * 256 + data[at + 1]! : data[at]! + 256 * data[at + 1]!;
  }

  #show(servo: SimulatedServo): void {
    const speed = Math.abs(Math.round(servo.velocity)) % 32_768;
    const view = new DataView(servo.table.buffer);
    const isLittle = !this.#isScs;
    view.setUint16(56, Math.round(servo.tick), isLittle);
    view.setUint16(58, speed + (servo.velocity < 0 ? 32_768 : 0), isLittle);
    view.setUint16(60, 1024 + 50, isLittle);
    servo.table[40] = servo.isPowered ? 1 : 0;
    servo.table[62] = 74;
    servo.table[63] = 31;
  }

  #say(servo: SimulatedServo, data: readonly number[]): void {
    this.answer(feetechPacket(servo.id + this.idOffset, [servo.faultBits, ...data]), servo);
  }
}
