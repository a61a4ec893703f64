import { messageReader, messageWriter } from "../../ros/messages/codec.ts";
import { rosTime } from "../../ros/messages/message-mapping.ts";
import type { NodeTopic, RosNode } from "../../ros/node/ros-node.ts";
import { RosTime } from "../../ros/node/ros-time.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../contract/clock.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";

/** The node's time and its end of /clock. */
export interface NodeTime {
  readonly time: RosTime;
  /** Undefined where the node itself publishes /clock: it cannot follow what it leads. */
  readonly setUseSimTime: ((wanted: boolean) => void) | undefined;
  close(): void;
}

const clockPeriodMs = 10;
// rclcpp's ClockQoS reads best effort; a reliable writer serves those who ask for more.
const clockOut: NodeTopic = {
  name: "/clock",
  type: "rosgraph_msgs/msg/Clock",
  qos: { reliability: "reliable", durability: "volatile", depth: 1 },
};
const clockIn: NodeTopic = { ...clockOut, qos: { ...clockOut.qos, reliability: "best_effort" } };

/** @throws BridgeError `config/invalid` for a simulated time that is to be published and is not ours. */
export function openNodeTime(config: Config, node: RosNode, clock: Clock): NodeTime {
  const { useSimTime, publishClock } = config.ros;
  if (!publishClock) return followClock(node, clock, { useSimTime });
  const { backend } = config.sim;
  if (useSimTime || backend !== "embedded" || config.observation.source === "ros") {
    const found = useSimTime ? "ros.useSimTime" : "a world that is not the embedded simulator's";
    throw new BridgeError(
      ErrorCode.ConfigInvalid,
      `ros.publishClock is true with ${found}, expected the embedded simulator, which alone owns its time`,
    );
  }
  return leadClock(node, clock);
}

function leadClock(node: RosNode, clock: Clock): NodeTime {
  const time = new RosTime(clock, "simulator");
  const encode = messageWriter("rosgraph_msgs/msg/Clock");
  const publisher = node.advertise(clockOut);
  const timer = setInterval(() => {
    if (publisher.matchedCount === 0) return;
    publisher.publish(encode({ clock: rosTime(time.stampNsAt(time.monotonicMs())) }));
  }, clockPeriodMs);
  return {
    time,
    setUseSimTime: undefined,
    close: () => {
      clearInterval(timer);
    },
  };
}

/** Subscribed only while it is asked for: /clock comes a thousand times a second from some simulators. */
function followClock(
  node: RosNode,
  clock: Clock,
  { useSimTime }: { readonly useSimTime: boolean },
): NodeTime {
  const time = new RosTime(clock, useSimTime ? "clock-topic" : "system");
  const decode = messageReader("rosgraph_msgs/msg/Clock");
  const open = () =>
    node.subscribe(clockIn, (cdr) => {
      try {
        const { sec, nanosec } = decode(cdr).clock;
        time.hear(sec * 1000 + nanosec / 1e6);
      } catch {
        // Bytes that are no clock tell no time: the stamps stay where they are, which /diagnostics shows.
      }
    });
  let subscription = useSimTime ? open() : undefined;
  return {
    time,
    setUseSimTime: (wanted) => {
      if (wanted === (subscription !== undefined)) return;
      subscription?.close();
      subscription = wanted ? open() : undefined;
      time.source = wanted ? "clock-topic" : "system";
    },
    close: () => subscription?.close(),
  };
}
