import type { Clock } from "../bridge/contract/clock.ts";
import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import type { RosPublisher, RosTransport } from "../bridge/contract/ros-transport.ts";
import type { Prediction } from "../bridge/contract/world-model.ts";
import { messageWriter } from "./messages/codec.ts";
import {
  asciiText,
  diagnosticsMessage,
  jointStateMessage,
  jointTrajectoryMessage,
  jpegMessage,
  type DiagnosticEntry,
  type JointTelemetry,
  type Stamped,
} from "./messages/message-mapping.ts";
import { makePredictedState, predictedStateAt, type PredictedState } from "./predicted-state.ts";
import { publicationTopics, type PublicationName } from "./publication-topics.ts";

export interface RosPublicationsOptions {
  readonly transport: RosTransport;
  /** Absolute, e.g. `/kairos`. */
  readonly namespace: string;
  /** Joint names in axis order, as every array given to the methods. */
  readonly axisNames: readonly string[];
  readonly frameIds: { readonly base: string; readonly camera: string };
  /** What /diagnostics speaks about, usually the device id. */
  readonly hardwareId: string;
  readonly clock: Clock;
}

const encodeJointState = messageWriter("sensor_msgs/msg/JointState");
const encodeTrajectory = messageWriter("trajectory_msgs/msg/JointTrajectory");
const encodeImage = messageWriter("sensor_msgs/msg/CompressedImage");
const encodeDiagnostics = messageWriter("diagnostic_msgs/msg/DiagnosticArray");

/**
 * Puts the bridge's state and predictions on the ROS graph. A message is built only while someone
 * listens: all topics are volatile, so nobody can ask for it later.
 *
 * The transport stays the caller's; closing it ends the publications.
 *
 * @throws BridgeError `config/invalid` for a namespace or an axis name that ROS cannot carry.
 */
export class RosPublications {
  readonly #publishers: Readonly<Record<PublicationName, RosPublisher>>;
  readonly #options: RosPublicationsOptions;
  readonly #predicted: PredictedState;

  constructor(options: RosPublicationsOptions) {
    checkAxisNames(options.axisNames);
    const topics = publicationTopics(options.namespace);
    const { transport } = options;
    this.#options = options;
    this.#predicted = makePredictedState(options.axisNames.length);
    this.#publishers = {
      predictedJointStates: transport.advertise(topics.predictedJointStates),
      predictedJointTrajectory: transport.advertise(topics.predictedJointTrajectory),
      predictedImage: transport.advertise(topics.predictedImage),
      jointStates: transport.advertise(topics.jointStates),
      cameraImage: transport.advertise(topics.cameraImage),
      diagnostics: transport.advertise(topics.diagnostics),
    };
  }

  /** Readers of one topic at present: whoever makes pictures may skip the work at 0. */
  matchedCount(publication: PublicationName): number {
    return this.#publishers[publication].matchedCount;
  }

  /**
   * Publishes candidate 0: the whole horizon stamped t0, and the state at now + `lookaheadMs`, stamped
   * with the time it is for (the nearest predicted step if that time is outside the horizon).
   *
   * @throws BridgeError `model/shape` if the prediction has other axes.
   */
  prediction(prediction: Prediction, lookaheadMs: number): void {
    this.#checkAxisCount("prediction", prediction.axisCount);
    const { axisNames, clock } = this.#options;
    const { predictedJointStates: states, predictedJointTrajectory: trajectory } = this.#publishers;
    if (states.matchedCount > 0) {
      const timeMs = clock.monotonicMs() + lookaheadMs;
      const state = predictedStateAt(prediction, timeMs, this.#predicted);
      const at = this.#inBase(state.stampMs);
      states.publish(encodeJointState(jointStateMessage(at, { axisNames, ...state })));
    }
    if (trajectory.matchedCount > 0) {
      const at = this.#inBase(prediction.stampMs);
      trajectory.publish(encodeTrajectory(jointTrajectoryMessage(at, axisNames, prediction)));
    }
  }

  /** Publishes the measured state. // hot path */
  jointState(telemetry: JointTelemetry): void {
    this.#checkAxisCount("telemetry", telemetry.jointPosRad.length);
    const publisher = this.#publishers.jointStates;
    if (publisher.matchedCount === 0) return;
    const message = jointStateMessage(this.#inBase(telemetry.stampMs), {
      axisNames: this.#options.axisNames,
      posRad: telemetry.jointPosRad,
      velRadPerS: telemetry.jointVelRadPerS,
      effortNm: telemetry.jointEffortNm,
    });
    publisher.publish(encodeJointState(message));
  }

  /** Publishes a camera picture taken at `stampMs` (monotonic). */
  camera(jpeg: Uint8Array, stampMs: number): void {
    this.#picture(this.#publishers.cameraImage, jpeg, stampMs);
  }

  /** Publishes the picture the camera is predicted to take at `stampMs` (monotonic). */
  predictedCamera(jpeg: Uint8Array, stampMs: number): void {
    this.#picture(this.#publishers.predictedImage, jpeg, stampMs);
  }

  /** Publishes the state of every part, stamped now. Monitors expect it once per second. */
  diagnostics(entries: readonly DiagnosticEntry[]): void {
    const publisher = this.#publishers.diagnostics;
    if (publisher.matchedCount === 0) return;
    const { clock, hardwareId } = this.#options;
    const stamp = clock.stampNsAt(clock.monotonicMs());
    publisher.publish(encodeDiagnostics(diagnosticsMessage(stamp, hardwareId, entries)));
  }

  #picture(publisher: RosPublisher, jpeg: Uint8Array, stampMs: number): void {
    if (publisher.matchedCount === 0) return;
    const { clock, frameIds } = this.#options;
    const at = { stamp: clock.stampNsAt(stampMs), frameId: frameIds.camera };
    publisher.publish(encodeImage(jpegMessage(at, jpeg)));
  }

  #inBase(timeMs: number): Stamped {
    const { clock, frameIds } = this.#options;
    return { stamp: clock.stampNsAt(timeMs), frameId: frameIds.base };
  }

  #checkAxisCount(what: string, found: number): void {
    const expected = this.#options.axisNames.length;
    if (found === expected) return;
    throw new BridgeError(
      ErrorCode.ModelShape,
      `${what} has ${found} axes, the publications have ${expected}`,
      { details: { found, expected } },
    );
  }
}

function checkAxisNames(axisNames: readonly string[]): void {
  const bad = axisNames.find((name) => name === "" || asciiText(name) !== name);
  if (bad === undefined) return;
  throw new BridgeError(ErrorCode.ConfigInvalid, `axis name is "${bad}", expected ASCII text`, {
    details: { axisName: bad },
  });
}
