import type { DiagnosticEntry, DiagnosticLevel } from "../../bridge/contract/diagnostics.ts";
import type { Frame } from "../../bridge/contract/frame.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import type { StampNs } from "../../bridge/contract/units.ts";
import type { Prediction } from "../../bridge/contract/world-model.ts";
import type {
  CompressedImage,
  DiagnosticArray,
  Header,
  Image,
  JointState,
  JointTrajectory,
  JointTrajectoryPoint,
  RosTime,
} from "./message-types.ts";

/** Measured joints at one instant; an `Observation` is one. Arrays in axis order. */
export type JointTelemetry = Pick<
  Observation,
  "stampMs" | "jointPosRad" | "jointVelRadPerS" | "jointEffortNm"
>;

export interface Stamped {
  readonly stamp: StampNs;
  readonly frameId: string;
}

const nsPerS = 1_000_000_000n;
const noNumbers = new Float64Array(0);
// diagnostic_msgs/DiagnosticStatus: OK, WARN, ERROR, STALE.
const levelNumber: Readonly<Record<DiagnosticLevel, number>> = {
  ok: 0,
  warn: 1,
  error: 2,
  stale: 3,
};

export function headerMessage({ stamp, frameId }: Stamped): Header {
  return { stamp: rosTime(stamp), frame_id: frameId };
}

/** The state of every axis; a sequence that is left out is empty, as sensor_msgs/JointState allows. */
export function jointStateMessage(
  at: Stamped,
  state: {
    readonly axisNames: readonly string[];
    readonly posRad: Float64Array;
    readonly velRadPerS: Float64Array;
    readonly effortNm?: Float64Array;
  },
): JointState {
  return {
    header: headerMessage(at),
    name: state.axisNames,
    position: state.posRad,
    velocity: state.velRadPerS,
    effort: state.effortNm ?? noNumbers,
  };
}

/**
 * Candidate 0 of a prediction. `at.stamp` must be t0: point k (1..K) is the state k steps later, so
 * `time_from_start` rises strictly and starts at one step. The type has no place for a deviation, and
 * effort and acceleration stay empty: the model predicts neither.
 */
export function jointTrajectoryMessage(
  at: Stamped,
  axisNames: readonly string[],
  prediction: Prediction,
): JointTrajectory {
  const points: JointTrajectoryPoint[] = [];
  for (let step = 1; step <= prediction.horizonSteps; step += 1) {
    const from = (step - 1) * prediction.axisCount;
    const to = from + prediction.axisCount;
    points.push({
      positions: Float64Array.from(prediction.meanPosRad.subarray(from, to)),
      velocities: Float64Array.from(prediction.meanVelRadPerS.subarray(from, to)),
      accelerations: noNumbers,
      effort: noNumbers,
      time_from_start: rosDuration(step * prediction.stepMs),
    });
  }
  return { header: headerMessage(at), joint_names: axisNames, points };
}

/** A baseline JPEG picture; `format` is the word image_transport's decoder looks for. */
export function jpegMessage(at: Stamped, jpeg: Uint8Array): CompressedImage {
  return { header: headerMessage(at), format: "jpeg", data: jpeg };
}

/** Uncompressed RGB, as image_transport calls it. */
export function imageMessage(at: Stamped, { widthPx, heightPx, rgb }: Frame): Image {
  return {
    header: headerMessage(at),
    height: heightPx,
    width: widthPx,
    encoding: "rgb8",
    is_bigendian: 0,
    step: 3 * widthPx,
    data: rgb,
  };
}

export function diagnosticsMessage(
  stamp: StampNs,
  hardwareId: string,
  entries: readonly DiagnosticEntry[],
): DiagnosticArray {
  return {
    header: headerMessage({ stamp, frameId: "" }),
    status: entries.map((entry) => ({
      level: levelNumber[entry.level],
      name: entry.name,
      message: entry.message,
      hardware_id: hardwareId,
      values: Object.entries(entry.values).map(([key, value]) => ({
        key,
        value: String(value),
      })),
    })),
  };
}

/** Rounds towards the past, also before 1970: `nanosec` counts upwards from `sec`. */
export function rosTime(stamp: StampNs): RosTime {
  let sec = stamp / nsPerS;
  let nanosec = stamp % nsPerS;
  if (nanosec < 0n) {
    sec -= 1n;
    nanosec += nsPerS;
  }
  return { sec: Number(sec), nanosec: Number(nanosec) };
}

/** A duration of 0 or more, to the nearest nanosecond. */
export function rosDuration(durationMs: number): RosTime {
  const totalNs = Math.round(durationMs * 1e6);
  return { sec: Math.floor(totalNs / 1e9), nanosec: totalNs % 1e9 };
}
