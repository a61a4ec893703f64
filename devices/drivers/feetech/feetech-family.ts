import type { Servo } from "../servo-bus/servo.ts";
import type { ServoFamily, ServoSample, SetupStep } from "../servo-bus/servo-family.ts";
import type { Block, StatusReply } from "../servo-bus/servo-protocol.ts";
import { torqueVital } from "../servo-bus/servo-vitals.ts";
import { FeetechPackets } from "./feetech-packet.ts";
import { feetechFacts, type FeetechModel } from "./feetech-models.ts";

/** Registers the STS, SMS and SCS series have in common (Feetech's memory tables). */
const Register = {
  modelNumber: { address: 3, count: 2 },
  responseLevel: { address: 8, count: 1 },
  /** STS and SMS only: 0 position, 1 speed, 2 PWM, 3 steps. */
  operatingMode: { address: 33, count: 1 },
  torqueEnable: { address: 40, count: 1 },
  /** Position, time, speed. */
  goal: { address: 42, count: 6 },
  /** Position, speed, load, voltage, temperature. */
  present: { address: 56, count: 8 },
} as const satisfies Readonly<Record<string, Block>>;

/** Bits of a status packet's error byte. */
const faultNames = [
  [0x01, "input voltage"],
  [0x02, "angle sensor"],
  [0x04, "overheated"],
  [0x08, "overcurrent"],
  [0x20, "overload"],
] as const;
const faultMask = 0x2f;

/** Goals may be caught up with at this share above our own limit. */
const speedHeadroom = 1.5;
/** Sign and magnitude, not two's complement: the sign's bit in speed and position, and in load. */
const signBit = 15;
const loadSignBit = 10;
/** Load is told in tenths of a percent. */
const fullLoad = 1000;

/** Feetech serial bus servos. They have no watchdog: without us they go to the last goal and stay. */
export class FeetechFamily implements ServoFamily {
  readonly name = "feetech";
  readonly protocol = new FeetechPackets();
  readonly telemetry = Register.present;
  readonly goal = Register.goal;
  readonly torque = Register.torqueEnable;
  readonly vitals = [torqueVital(Register.torqueEnable)];
  readonly canSyncRead: boolean;
  readonly maxSilenceMs = Number.POSITIVE_INFINITY;
  readonly #isBigEndian: boolean;
  readonly #modelNumber: number | undefined;

  constructor(model: FeetechModel) {
    const { isBigEndian, number } = feetechFacts(model);
    this.#isBigEndian = isBigEndian;
    this.#modelNumber = number;
    this.canSyncRead = !isBigEndian;
  }

  setup(): readonly SetupStep[] {
    return [
      {
        kind: "read",
        block: Register.modelNumber,
        check: (bytes, at) => this.#checkModel(bytes, at),
      },
      { kind: "read", block: Register.responseLevel, check: checkResponseLevel },
      ...(this.#isBigEndian
        ? []
        : [{ kind: "read", block: Register.operatingMode, check: checkMode } as const]),
      { kind: "adopt" },
      { kind: "verify" },
      { kind: "torque" },
    ];
  }

  askAll(block: Block, ids: Uint8Array): number {
    return this.protocol.syncRead(block, ids);
  }

  putGoal(servo: Servo, axisRad: number, out: Uint8Array, at: number): void {
    const { maxVelocityRadPerS, ticksPerTurn } = servo.mount;
    const speed = (speedHeadroom * maxVelocityRadPerS * ticksPerTurn) / (2 * Math.PI);
    this.#putWord(withSign(servo.tickOf(axisRad), signBit), out, at);
    this.#putWord(0, out, at + 2);
    this.#putWord(Math.min(Math.ceil(speed), 32_766), out, at + 4);
  }

  takeTelemetry(servo: Servo, bytes: Uint8Array, start: number, out: ServoSample): void {
    const { sign, ticksPerTurn, maxEffortNm } = servo.mount;
    const ticksPerS = magnitude(this.#wordAt(bytes, start + 2), signBit);
    const load = magnitude(this.#wordAt(bytes, start + 4), loadSignBit);
    out.posRad = servo.radOf(magnitude(this.#wordAt(bytes, start), signBit));
    out.velRadPerS = (sign * ticksPerS * 2 * Math.PI) / ticksPerTurn;
    out.effortNm = sign * Math.min(Math.max(load / fullLoad, -1), 1) * maxEffortNm;
  }

  faultBits(reply: StatusReply): number {
    return reply.error & faultMask;
  }

  faultText(bits: number): string {
    return faultNames
      .filter(([bit]) => (bits & bit) !== 0)
      .map(([, name]) => name)
      .join(", ");
  }

  /** The error byte tells the servo's state, never what was wrong with a request. */
  requestError(): string {
    return "";
  }

  #checkModel(bytes: Uint8Array, start: number): string | undefined {
    const found = this.#wordAt(bytes, start);
    if (this.#modelNumber === undefined || found === this.#modelNumber) return undefined;
    return `it is model ${found}, expected ${this.#modelNumber}`;
  }

  #wordAt(bytes: Uint8Array, at: number): number {
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    return this.#isBigEndian ? (first << 8) | second : first | (second << 8);
  }

  #putWord(value: number, out: Uint8Array, at: number): void {
    out[at] = this.#isBigEndian ? value >> 8 : value & 0xff;
    out[at + 1] = this.#isBigEndian ? value & 0xff : value >> 8;
  }
}

function checkResponseLevel(bytes: Uint8Array, start: number): string | undefined {
  const found = bytes[start] ?? 0;
  return found === 1 ? undefined : `response level ${found}, expected 1 (answers to writes too)`;
}

function checkMode(bytes: Uint8Array, start: number): string | undefined {
  const found = bytes[start] ?? 0;
  return found === 0
    ? undefined
    : `operating mode ${found}, expected 0 (position): set register 33`;
}

function withSign(value: number, bit: number): number {
  return value < 0 ? -value | (1 << bit) : value;
}

function magnitude(word: number, bit: number): number {
  const value = word & ((1 << bit) - 1);
  return (word & (1 << bit)) === 0 ? value : -value;
}
