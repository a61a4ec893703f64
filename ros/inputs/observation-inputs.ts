import type { DiagnosticEntry } from "../../bridge/contract/diagnostics.ts";
import type { FrameMailbox } from "../../bridge/contract/frame-mailbox.ts";
import type { Log } from "../../bridge/contract/log.ts";
import type { RosQos, RosSubscription } from "../../bridge/contract/ros-transport.ts";
import type { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { messageReader, type Decode } from "../messages/codec.ts";
import type { RosMessages, RosTypeName } from "../messages/message-types.ts";
import type { QosPolicy } from "../node/qos-overrides.ts";
import type { NodeTopic } from "../node/ros-node.ts";
import { JointStateInput } from "./joint-state-input.ts";
import { MeasuredStampMap } from "./measured-stamp-map.ts";
import { PictureInput, type DecodePicture, type FitPicture } from "./picture-input.ts";
import { Refusals } from "./refusals.ts";
import { SimStampMap } from "./sim-stamp-map.ts";
import { stampToMs, type StampLimits } from "./stamp-map.ts";

/** The part of a node that inputs need. */
export interface InputNode {
  subscribe(topic: NodeTopic, onMessage: (cdr: Uint8Array) => void): RosSubscription;
}

/** Topic names; empty = not subscribed. */
export interface ObservationTopics {
  readonly jointStates: string;
  readonly image: string;
  readonly compressedImage: string;
}

export interface ObservationInputsOptions {
  /** Resolves names, and takes quality of service from parameters. */
  readonly node: InputNode;
  readonly topics: ObservationTopics;
  readonly axisNames: readonly string[];
  /** What ROS calls them, in the same order. */
  readonly jointNames: readonly string[];
  readonly telemetry: SampleRing;
  readonly camera: FrameMailbox;
  /** `measured`: against the quickest message. `sim`: by /clock, as with use_sim_time. */
  readonly stamps: "measured" | "sim";
  readonly limits: StampLimits;
  readonly maxPictureRateHz: number;
  readonly fit: FitPicture;
  readonly decode: DecodePicture;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly log: Log;
}

// rmw_qos_profile_sensor_data, which matches reliable and best-effort writers alike.
const jointQos: RosQos = { reliability: "best_effort", durability: "volatile", depth: 10 };
/** What a user may change by qos_overrides. */
const overridable: readonly QosPolicy[] = ["depth", "durability", "reliability"];
const newestQos: RosQos = { reliability: "best_effort", durability: "volatile", depth: 1 };

/** A robot that has not been heard for this long is not there. */
const silentMs = 1000;

/**
 * The robot as ROS tells of it: subscriptions that fill the telemetry history and the camera mailbox,
 * from which observations are taken as from any other device.
 */
export class ObservationInputs implements Disposable {
  readonly joints: JointStateInput;
  readonly pictures: PictureInput;
  /** Bytes that are no message of their type. */
  readonly undecodable: Refusals;
  readonly #options: ObservationInputsOptions;
  readonly #stamps: MeasuredStampMap | SimStampMap;
  readonly #subscriptions: RosSubscription[] = [];

  /** @throws BridgeError `ros/type` for names ROS does not allow. */
  constructor(options: ObservationInputsOptions) {
    const { limits, telemetry, camera, fit, decode, axisNames, jointNames } = options;
    this.#options = options;
    this.#stamps =
      options.stamps === "sim" ? new SimStampMap(limits) : new MeasuredStampMap(limits);
    const stamps = this.#stamps;
    const onRefused = (reason: string, text: string): void => {
      options.log.warn({ reason, text }, "a ROS message was not used; counted in /diagnostics");
    };
    this.undecodable = new Refusals(onRefused);
    this.joints = new JointStateInput({ axisNames, jointNames, telemetry, stamps, onRefused });
    this.pictures = new PictureInput({
      camera,
      stamps,
      fit,
      decode,
      maxRateHz: options.maxPictureRateHz,
      onRefused,
    });
    this.#subscribeAll();
  }

  /** Monotonic ms of the newest joint state; NaN before the first. */
  get lastStampMs(): number {
    return this.joints.lastStampMs;
  }

  diagnostics(): readonly DiagnosticEntry[] {
    return [this.#jointDiagnostics(), this.#pictureDiagnostics()];
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription.close();
    this.#subscriptions.length = 0;
    this.pictures.close();
  }

  #subscribeAll(): void {
    const { topics, now } = this.#options;
    const stamps = this.#stamps;
    if (stamps instanceof SimStampMap) {
      this.#subscribe("/clock", "rosgraph_msgs/msg/Clock", newestQos, ({ clock }) => {
        stamps.tick(stampToMs(clock), now());
      });
    }
    this.#subscribe(topics.jointStates, "sensor_msgs/msg/JointState", jointQos, (message) => {
      this.joints.take(message, now());
    });
    this.#subscribe(topics.image, "sensor_msgs/msg/Image", newestQos, (message) => {
      this.pictures.takeRaw(message, now());
    });
    const compressed = topics.compressedImage;
    this.#subscribe(compressed, "sensor_msgs/msg/CompressedImage", newestQos, (message) => {
      this.pictures.takeCompressed(message, now());
    });
  }

  #subscribe<Name extends RosTypeName>(
    name: string,
    type: Name,
    qos: RosQos,
    take: (message: RosMessages[Name]) => void,
  ): void {
    if (name === "") return;
    const decode: Decode<RosMessages[Name]> = messageReader(type);
    const subscription = this.#options.node.subscribe({ name, type, qos, overridable }, (cdr) => {
      let message: RosMessages[Name];
      try {
        message = decode(cdr);
      } catch (error) {
        this.undecodable.add("undecodable", error instanceof Error ? error.message : String(error));
        return;
      }
      take(message);
    });
    this.#subscriptions.push(subscription);
  }

  #jointDiagnostics(): DiagnosticEntry {
    const { topics, now, stamps } = this.#options;
    const { joints, undecodable } = this;
    const isSilent = !(now() - joints.lastStampMs <= silentMs);
    return {
      name: "kairos_bridge: joint states",
      ...inputLevel(topics.jointStates, isSilent, [joints.refusals, undecodable]),
      values: {
        topic: topics.jointStates,
        taken: joints.takenCount,
        derived_velocity: joints.derivedCount,
        ...joints.refusals.values(),
        ...undecodable.values(),
        stamps,
        clock_offset_ms: Math.round(this.#stamps.offsetMs * 1000) / 1000,
        clock_steps: this.#stamps.stepCount,
      },
    };
  }

  #pictureDiagnostics(): DiagnosticEntry {
    const { topics, now } = this.#options;
    const { pictures } = this;
    const name = [topics.image, topics.compressedImage].filter((each) => each !== "").join(", ");
    const isSilent = name !== "" && !(now() - pictures.lastStampMs <= silentMs);
    return {
      name: "kairos_bridge: camera",
      ...inputLevel(name, isSilent, [pictures.refusals]),
      values: {
        topics: name,
        taken: pictures.takenCount,
        passed_over: pictures.skippedCount,
        ...pictures.refusals.values(),
      },
    };
  }
}

/** What was refused lately is a warning; what is not there at all is stale. */
function inputLevel(
  topic: string,
  isSilent: boolean,
  refusals: readonly Refusals[],
): Pick<DiagnosticEntry, "level" | "message"> {
  const recent = refusals.filter((each) => each.isRecent).map((each) => each.text());
  if (isSilent) return { level: "stale", message: [`${topic} is silent`, ...recent].join("; ") };
  return recent.length > 0
    ? { level: "warn", message: recent.join("; ") }
    : { level: "ok", message: topic === "" ? "no topic" : "observed" };
}
