import type { Config } from "./config.ts";
import { actuationStatusWidth } from "./contract/actuation.ts";
import type { DeviceDescription } from "./contract/device.ts";
import { createFarDevice, type FarDeviceMemory } from "./contract/far-device.ts";
import { FrameMailbox } from "./contract/frame-mailbox.ts";
import { Heartbeats } from "./contract/heartbeats.ts";
import { previewWidth } from "./contract/preview.ts";
import { SampleRing } from "./contract/sample-ring.ts";
import { SharedRow } from "./contract/shared-row.ts";

/** A preview sample every 10 ms, for at most 4 s; 0.2 s more than the horizon, for a late prediction. */
const previewSampleMs = 10;
const previewMarginMs = 200;
const maxPreviewSamples = 400;
/** Longest model step the preview is sized for when the package is not known yet. */
const assumedStepMs = 50;

/** What threads share while the service runs: made once, handed to those that fill and read it. */
export interface SharedMemory {
  /** Rows of position, velocity, effort; 2 s of the simulator's 1 kHz. */
  readonly telemetry: SampleRing;
  /** Rows of position, velocity; 5 s of a 200 Hz loop. */
  readonly setpoints: SampleRing;
  /** Stamp, position, velocity: from the simulator's driver to the physics. */
  readonly simSetpoint: SharedRow;
  /** To and from a device that the main thread holds: a phone, a robot on ROS. */
  readonly far: FarDeviceMemory;
  /** Laid out as contract/preview.ts says. */
  readonly preview: SharedRow;
  /** In the order of `ActuationStatusField`. */
  readonly status: SharedRow;
  readonly camera: FrameMailbox;
  readonly heartbeats: Heartbeats;
}

export function createSharedMemory(config: Config, device: DeviceDescription): SharedMemory {
  const axisCount = device.axes.length;
  const previewMs = config.model.horizonSteps * assumedStepMs + previewMarginMs;
  const sampleCount = Math.min(Math.ceil(previewMs / previewSampleMs) + 1, maxPreviewSamples);
  const telemetry = SampleRing.create({ capacity: 2048, width: 3 * axisCount });
  return {
    telemetry,
    setpoints: SampleRing.create({ capacity: 1024, width: 2 * axisCount }),
    simSetpoint: SharedRow.create(1 + 2 * axisCount),
    far: createFarDevice(axisCount, telemetry),
    preview: SharedRow.create(previewWidth({ sampleCount, axisCount })),
    status: SharedRow.create(actuationStatusWidth),
    camera: FrameMailbox.create({
      widthPx: config.sim.cameraWidthPx,
      heightPx: config.sim.cameraHeightPx,
    }),
    heartbeats: new Heartbeats(),
  };
}
