import type { RosNodeTransport, RosTopicInfo } from "../../bridge/contract/ros-services.ts";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { RosQos } from "../../bridge/contract/ros-transport.ts";
import { listeningQos } from "./graph-text.ts";

const pollMs = 100;
/** Discovery takes part of a second; a topic that is not there after this long is not there. */
const discoveryMs = 1500;

export interface FindTopicOptions {
  /** Told once, when the topic is still not there after the time discovery takes. */
  readonly onWait: () => void;
  readonly signal: AbortSignal;
}

export interface FoundTopic {
  readonly name: string;
  readonly type: string;
  readonly qos: RosQos;
}

/** `x` is `/x`: the command line has no namespace. */
export const absoluteName = (name: string): string => (name.startsWith("/") ? name : `/${name}`);

/**
 * Waits until somebody publishes a topic, and says how to listen to it. Publishers that come later
 * with less than the first ones offer are not heard: start again.
 *
 * @param type to listen for, where it is known; else that of the publishers.
 * @throws BridgeError `ros/type` when they disagree on the type. The signal's reason when it is aborted.
 */
export async function findTopic(
  transport: RosNodeTransport,
  name: string,
  type: string | undefined,
  { onWait, signal }: FindTopicOptions,
): Promise<FoundTopic> {
  const startMs = monotonicMs();
  let isWaiting = false;
  for (;;) {
    signal.throwIfAborted();
    const { topics } = await transport.graph();
    const topic = topics.find((each) => each.name === absoluteName(name));
    if (topic !== undefined && topic.publishers.length > 0) return foundTopic(topic, type);
    if (!isWaiting && monotonicMs() - startMs >= discoveryMs) {
      onWait();
      isWaiting = true;
    }
    await pause(signal);
  }
}

function foundTopic({ name, publishers }: RosTopicInfo, wanted: string | undefined): FoundTopic {
  const types = [...new Set(publishers.map((each) => each.type))];
  const type = wanted ?? types[0] ?? "";
  if (types.length > 1 && wanted === undefined) {
    throw new BridgeError(
      ErrorCode.RosType,
      `${name} is published with more than one type: ${types.join(", ")}; say which`,
    );
  }
  if (!types.includes(type)) {
    throw new BridgeError(
      ErrorCode.RosType,
      `${name} is published as ${types.join(", ")}, asked for as ${type}`,
    );
  }
  return { name, type, qos: listeningQos(publishers.filter((each) => each.type === type)) };
}

/** Resolves after a moment, or when the signal is aborted. */
export async function pause(signal: AbortSignal, ms = pollMs): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    signal.addEventListener("abort", end);
  });
}
