import type { Servo } from "../servo-bus/servo.ts";
import type { ServoFamily, ServoSample, SetupStep, Vital } from "../servo-bus/servo-family.ts";
import type { Block, StatusReply } from "../servo-bus/servo-protocol.ts";
import { torqueVital } from "../servo-bus/servo-vitals.ts";
import { dynamixelModelName, dynamixelModels, torquePerUnit } from "./dynamixel-models.ts";
import { dynamixelAlertBit, dynamixelRequestError, DynamixelPackets } from "./dynamixel-packet.ts";
import type { DynamixelSettings } from "./dynamixel-schema.ts";

/** The X series' control table (e-Manual, the same for XL330, XC330, XL430, XC430, XM430, XM540). */
const Register = {
  modelNumber: { address: 0, count: 2 },
  driveMode: { address: 10, count: 1 },
  operatingMode: { address: 11, count: 1 },
  torqueEnable: { address: 64, count: 1 },
  statusReturnLevel: { address: 68, count: 1 },
  hardwareError: { address: 70, count: 1 },
  busWatchdog: { address: 98, count: 1 },
  /** Profile acceleration and velocity. */
  profile: { address: 108, count: 8 },
  goalPosition: { address: 116, count: 4 },
  /** Current or load, velocity, position. */
  present: { address: 126, count: 10 },
} as const satisfies Readonly<Record<string, Block>>;

const modeNames: Readonly<Record<number, string>> = {
  0: "current",
  1: "velocity",
  3: "position",
  4: "extended position",
  5: "current-based position",
  16: "PWM",
};

/** Bits of register 70. */
const faultNames = [
  [0x01, "input voltage"],
  [0x04, "overheated"],
  [0x08, "motor encoder"],
  [0x10, "electrical shock"],
  [0x20, "overload"],
] as const;

/** 0.229 rev/min. */
const velocityUnitRadPerS = (0.229 * 2 * Math.PI) / 60;
/** 214.577 rev/min². */
const accelerationUnitRadPerS2 = (214.577 * 2 * Math.PI) / 3600;
const watchdogUnitMs = 20;
/** What register 98 says once the watchdog has gone off. */
const watchdogWentOff = 0xff;
/** The servo's own profile must be no slower than ours, or it lags; this much faster is its catching up. */
const profileHeadroom = 1.5;

type FamilySettings = Pick<
  DynamixelSettings,
  "axes" | "watchdogMs" | "fastSyncRead" | "allowEepromWrites"
>;

/** DYNAMIXEL servos of the X series, Protocol 2.0. */
export class DynamixelFamily implements ServoFamily {
  readonly name = "dynamixel";
  readonly protocol = new DynamixelPackets();
  readonly telemetry = Register.present;
  readonly goal = Register.goalPosition;
  readonly torque = Register.torqueEnable;
  readonly fault = Register.hardwareError;
  readonly canSyncRead = true;
  /** Whoever uses the servos next need not know of our watchdog. */
  readonly farewell = { block: Register.busWatchdog, data: Uint8Array.of(0) };
  readonly maxSilenceMs: number;
  readonly vitals: readonly Vital[];
  readonly #settings: FamilySettings;
  readonly #watchdogUnits: number;
  readonly #torquePerUnit = new Map<number, number>();

