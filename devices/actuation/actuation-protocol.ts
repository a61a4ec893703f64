import type { ActuationCommand, ActuationEvent } from "../../bridge/contract/actuation.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { FaultPlanData } from "../../bridge/core/faults/fault-plan.ts";
import type { DriverChoice } from "../drivers/open-driver.ts";

/** Everything the worker gets: buffers of contract types made by the composition root. */
export interface ActuationWorkerData {
  readonly device: DeviceDescription;
  readonly driver: DriverChoice;
  readonly periodMs: number;
  readonly previewSampleCount: number;
  /** SampleRing, width 3 * axes. */
  readonly telemetry: SharedArrayBuffer;
  /** SampleRing, width 2 * axes. */
  readonly setpoints: SharedArrayBuffer;
  /** SharedRow, laid out as bridge/contract/preview.ts says. */
  readonly preview: SharedArrayBuffer;
  /** SharedRow, width `actuationStatusWidth`. */
  readonly status: SharedArrayBuffer;
  /** Heartbeats. */
  readonly heartbeats: SharedArrayBuffer;
  /** What to make fail on purpose. */
  readonly faults?: FaultPlanData;
}

export interface ToActuation {
  readonly kind: "command";
  readonly command: ActuationCommand;
}

export interface FromActuation {
  readonly kind: "event";
  readonly event: ActuationEvent;
}

export interface ActuationReady {
  readonly driverName: string;
  readonly periodMs: number;
}
