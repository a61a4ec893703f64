import type { Clock } from "../bridge/contract/clock.ts";
import type { DeviceDescription } from "../bridge/contract/device.ts";
import type { DiagnosticEntry } from "../bridge/contract/diagnostics.ts";
import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import type { Frame } from "../bridge/contract/frame.ts";
import type { RosPublisher } from "../bridge/contract/ros-transport.ts";
import type { Prediction, WorldModelDescription } from "../bridge/contract/world-model.ts";
import { cameraIntrinsics } from "../bridge/core/camera.ts";
import { messageWriter } from "./messages/codec.ts";
import {
  cameraInfoMessage,
  poseMessage,
  transformsMessage,
  type FrameEdge,
} from "./messages/graph-mapping.ts";
import {
  diagnosticsMessage,
  imageMessage,
  jointStateMessage,
  jointTrajectoryMessage,
  jpegMessage,
  type JointTelemetry,
  type Stamped,
} from "./messages/message-mapping.ts";
import { worldModelPredictionMessage } from "./messages/prediction-mapping.ts";
import type { RosNode } from "./node/ros-node.ts";
import { makePredictedState, predictedStateAt, type PredictedState } from "./predicted-state.ts";
import { publicationTopics, type PublicationName } from "./publication-topics.ts";
import { JointFrames } from "./publications/frame-tree.ts";
import { PredictedPose } from "./publications/predicted-pose.ts";

export interface RosPublicationsOptions {
  readonly node: RosNode;
  /** Joint names, frames, and what /diagnostics speaks about. */
  readonly device: DeviceDescription;
  readonly clock: Clock;
  /** The model that predicts at present; it may be exchanged while the service runs. */
  readonly model: () => WorldModelDescription;
  /** Edges of the TF tree that no joint turns: where the payload and the sensors sit. */
  readonly fixedFrames?: readonly FrameEdge[];
  /** URDF for robot_description; without it the topic stays empty. */
  readonly urdf?: string;
}

const encodeJointState = messageWriter("sensor_msgs/msg/JointState");
const encodeTrajectory = messageWriter("trajectory_msgs/msg/JointTrajectory");
const encodePrediction = messageWriter("kairos_msgs/msg/WorldModelPrediction");
const encodePose = messageWriter("geometry_msgs/msg/PoseWithCovarianceStamped");
const encodeJpeg = messageWriter("sensor_msgs/msg/CompressedImage");
const encodeImage = messageWriter("sensor_msgs/msg/Image");
const encodeCameraInfo = messageWriter("sensor_msgs/msg/CameraInfo");
const encodeDiagnostics = messageWriter("diagnostic_msgs/msg/DiagnosticArray");
const encodeTransforms = messageWriter("tf2_msgs/msg/TFMessage");
const encodeString = messageWriter("std_msgs/msg/String");

/**
 * Puts the bridge's state and predictions on the ROS graph. What is volatile is built only while
 * someone listens, since nobody can ask for it later; what is latched is published once, at the start.
 *
 * The transport stays the caller's; closing it ends the publications.
 *
 * @throws BridgeError `config/invalid` for an axis name that ROS cannot carry; `ros/arguments` for a
 * name that a remap has made impossible.
 */
export class RosPublications {
  readonly #publishers: Readonly<Record<PublicationName, RosPublisher>>;
  readonly #options: RosPublicationsOptions;
  readonly #axisNames: readonly string[];
  readonly #predicted: PredictedState;
  readonly #pose: PredictedPose;
  readonly #frames: JointFrames;

