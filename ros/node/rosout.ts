import type { Clock } from "../../bridge/contract/clock.ts";
import type { RosPublisher } from "../../bridge/contract/ros-transport.ts";
import { messageWriter } from "../messages/codec.ts";
import { rosTime } from "../messages/message-mapping.ts";
import type { NodeTopic } from "./ros-node.ts";

/** rcl_interfaces/msg/Log. */
const levelNumber = { warn: 30, error: 40 } as const;

/** As rcl has it: a monitor that comes late sees what was said in the last ten seconds. */
export const rosoutTopic: NodeTopic = {
  name: "/rosout",
  type: "rcl_interfaces/msg/Log",
  qos: { reliability: "reliable", durability: "transient_local", depth: 1000, lifespanMs: 10_000 },
};

export interface RosoutOptions {
  readonly publisher: RosPublisher;
  /** ROS logger name: `kairos.kairos_bridge`. */
  readonly name: string;
  readonly clock: Clock;
}

const encode = messageWriter("rcl_interfaces/msg/Log");
const maxTextLength = 2000;
/** A fault that logs without end must not become traffic without end, least of all one of the transport. */
const maxPerSecond = 50;

/** Puts log lines on /rosout; more than 50 in a second are counted and told of afterwards. */
export class Rosout {
  readonly #options: RosoutOptions;
  #secondBegan = Number.NEGATIVE_INFINITY;
  #sentCount = 0;
  #silentCount = 0;

  constructor(options: RosoutOptions) {
    this.#options = options;
  }

  tell(
    level: keyof typeof levelNumber,
    fields: Readonly<Record<string, unknown>>,
    sentence: string,
  ): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#secondBegan >= 1000) this.#beginSecond(nowMs);
    this.#sentCount += 1;
    if (this.#sentCount > maxPerSecond) this.#silentCount += 1;
    else this.#publish(level, textOf(fields, sentence), nowMs);
  }

  #beginSecond(nowMs: number): void {
    const silentCount = this.#silentCount;
    this.#secondBegan = nowMs;
    this.#sentCount = 0;
    this.#silentCount = 0;
    if (silentCount > 0) this.#publish("warn", `${silentCount} lines were not shown here`, nowMs);
  }

  #publish(level: keyof typeof levelNumber, text: string, nowMs: number): void {
    const { publisher, name, clock } = this.#options;
    const message = encode({
      stamp: rosTime(clock.stampNsAt(nowMs)),
      level: levelNumber[level],
      name,
      msg: text.slice(0, maxTextLength),
      file: "",
      function: "",
      line: 0,
    });
    publisher.publish(message);
  }
}

/** `observation too old, holding (ageMs 512, limitMs 200)` */
function textOf(fields: Readonly<Record<string, unknown>>, sentence: string): string {
  const parts = Object.entries(fields)
    .filter(([key]) => key !== "stack")
    .map(([key, value]) => `${key} ${valueText(value)}`);
  return parts.length === 0 ? sentence : `${sentence} (${parts.join(", ")})`;
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value);
  } catch {
    return String(value);
  }
}
