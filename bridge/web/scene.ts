import type { Expectation } from "./expectation.ts";
import type { Pinhole, Xyzw } from "./projection.ts";

/** A live picture and what is expected at one step after it. */
export interface Scene {
  readonly camera: Pinhole;
  /** Base from optical frame when the live picture was taken. */
  readonly present: Xyzw;
  readonly expectation: Expectation;
  readonly step: number;
}