  constructor(options: RosPublicationsOptions) {
    const { device, node } = options;
    this.#axisNames = device.axes.map(({ name }) => name);
    checkAxisNames(this.#axisNames);
    this.#options = options;
    this.#predicted = makePredictedState(device.axes.length);
    this.#pose = new PredictedPose(device);
    this.#frames = new JointFrames(device);
    const advertised = Object.entries(publicationTopics).map(([name, topic]) => [
      name,
      node.advertise(topic),
    ]);
    this.#publishers = Object.fromEntries(advertised) as Record<PublicationName, RosPublisher>;
    this.#latch();
  }

  /** Readers of one topic at present: whoever makes pictures may skip the work at 0. */
  matchedCount(publication: PublicationName): number {
    return this.#publishers[publication].matchedCount;
  }

  /**
   * Publishes candidate 0: the whole horizon stamped t0, and state and camera pose at now +
   * `lookaheadMs`, stamped with the time they are for (the nearest predicted step if that time is
   * outside the horizon).
   *
   * @throws BridgeError `model/shape` if the prediction has other axes.
   */
  prediction(prediction: Prediction, lookaheadMs: number): void {
    this.#checkAxisCount("prediction", prediction.axisCount);
    const { predictedJointTrajectory: trajectory, worldModelPrediction: whole } = this.#publishers;
    if (trajectory.matchedCount > 0) {
      const at = this.#inBase(prediction.stampMs);
      trajectory.publish(encodeTrajectory(jointTrajectoryMessage(at, this.#axisNames, prediction)));
    }
    if (whole.matchedCount > 0) {
      const { model, clock } = this.#options;
      const of = { axisNames: this.#axisNames, model: model(), nowMs: clock.monotonicMs() };
      const at = this.#inBase(prediction.stampMs);
      whole.publish(encodePrediction(worldModelPredictionMessage(at, prediction, of)));
    }
    this.#predictedState(prediction, lookaheadMs);
  }

  /** Publishes the measured state. // hot path */
  jointState(telemetry: JointTelemetry): void {
    this.#checkAxisCount("telemetry", telemetry.jointPosRad.length);
    const { jointStates } = this.#publishers;
    if (jointStates.matchedCount > 0) {
      const message = jointStateMessage(this.#inBase(telemetry.stampMs), {
        axisNames: this.#axisNames,
        posRad: telemetry.jointPosRad,
        velRadPerS: telemetry.jointVelRadPerS,
        effortNm: telemetry.jointEffortNm,
      });
      jointStates.publish(encodeJointState(message));
    }
  }

  /** Publishes the frames that the joints turn. // hot path */
  transforms({ stampMs, jointPosRad }: Pick<JointTelemetry, "stampMs" | "jointPosRad">): void {
    const publisher = this.#publishers.transforms;
    if (publisher.matchedCount === 0) return;
    const stamp = this.#options.clock.stampNsAt(stampMs);
    publisher.publish(encodeTransforms(transformsMessage(stamp, this.#frames.at(jointPosRad))));
  }

  /** Publishes a camera picture taken at `stampMs` (monotonic). */
  camera(jpeg: Uint8Array, stampMs: number): void {
    this.#picture(this.#publishers.cameraImage, jpeg, stampMs);
  }

  /** Publishes the pixels, and how the camera sees, with the same stamp. */
  cameraRaw(frame: Frame): void {
    const { cameraRaw, cameraInfo } = this.#publishers;
    const at = this.#inCamera(frame.stampMs);
    if (cameraRaw.matchedCount > 0) cameraRaw.publish(encodeImage(imageMessage(at, frame)));
    if (cameraInfo.matchedCount > 0) {
      const { verticalFovRad } = this.#options.device.camera;
      const camera = cameraIntrinsics(frame.widthPx, frame.heightPx, verticalFovRad);
      cameraInfo.publish(encodeCameraInfo(cameraInfoMessage(at, camera)));
    }
  }

  /** Publishes the picture the camera is predicted to take at `stampMs` (monotonic). */
  predictedCamera(jpeg: Uint8Array, stampMs: number): void {
    this.#picture(this.#publishers.predictedImage, jpeg, stampMs);
  }

  /** Publishes the state of every part, stamped now. Monitors expect it once per second. */
  diagnostics(entries: readonly DiagnosticEntry[]): void {
    const publisher = this.#publishers.diagnostics;
    if (publisher.matchedCount === 0) return;
    const { clock, device } = this.#options;
    const stamp = clock.stampNsAt(clock.monotonicMs());
    publisher.publish(encodeDiagnostics(diagnosticsMessage(stamp, device.id, entries)));
  }

  #predictedState(prediction: Prediction, lookaheadMs: number): void {
    const { predictedJointStates: states, predictedPose } = this.#publishers;
    if (states.matchedCount + predictedPose.matchedCount === 0) return;
    const timeMs = this.#options.clock.monotonicMs() + lookaheadMs;
    const state = predictedStateAt(prediction, timeMs, this.#predicted);
    const at = this.#inBase(state.stampMs);
    if (states.matchedCount > 0) {
      const { posRad, velRadPerS } = state;
      const message = jointStateMessage(at, { axisNames: this.#axisNames, posRad, velRadPerS });
      states.publish(encodeJointState(message));
    }
    if (predictedPose.matchedCount > 0) {
      const { pose, covariance } = this.#pose.at(state.posRad, state.stdPosRad);
      predictedPose.publish(encodePose(poseMessage(at, pose, covariance)));
    }
  }

  #picture(publisher: RosPublisher, jpeg: Uint8Array, stampMs: number): void {
    if (publisher.matchedCount === 0) return;
    publisher.publish(encodeJpeg(jpegMessage(this.#inCamera(stampMs), jpeg)));
  }

  #latch(): void {
    const { clock, fixedFrames = [], urdf } = this.#options;
    const { staticTransforms, robotDescription } = this.#publishers;
    if (fixedFrames.length > 0) {
      const stamp = clock.stampNsAt(clock.monotonicMs());
      staticTransforms.publish(encodeTransforms(transformsMessage(stamp, fixedFrames)));
    }
    if (urdf !== undefined) robotDescription.publish(encodeString({ data: urdf }));
  }

  #inBase(timeMs: number): Stamped {
    const { clock, device } = this.#options;
    return { stamp: clock.stampNsAt(timeMs), frameId: device.baseFrameId };
  }

  #inCamera(timeMs: number): Stamped {
    const { clock, device } = this.#options;
    return { stamp: clock.stampNsAt(timeMs), frameId: device.camera.frameId };
  }

  #checkAxisCount(what: string, found: number): void {
    const expected = this.#axisNames.length;
    if (found === expected) return;
    throw new BridgeError(
      ErrorCode.ModelShape,
      `${what} has ${found} axes, the publications have ${expected}`,
      { details: { found, expected } },
    );
  }
}

function checkAxisNames(axisNames: readonly string[]): void {
  const bad = axisNames.find((name) => name === "");
  if (bad === undefined) return;
  throw new BridgeError(ErrorCode.ConfigInvalid, `axis name is "${bad}", expected a name`, {
    details: { axisName: bad },
  });
}
