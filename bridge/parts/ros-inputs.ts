import type { RosActions, RosActionServer } from "../../ros/actions/action-port.ts";
import { serveTrajectories } from "../../ros/actions/trajectory-action.ts";
import { TrajectoryGoals } from "../../ros/inputs/trajectory-goals.ts";
import type { JointTrajectory } from "../../ros/messages/message-types.ts";
import { CommandInput } from "../../ros/inputs/command-input.ts";
import { CommandTopics } from "../../ros/inputs/command-topics.ts";
import { ObservationInputs } from "../../ros/inputs/observation-inputs.ts";
import { stampToMs } from "../../ros/inputs/stamp-map.ts";
import { nodeService } from "../../ros/node/node-service.ts";
import type { RosNode } from "../../ros/node/ros-node.ts";
import { serveAll } from "../../ros/node/serve.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../contract/clock.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { DiagnosticEntry } from "../contract/diagnostics.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import { Thread } from "../contract/heartbeats.ts";
import type { Log } from "../contract/log.ts";
import type { ControlDesk } from "../control/desk.ts";
import { decodeJpeg } from "../media/jpeg.ts";
import type { SharedMemory } from "../shared-memory.ts";
import { pictureFitter } from "./fit-picture.ts";
import { DeskSeat } from "./desk-seat.ts";
import { commandRunner } from "./ros-trajectories.ts";

/** A host that has been silent for so long does not vouch for the publishers behind it. */
const hostSilentMs = 500;

export interface RosInputsOptions {
  readonly node: RosNode;
  readonly memory: SharedMemory;
  readonly clock: Clock;
  /** What stamps on ROS mean. */
  readonly time: Clock;
  readonly log: Log;
  /** Undefined where the transport has no services. */
  readonly actions?: RosActions | undefined;
}

/** What ROS tells the service: observations, where they come from there, and commands. */
export class RosInputs implements AsyncDisposable {
  readonly #config: Config;
  readonly #device: DeviceDescription;
  readonly #options: RosInputsOptions;
  readonly #observations: ObservationInputs | undefined;
  #commands:
    | {
        readonly topics: CommandTopics;
        readonly seat: DeskSeat;
        readonly servers: readonly { close(): void }[];
      }
    | undefined;

  /** @throws BridgeError `config/invalid`, `ros/arguments` for names that do not fit. */
  constructor(config: Config, device: DeviceDescription, options: RosInputsOptions) {
    this.#config = config;
    this.#device = device;
    this.#options = options;
    if (config.observation.source === "ros") this.#observations = this.#openObservations();
  }

  diagnostics(): readonly DiagnosticEntry[] {
    return [
      ...(this.#observations?.diagnostics() ?? []),
      ...(this.#commands === undefined ? [] : [this.#commands.topics.diagnostics()]),
    ];
  }

  /** Command topics at the desk, if the configuration allows ROS to command. */
  openCommands(desk: ControlDesk): void {
    const { node, clock, memory, log } = this.#options;
    const { acquire, ttlMs, releaseAfterMs, trajectoryTopic, velocityTopic } =
      this.#config.rosCommands;
    if (acquire === "off") return;
    const now = (): number => clock.monotonicMs();
    const { axes, id: deviceId } = this.#device;
    const seat = new DeskSeat({
      id: "ros",
      client: "ROS 2",
      desk,
      deviceId,
      now,
      isAlive: () => memory.heartbeats.ageMs(Thread.Ros, now()) < hostSilentMs,
    });
    const row = new Float64Array(2 * axes.length);
    const input = new CommandInput({
      seat,
      axes,
      ttlMs,
      acquire,
      releaseAfterMs,
      setpoint: () => {
        const stampMs = memory.setpoints.latest(row);
        return {
          stampMs: Number.isNaN(stampMs) ? now() : stampMs,
          posRad: row.subarray(0, axes.length),
          velRadPerS: row.subarray(axes.length),
        };
      },
      startOf: this.#startOf,
      onRefused: (reason, text) => {
        log.warn({ reason, text }, "a ROS command was refused; counted in /diagnostics");
      },
    });
    const topics = new CommandTopics({
      node,
      input,
      topics: { trajectory: trajectoryTopic, velocity: velocityTopic },
      now,
    });
    const servers = node.hasServices
      ? serveAll(node, [
          nodeService("~/control", "std_srvs/srv/SetBool", ({ data }) =>
            input.requestControl(data),
          ),
        ])
      : [];
    const closers = [...servers, ...this.#serveTrajectories(input)];
    this.#commands = { topics, seat, servers: closers };
  }

  /** FollowJointTrajectory beside the topic, with the same lease and the same checks. */
  #serveTrajectories(input: CommandInput): readonly RosActionServer[] {
    const { actions, memory, clock, time, log } = this.#options;
    if (actions === undefined) return [];
    const { axes } = this.#device;
    const row = new Float64Array(3 * axes.length);
    const handler = new TrajectoryGoals({
      runner: commandRunner(input, {
        now: () => clock.monotonicMs(),
        startOf: this.#startOf,
      }),
      axisNames: axes.map((axis) => axis.name),
      measured: (posRad) => {
        memory.telemetry.latest(row);
        posRad.set(row.subarray(0, axes.length));
      },
      now: () => clock.monotonicMs(),
    });
    const { namespace } = this.#config.ros;
    const name = `${namespace === "/" ? "" : namespace}/follow_joint_trajectory`;
    return [serveTrajectories(actions, { name, handler, clock: time, log })];
  }

  /** Monotonic start of a trajectory; a stamp of zero is "now" (trajectory_msgs/JointTrajectory). */
  readonly #startOf = ({ header: { stamp } }: JointTrajectory, arrivalMs: number): number => {
    const nowMs = Number(this.#options.time.stampNsAt(arrivalMs)) / 1e6;
    return stampToMs(stamp) === 0 ? arrivalMs : arrivalMs + stampToMs(stamp) - nowMs;
  };

  [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#commands?.servers ?? []) server.close();
    this.#commands?.topics[Symbol.dispose]();
    this.#commands?.seat.close("ROS is being closed");
    this.#observations?.[Symbol.dispose]();
    return Promise.resolve();
  }

  #openObservations(): ObservationInputs {
    const { node, memory, clock, log } = this.#options;
    const { rosInputs, ros, sim } = this.#config;
    const axisNames = this.#device.axes.map((axis) => axis.name);
    return new ObservationInputs({
      node,
      topics: {
        jointStates: rosInputs.jointStatesTopic,
        image: rosInputs.imageTopic,
        compressedImage: rosInputs.compressedImageTopic,
      },
      axisNames,
      jointNames: jointNames(rosInputs.jointNames, axisNames),
      telemetry: memory.telemetry,
      camera: memory.camera,
      stamps: ros.useSimTime ? "sim" : "measured",
      limits: { maxAgeMs: rosInputs.maxStampAgeMs, maxAheadMs: rosInputs.maxStampAheadMs },
      maxPictureRateHz: sim.cameraRateHz,
      fit: pictureFitter(memory.camera),
      decode: decodeJpeg,
      now: () => clock.monotonicMs(),
      log,
    });
  }
}

/** @throws BridgeError `config/invalid` when there are names for some axes only. */
function jointNames(found: readonly string[], axisNames: readonly string[]): readonly string[] {
  if (found.length === 0) return axisNames;
  if (found.length === axisNames.length && new Set(found).size === found.length) return found;
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    `rosInputs.jointNames is ${found.join(", ")}, expected ${axisNames.length} different names: of ${axisNames.join(", ")}`,
  );
}
