import type { DiagnosticEntry } from "../../bridge/contract/diagnostics.ts";
import { errorText } from "../../bridge/contract/errors.ts";
import type { RosQos, RosSubscription, RosTransport } from "../../bridge/contract/ros-transport.ts";
import { systemTimers, type Timer, type Timers } from "../../bridge/core/timers.ts";
import { messageReader } from "../messages/codec.ts";
import type { RosMessages, RosTypeName } from "../messages/message-types.ts";
import type { CommandInput } from "./command-input.ts";
import type { InputNode } from "./observation-inputs.ts";

export interface CommandTopicsOptions {
  readonly node: Pick<RosTransport, "stats"> & InputNode;
  readonly input: CommandInput;
  readonly topics: { readonly trajectory: string; readonly velocity: string };
  /** Monotonic ms. */
  readonly now: () => number;
  readonly timers?: Timers;
}

// Late commands are worse than lost ones: only the newest counts, yet none is lost on a good link.
const commandQos: RosQos = { reliability: "reliable", durability: "volatile", depth: 1 };
/** While ROS holds the device, and while it does not. */
const activeTickMs = 20;
const idleTickMs = 200;
const publisherCheckMs = 200;

/** The command topics on the graph, and the time that passes between messages. */
export class CommandTopics implements Disposable {
  readonly #options: CommandTopicsOptions;
  readonly #timers: Timers;
  readonly #trajectory: RosSubscription;
  readonly #velocity: RosSubscription;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #checkedMs = Number.NEGATIVE_INFINITY;
  #isChecking = false;
  #isClosed = false;

  /** @throws BridgeError `ros/type` for names ROS does not allow. */
  constructor(options: CommandTopicsOptions) {
    const { input, topics } = options;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    const { trajectory, velocity } = topics;
    this.#trajectory = this.#subscribe(
      trajectory,
      "trajectory_msgs/msg/JointTrajectory",
      (message, atMs) => {
        input.trajectory(message, atMs);
      },
    );
    this.#velocity = this.#subscribe(
      velocity,
      "std_msgs/msg/Float64MultiArray",
      (message, atMs) => {
        input.velocity(message, atMs);
      },
    );
    // Also of those that come by an action.
    input.onCommand(() => {
      if (this.#dueMs - options.now() > activeTickMs) this.#schedule();
    });
    this.#schedule();
  }

  diagnostics(): DiagnosticEntry {
    const { input } = this.#options;
    const { refusals, barred } = input;
    const trouble = [
      ...(barred === undefined ? [] : [`control was lost: ${barred}`]),
      ...(refusals.isRecent ? [refusals.text()] : []),
    ];
    return {
      name: "kairos_bridge: ROS commands",
      level: trouble.length > 0 ? "warn" : "ok",
      message: trouble.length > 0 ? trouble.join("; ") : input.isHolding ? "in control" : "idle",
      values: {
        topics: `${this.#trajectory.topic.name}, ${this.#velocity.topic.name}`,
        in_control: input.isHolding,
        trajectories: input.trajectoryCount,
        velocities: input.velocityCount,
        ...refusals.values(),
      },
    };
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#trajectory.close();
    this.#velocity.close();
  }

  #subscribe<Name extends RosTypeName>(
    name: string,
    type: Name,
    take: (message: RosMessages[Name], arrivalMs: number) => void,
  ): RosSubscription {
    const decode = messageReader(type);
    const { node, input, now } = this.#options;
    return node.subscribe({ name, type, qos: commandQos }, (cdr) => {
      let message: RosMessages[Name];
      try {
        message = decode(cdr);
      } catch (error) {
        input.refusals.add("undecodable", errorText(error));
        return;
      }
      take(message, now());
    });
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer?.cancel();
    const delayMs = this.#options.input.isHolding ? activeTickMs : idleTickMs;
    this.#dueMs = this.#options.now() + delayMs;
    this.#timer = this.#timers.after(delayMs, () => {
      this.#tick();
    });
  }

  #tick(): void {
    const nowMs = this.#options.now();
    this.#options.input.tick(nowMs);
    if (nowMs - this.#checkedMs >= publisherCheckMs && !this.#isChecking) {
      this.#checkedMs = nowMs;
      void this.#checkPublishers();
    }
    this.#schedule();
  }

  /** Who is matched is known to the host; where that is gone, so are the publishers. */
  async #checkPublishers(): Promise<void> {
    this.#isChecking = true;
    const { node, input } = this.#options;
    try {
      const stats = await node.stats();
      const matched = ({ topic: { name } }: RosSubscription): number =>
        stats.topics.find((topic) => topic.name === name)?.matchedCount ?? 0;
      const counts = {
        velocity: matched(this.#velocity),
        trajectory: matched(this.#trajectory),
      };
      if (!this.#isClosed) input.publishers(counts);
    } catch {
      if (!this.#isClosed) input.publishers({ velocity: 0, trajectory: 0 });
    }
    this.#isChecking = false;
  }
}
