import type { Servo } from "./servo.ts";
import type { Block, ServoProtocol, StatusReply } from "./servo-protocol.ts";

/** Where a servo is, in the axis' own terms. */
export interface ServoSample {
  posRad: number;
  velRadPerS: number;
  effortNm: number;
}

/** What is done with each servo before it may move, in order. */
export type SetupStep =
  /** `check` says what is wrong, as a sentence; undefined if nothing is. */
  | {
      readonly kind: "read";
      readonly block: Block;
      readonly check: (bytes: Uint8Array, start: number) => string | undefined;
    }
  | { readonly kind: "write"; readonly address: number; readonly data: Uint8Array }
  /** Leaves out the next `skipCount` steps where they are not needed. */
  | {
      readonly kind: "unless";
      readonly block: Block;
      readonly isSo: (bytes: Uint8Array, start: number) => boolean;
      readonly skipCount: number;
    }
  /** Reads where it is; that is where it is told to stay. */
  | { readonly kind: "adopt" }
  /** Reads it once more: still there, or it must not be powered. */
  | { readonly kind: "verify" }
  /** Powered or limp, as wanted. */
  | { readonly kind: "torque" };

/** One byte that a servo keeps as it was told for as long as it is well. */
export interface Vital {
  readonly block: Block;
  expected(isPowered: boolean): number;
  /** What it means that it is otherwise, as a sentence. */
  problem(found: number): string;
}

/** What a make of servos has of its own: registers, units, faults. No state. */
export interface ServoFamily {
  readonly name: string;
  readonly protocol: ServoProtocol;
  readonly telemetry: Block;
  readonly goal: Block;
  readonly torque: Block;
  /** Where a fault is told in full, if the status packet tells only that there is one. */
  readonly fault?: Block;
  /** Looked at from time to time: a servo that started again answers as if nothing had been. */
  readonly vitals: readonly Vital[];
  /** Several servos answer one question. */
  readonly canSyncRead: boolean;
  /** Without a packet for so long the servos stop by themselves, and have to be prepared anew. */
  readonly maxSilenceMs: number;
  /** Written to all when the bus is left in order. */
  readonly farewell?: { readonly block: Block; readonly data: Uint8Array };
  setup(servo: Servo): readonly SetupStep[];
  /** Asks all for a block in one packet; needed where `canSyncRead`. // hot path */
  askAll(block: Block, ids: Uint8Array): number;
  /** // hot path */
  putGoal(servo: Servo, axisRad: number, out: Uint8Array, at: number): void;
  /** // hot path */
  takeTelemetry(servo: Servo, bytes: Uint8Array, start: number, out: ServoSample): void;
  /** From a status packet's error byte: 0 nothing, -1 ask the fault block, else the bits. // hot path */
  faultBits(reply: StatusReply): number;
  /** `overheated, overloaded`. */
  faultText(bits: number): string;
  /** What was wrong with our request; empty if nothing. */
  requestError(reply: StatusReply): string;
}
