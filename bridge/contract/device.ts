/** How a number came to be known. `assumed` limits are reported by `doctor`. */
export type Provenance = "measured" | "datasheet" | "assumed";

/** One actuated joint. Radians, right-handed, REP 103 signs. */
export interface AxisDescription {
  readonly name: string;
  readonly lowerRad: number;
  readonly upperRad: number;
  readonly maxVelocityRadPerS: number;
  readonly maxAccelerationRadPerS2: number;
  readonly maxJerkRadPerS3: number;
  readonly maxEffortNm: number;
  readonly provenance: Provenance;
  /** Turns for ever: positions wrap, the shorter way is taken, `lowerRad`..`upperRad` span one turn. */
  readonly continuous?: boolean;
  /** Kept free at either end of the range: commands are limited to what is left; default 0. */
  readonly softMarginRad?: number;
}

/** What a device allows of one axis: the part of its description that may be narrower than was configured. */
export type AxisLimits = Pick<
  AxisDescription,
  | "lowerRad"
  | "upperRad"
  | "maxVelocityRadPerS"
  | "maxAccelerationRadPerS2"
  | "maxJerkRadPerS3"
  | "continuous"
>;

/** The other axes may move only while `axis` is at or beyond `readyRad`. */
export interface DeployInterlock {
  readonly axis: string;
  readonly readyRad: number;
}

/** A revolute joint of the kinematic chain: rotate by `fixedXyzw`, then about `axis` by the joint angle. */
export interface ChainJoint {
  readonly axisName: string;
  /** Child frame after the rotation, e.g. `mount_yaw`. */
  readonly frameId: string;
  readonly translationM: readonly [number, number, number];
  readonly fixedXyzw: readonly [number, number, number, number];
  readonly axis: readonly [number, number, number];
}

/** A device as the rest of the service sees it. Axis order here is the order of every joint array. */
export interface DeviceDescription {
  readonly id: string;
  readonly profile: string;
  readonly axes: readonly AxisDescription[];
  readonly homeRad: readonly number[];
  /** Where the axes stand when folded away; left out: home with the interlock axis at its lower end. */
  readonly stowRad?: readonly number[];
  readonly interlock?: DeployInterlock;
  readonly baseFrameId: string;
  readonly chain: readonly ChainJoint[];
  /** Camera optical frame (z forward, x right, y down; REP 103) relative to the frame that carries it. */
  readonly camera: {
    readonly frameId: string;
    /** Chain frame that carries it; left out: the last one. */
    readonly parentFrameId?: string;
    readonly translationM: readonly [number, number, number];
    readonly fixedXyzw: readonly [number, number, number, number];
    readonly verticalFovRad: number;
  };
  /** How the device is reached; `kind` names a driver, which checks the rest. */
  readonly driver?: { readonly kind: string; readonly [setting: string]: unknown };
}
