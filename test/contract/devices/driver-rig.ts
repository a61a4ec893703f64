import type { ActuatorDriver } from "../../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";

/**
 * How bytes are spoiled on the way back from the device, for good until it is cleaned:
 * `noise`: frames drown in random bytes; `flip`: one bit of every frame is wrong; `half`: every frame
 * ends in its middle; `some`: one frame in five is spoiled in one of these ways, noise comes between.
 */
export type Garble = "noise" | "flip" | "half" | "some";

/**
 * The device at the other end of a driver, as it itself knows it, written without the driver's code.
 * What a protocol cannot have is left out, and the tests of it are skipped by name.
 */
export interface FarEnd {
  /** Where the joints are, in the service's axis order and signs, radians. */
  readonly posRad: () => readonly number[];
  /** Every motion command since the last call, oldest first, as positions like `posRad`. */
  readonly takeCommands: () => readonly (readonly number[])[];
  /** Powered or limp; left out where nothing goes limp. */
  readonly isEnabled?: () => boolean;
  /** The device answers nothing and hears nothing, its line being there. */
  readonly freeze?: () => void;
  readonly thaw?: () => void;
  /** The line itself is gone: port, socket or process. */
  readonly unplug?: () => void;
  readonly replug?: () => void;
  readonly garble?: (how: Garble) => void;
  readonly clean?: () => void;
  /** Answers come so late. */
  readonly delay?: (ms: number) => void;
  /** From now on it answers under an identity nobody configured. */
  readonly answerAsOther?: () => void;
  /** Another device shares the line and speaks in between, about itself. */
  readonly chatter?: () => void;
  /** A fault of the device's own, e.g. overheated: the driver's reason has to contain `expected`. */
  readonly fail?: () => { readonly expected: string };
  readonly recover?: () => void;
  /** A joint in the device's own words: degrees, ticks, FRD radians. */
  readonly native?: (axisIndex: number) => number;
  /** The last frame of the chain in the base frame, x y z w, from what the device says of its attitude. */
  readonly attitudeXyzw?: () => readonly number[];
}

/** A driver with its device, in a time the test moves or in real time. */
export interface DriverRig extends AsyncDisposable {
  readonly driver: ActuatorDriver;
  readonly device: DeviceDescription;
  readonly far: FarEnd;
  nowMs(): number;
  /**
   * Lets time pass for driver and device alike. A manual clock goes at most 5 ms at a time and lets what
   * is asynchronous run in between; a real one waits.
   */
  pass(ms: number): Promise<void>;
}

/** What the suite has to know of a driver beside its rig. */
export interface DriverUnderTest {
  readonly name: string;
  /** Opened and in contact; the device stands at home. */
  open(): Promise<DriverRig>;
  /** Coarsest of what the protocol can say of an angle; default 1e-6. */
  readonly resolutionRad?: number;
  /** How long the device needs for half a radian; default 2000. */
  readonly settleMs?: number;
  /** By the protocol's own documents: +1 where native numbers rise with ours, axis order. */
  readonly nativeSigns?: readonly (1 | -1)[];
  /** In real time: long loops are shortened. */
  readonly isRealTime?: boolean;
  /** Bytes `writeSetpoint` and `readTelemetry` together may allocate per call; default 200. */
  readonly maxBytesPerTick?: number;
}