  constructor(settings: FamilySettings) {
    this.#settings = settings;
    this.maxSilenceMs = settings.watchdogMs === 0 ? Number.POSITIVE_INFINITY : settings.watchdogMs;
    this.#watchdogUnits = Math.ceil(settings.watchdogMs / watchdogUnitMs);
    const torque = torqueVital(Register.torqueEnable);
    this.vitals = settings.watchdogMs === 0 ? [torque] : [torque, this.#watchdogVital()];
    for (const { id, model } of Object.values(settings.axes)) {
      this.#torquePerUnit.set(id, torquePerUnit(model));
    }
  }

  setup(servo: Servo): readonly SetupStep[] {
    return [
      { kind: "read", block: Register.modelNumber, check: this.#checkModel(servo) },
      { kind: "read", block: Register.statusReturnLevel, check: checkReturnLevel },
      { kind: "read", block: Register.driveMode, check: checkDriveMode },
      ...this.#modeSteps(servo),
      { kind: "read", block: Register.hardwareError, check: checkFault },
      // A watchdog that went off makes goals read-only until it is cleared.
      { kind: "write", address: Register.busWatchdog.address, data: Uint8Array.of(0) },
      { kind: "write", address: Register.profile.address, data: this.#profile(servo) },
      { kind: "adopt" },
      { kind: "verify" },
      { kind: "torque" },
      {
        kind: "write",
        address: Register.busWatchdog.address,
        data: Uint8Array.of(this.#watchdogUnits),
      },
    ];
  }

  askAll(block: Block, ids: Uint8Array): number {
    return this.#settings.fastSyncRead
      ? this.protocol.fastSyncRead(block, ids)
      : this.protocol.syncRead(block, ids);
  }

  putGoal(servo: Servo, axisRad: number, out: Uint8Array, at: number): void {
    putInt32(servo.tickOf(axisRad), out, at);
  }

  takeTelemetry(servo: Servo, bytes: Uint8Array, start: number, out: ServoSample): void {
    const { id, sign, maxEffortNm } = servo.mount;
    const share = int16At(bytes, start) * (this.#torquePerUnit.get(id) ?? 0);
    out.effortNm = sign * Math.min(Math.max(share, -1), 1) * maxEffortNm;
    out.velRadPerS = sign * int32At(bytes, start + 2) * velocityUnitRadPerS;
    out.posRad = servo.radOf(int32At(bytes, start + 6));
  }

  faultBits(reply: StatusReply): number {
    return (reply.error & dynamixelAlertBit) === 0 ? 0 : -1;
  }

  faultText(bits: number): string {
    return faultText(bits);
  }

  requestError(reply: StatusReply): string {
    return dynamixelRequestError(reply.error);
  }

  #watchdogVital(): Vital {
    const { watchdogMs } = this.#settings;
    return {
      block: Register.busWatchdog,
      expected: () => this.#watchdogUnits,
      problem: (found) =>
        found === watchdogWentOff
          ? `its watchdog stopped it, nothing reached it for ${watchdogMs} ms`
          : `its watchdog is ${found}, was set to ${this.#watchdogUnits}: has it been without power?`,
    };
  }

  #checkModel(servo: Servo) {
    const expected = this.#settings.axes[servo.mount.axisName]?.model;
    return (bytes: Uint8Array, start: number): string | undefined => {
      if (expected === undefined) return undefined;
      const found = int16At(bytes, start);
      if (found === dynamixelModels[expected].number) return undefined;
      return `it is ${dynamixelModelName(found)}, expected ${expected}`;
    };
  }

  /** The mode lies in EEPROM: without leave to write it, another mode is an error. */
  #modeSteps(servo: Servo): readonly SetupStep[] {
    const isMultiTurn = this.#settings.axes[servo.mount.axisName]?.multiTurn === true;
    const expected = isMultiTurn ? 4 : 3;
    const check = (bytes: Uint8Array, start: number): string | undefined => {
      const found = bytes[start] ?? 0;
      if (found === expected) return undefined;
      return (
        `operating mode ${found} (${modeNames[found] ?? "unknown"}), expected ${expected} ` +
        `(${modeNames[expected] ?? ""}): set it, or allowEepromWrites`
      );
    };
    const read = { kind: "read", block: Register.operatingMode, check } as const;
    if (!this.#settings.allowEepromWrites) return [read];
    return [
      {
        kind: "unless",
        block: Register.operatingMode,
        isSo: (bytes, at) => bytes[at] === expected,
        skipCount: 3,
      },
      // EEPROM takes no writes while the motor is powered.
      { kind: "write", address: Register.torqueEnable.address, data: Uint8Array.of(0) },
      { kind: "write", address: Register.operatingMode.address, data: Uint8Array.of(expected) },
      read,
    ];
  }

  #profile(servo: Servo): Uint8Array {
    const { maxVelocityRadPerS, axisName } = servo.mount;
    const acceleration = this.#settings.axes[axisName]?.profileAccelerationRadPerS2 ?? 0;
    const data = new Uint8Array(8);
    putInt32(Math.ceil(acceleration / accelerationUnitRadPerS2), data, 0);
    const velocity = (profileHeadroom * maxVelocityRadPerS) / velocityUnitRadPerS;
    putInt32(Math.min(Math.ceil(velocity), 32_767), data, 4);
    return data;
  }
}

function checkReturnLevel(bytes: Uint8Array, start: number): string | undefined {
  const found = bytes[start] ?? 0;
  return found === 2
    ? undefined
    : `status return level ${found}, expected 2 (answers to writes too)`;
}

/** Bit 0 turns position and goal round alike; the others would take our limits away. */
function checkDriveMode(bytes: Uint8Array, start: number): string | undefined {
  const found = bytes[start] ?? 0;
  if ((found & 0x04) !== 0) {
    return `drive mode ${found}: its profile is in time and limits no speed, clear bit 2 of register 10`;
  }
  if ((found & 0x08) !== 0) {
    return `drive mode ${found}: a goal powers it though it is to be limp, clear bit 3 of register 10`;
  }
  return undefined;
}

function checkFault(bytes: Uint8Array, start: number): string | undefined {
  const bits = bytes[start] ?? 0;
  return bits === 0 ? undefined : faultText(bits);
}

function faultText(bits: number): string {
  const names = faultNames.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
  const hex = bits.toString(16).padStart(2, "0");
  return `${names.join(", ") || "unknown fault"} (hardware error 0x${hex}); it needs a reboot or a power cycle`;
}

function int16At(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)) << 16) >> 16;
}

function int32At(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

function putInt32(value: number, out: Uint8Array, at: number): void {
  out[at] = value & 0xff;
  out[at + 1] = (value >> 8) & 0xff;
  out[at + 2] = (value >> 16) & 0xff;
  out[at + 3] = (value >> 24) & 0xff;
}
