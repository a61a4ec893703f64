import type { Vector3, Xyzw } from "./kinematics.ts";

/** Where to look: a point of the live picture, right and down 0 to 1, or a direction in a frame of the device. */
export type AimTarget =
  | { readonly image: readonly [number, number]; readonly stampMs?: number }
  | { readonly bearing: Vector3; readonly frame?: string }
  /** What the world model sees, where it says it will be. */
  | { readonly predicted: true };

export type Aimed =
  | {
      readonly ok: true;
      /** Axis order; `null` leaves an axis as it is. */
      readonly posRad: readonly (number | null)[];
      /** How fast that place moves, where it was followed; left out: it stands. */
      readonly velRadPerS?: readonly (number | null)[];
      /** One sentence where it cannot be reached and this is the nearest. */
      readonly note?: string;
      /** To be called when the command is let through: only then what it told is remembered. */
      readonly remember?: () => void;
    }
  | { readonly ok: false; readonly reason: string };

/** From where the camera shall look to where the joints have to be. One per device. */
export interface Aim {
  /** The camera in this orientation (x forward, y left, z up) of a frame; left out: the base. */
  pose(orientationXyzw: Xyzw, frame: string | undefined, jointPosRad: readonly number[]): Aimed;
  /** The target in the middle of the picture. */
  lookAt(target: AimTarget, jointPosRad: readonly number[]): Aimed;
  /** The same, for one of a row of targets: also how fast it moves. */
  follow(target: AimTarget, jointPosRad: readonly number[], atMs: number): Aimed;
}
