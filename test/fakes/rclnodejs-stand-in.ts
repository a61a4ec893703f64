import process from "node:process";
import type { RosQos } from "../../bridge/contract/ros-transport.ts";
import { rosNetwork } from "../../ros/environment.ts";
import {
  openParticipant,
  type Participant,
  type TopicReader,
  type TopicWriter,
} from "../../ros/rtps/participant.ts";

/**
 * A module with the surface of rclnodejs 2.2 the host uses, over the embedded participant, so that what
 * the host publishes is on a real wire. It fails as the original was seen to fail: an import without a
 * sourced ROS 2 leaves damage, an unknown middleware aborts, an empty buffer is a segmentation fault.
 *
 * Loaded by the host process through its module option only.
 */
const known = ["rmw_fastrtps_cpp", "rmw_cyclonedds_cpp"];

if ((process.env["AMENT_PREFIX_PATH"] ?? "") === "") {
  throw new Error("npm run rebuild: the native binary was deleted");
}
const onInterrupt = (): void => {
  process.exit(130);
};
process.on("SIGINT", onInterrupt);

let participant: Participant | undefined;

function graph(): Participant {
  if (participant === undefined) throw new Error("the context is not initialised");
  return participant;
}

async function init(_context: unknown, argv: readonly string[] = process.argv): Promise<void> {
  if (argv.length > 0) throw new Error(`unexpected arguments: ${argv.join(" ")}`);
  const rmw = process.env["RMW_IMPLEMENTATION"] ?? "";
  if (rmw !== "" && !known.includes(rmw)) {
    process.stderr.write(`failed to load shared library 'lib${rmw}.so'\n`);
    process.abort();
  }
  const delayMs = Number(process.env["STAND_IN_INIT_DELAY_MS"] ?? "0");
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  const { domainId, discoveryRange, staticPeers } = rosNetwork(process.env);
  participant = await openParticipant({
    domainId,
    range: discoveryRange,
    staticPeers,
    nodeName: "stand_in",
    namespace: "/",
  });
}

class Publisher {
  readonly #writer: TopicWriter;

  constructor(writer: TopicWriter) {
    this.#writer = writer;
  }

  get subscriptionCount(): number {
    return this.#writer.matchedCount;
  }

  publish(message: unknown): void {
    if (!(message instanceof Buffer)) throw new TypeError("not a Buffer");
    if (message.byteLength === 0) process.kill(process.pid, "SIGSEGV");
    misbehave(message);
    this.#writer.publish(message);
  }
}

/** What tests ask for by the content of a message: a host that dies or hangs in native code. */
function misbehave(message: Buffer): void {
  const text = message.toString("latin1", 8);
  if (text.startsWith("please abort")) {
    process.stderr.write("terminate called after throwing an instance of 'rmw::Error'\n");
    process.abort();
  }
  if (text.startsWith("please segfault")) process.kill(process.pid, "SIGSEGV");
  if (text.startsWith("please throw")) {
    setImmediate(() => {
      throw new Error("thrown from a native callback");
    });
  }
  if (text.startsWith("please hang")) for (;;);
}

class Node {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  spin(): void {
    // The participant runs by itself.
  }

  createPublisher(type: string, name: string, options: { readonly qos: QoS }): Publisher {
    checkType(type);
    return new Publisher(graph().createWriter({ topic: { name, type, qos: options.qos.ros } }));
  }

  createSubscription(
    type: string,
    name: string,
    options: { readonly qos: QoS; readonly isRaw: boolean },
    onMessage: (cdr: Buffer) => void,
  ): TopicReader {
    checkType(type);
    if (!options.isRaw) throw new Error("the stand-in takes raw messages only");
    return graph().createReader({
      topic: { name, type, qos: options.qos.ros },
      onMessage: (cdr) => {
        onMessage(Buffer.from(cdr));
      },
    });
  }

  destroyPublisher(): void {
    // Never asked for.
  }

  destroySubscription(reader: TopicReader): void {
    reader.close();
  }

  createService(): never {
    throw new Error("no services yet");
  }

  destroyService(): void {
    // Nothing to destroy.
  }

  createClient(): never {
    throw new Error("no services yet");
  }

  destroyClient(): void {
    // Nothing to destroy.
  }

  getNodeNames(): string[] {
    const peers = Array.from({ length: graph().stats().peerCount }, (_, index) => `peer_${index}`);
    return [this.#name, ...peers];
  }

  getRMWImplementationIdentifier(): string {
    return process.env["RMW_IMPLEMENTATION"] ?? "rmw_fastrtps_cpp";
  }
}

/** As the loader does for a type that was not built. */
function checkType(type: string): void {
  if (type.startsWith("unbuilt_msgs/")) {
    throw new Error(`The message required does not exist: ${type.replaceAll("/", ", ")}`);
  }
}

class QoS {
  static HistoryPolicy = {
    RMW_QOS_POLICY_HISTORY_KEEP_LAST: 1,
    RMW_QOS_POLICY_HISTORY_KEEP_ALL: 2,
  };
  static ReliabilityPolicy = {
    RMW_QOS_POLICY_RELIABILITY_RELIABLE: 1,
    RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT: 2,
  };
  static DurabilityPolicy = {
    RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL: 1,
    RMW_QOS_POLICY_DURABILITY_VOLATILE: 2,
  };
  static LivelinessPolicy = {
    RMW_QOS_POLICY_LIVELINESS_AUTOMATIC: 1,
    RMW_QOS_POLICY_LIVELINESS_MANUAL_BY_TOPIC: 3,
  };
  readonly ros: RosQos;

  constructor(
    history: number,
    depth: number,
    reliability: number,
    durability: number,
    liveliness: number,
  ) {
    this.ros = {
      depth,
      history: history === 1 ? "keep_last" : "keep_all",
      liveliness: liveliness === 1 ? "automatic" : "manual_by_topic",
      reliability: reliability === 1 ? "reliable" : "best_effort",
      durability: durability === 1 ? "transient_local" : "volatile",
    };
  }
}

class NodeOptions {
  readonly startParameterServices: boolean;

  constructor(startParameterServices = true) {
    this.startParameterServices = startParameterServices;
  }
}

export default {
  init,
  shutdown: (): void => {
    void participant?.[Symbol.asyncDispose]();
  },
  removeSignalHandlers: (): void => {
    process.off("SIGINT", onInterrupt);
  },
  require: (): never => {
    throw new Error("no services yet");
  },
  serializeMessage: (): never => {
    throw new Error("no services yet");
  },
  deserializeMessage: (): never => {
    throw new Error("no services yet");
  },
  Node,
  NodeOptions,
  QoS,
};
