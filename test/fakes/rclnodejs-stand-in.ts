import process from "node:process";
import type { RosService } from "../../bridge/contract/ros-services.ts";
import type { RosQos } from "../../bridge/contract/ros-transport.ts";
import { rosNetwork } from "../../ros/environment.ts";
import { knownService, serviceCodec } from "../../ros/messages/service-codec.ts";
import type { RclEndpointInfo, RclNamedTypes, RclNodeInfo } from "../../ros/rclnodejs/api.ts";
import type { ServiceClient } from "../../ros/rtps/services/service-client.ts";
import type { ServiceServer } from "../../ros/rtps/services/service-server.ts";
import { openParticipant, type Participant } from "../../ros/rtps/participant.ts";
import type { TopicReader, TopicWriter } from "../../ros/rtps/topic-endpoints.ts";

import { standInActions } from "./stand-in-actions.ts";

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

  createService(
    type: string,
    name: string,
    options: { readonly qos: QoS },
    onRequest: (request: object, response: { send(response: object): void }) => void,
  ): ServiceServer {
    checkType(type);
    const codec = plainCodec(type);
    return graph().createService({
      service: { name, type, qos: options.qos.ros },
      onRequest: (cdr, respond) => {
        onRequest(codec.readRequest(cdr), {
          send: (response) => {
            respond(codec.writeResponse(response));
          },
        });
      },
    });
  }

  destroyService(service: ServiceServer): void {
    service.close();
  }

  createClient(type: string, name: string, options: { readonly qos: QoS }): Client {
    checkType(type);
    return new Client({ name, type, qos: options.qos.ros });
  }

  destroyClient(client: Client): void {
    client.close();
  }

  getNodeNamesAndNamespacesWithEnclaves(): RclNodeInfo[] {
    const peers = Array.from({ length: graph().stats().peerCount }, (_, index) => `peer_${index}`);
    return [this.#name, ...peers].map((name) => ({ name, namespace: "/", enclave: "/" }));
  }

  getTopicNamesAndTypes(): RclNamedTypes[] {
    return graph()
      .graph()
      .topics.map(({ name, types }) => ({ name, types }));
  }

  getServiceNamesAndTypes(): RclNamedTypes[] {
    return graph()
      .graph()
      .services.map(({ name, types }) => ({ name, types }));
  }

  getPublishersInfoByTopic(topic: string): RclEndpointInfo[] {
    return endpoints(topic, "publishers");
  }

  getSubscriptionsInfoByTopic(topic: string): RclEndpointInfo[] {
    return endpoints(topic, "subscriptions");
  }

  getServiceNamesAndTypesByNode(node: string): RclNamedTypes[] {
    if (node.startsWith("peer_")) throw new Error("Failed to get service names and types");
    return this.getServiceNamesAndTypes();
  }

  getClientNamesAndTypesByNode(node: string): RclNamedTypes[] {
    return node.startsWith("peer_") ? this.getServiceNamesAndTypes() : [];
  }

  getRMWImplementationIdentifier(): string {
    return process.env["RMW_IMPLEMENTATION"] ?? "rmw_fastrtps_cpp";
  }
}

function endpoints(topic: string, side: "publishers" | "subscriptions") {
  const found = graph()
    .graph()
    .topics.find(({ name }) => name === topic);
  return (found?.[side] ?? []).map(({ node, type, qos }) => ({
    node_name: node.slice(node.lastIndexOf("/") + 1),
    node_namespace: "/",
    topic_type: type,
    topic_type_hash: { version: 1, value: Buffer.alloc(32, 0xab) },
    qos_profile: {
      depth: qos.depth,
      history: qos.history === "keep_all" ? 2 : 1,
      reliability: qos.reliability === "reliable" ? 1 : 2,
      durability: qos.durability === "transient_local" ? 1 : 2,
      liveliness: 1,
    },
  }));
}

class Client {
  readonly #client: ServiceClient;
  readonly #codec: PlainCodec;
  #serverCount = 0;

  constructor(service: RosService) {
    this.#codec = plainCodec(service.type);
    this.#client = graph().createClient({
      service,
      onServers: (count) => {
        this.#serverCount = count;
      },
    });
  }

  isServiceServerAvailable(): boolean {
    return this.#serverCount > 0;
  }

  sendRequestAsync(request: object, { timeout }: { readonly timeout: number }): Promise<object> {
    return new Promise((resolve, reject) => {
      this.#client.call(this.#codec.writeRequest(request), timeout, (outcome) => {
        if ("cdr" in outcome) resolve(this.#codec.readResponse(outcome.cdr));
        else reject(Object.assign(new Error(outcome.failure), { name: "TimeoutError" }));
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}

type PlainCodec = Readonly<
  Record<"writeRequest" | "writeResponse", (message: object) => Uint8Array> &
    Record<"readRequest" | "readResponse", (cdr: Uint8Array) => object>
>;

function plainCodec(type: string): PlainCodec {
  const known = knownService(type);
  if (known === undefined) throw new Error(`The message required does not exist: ${type}`);
  return serviceCodec(known) as unknown as PlainCodec;
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
  Node,
  NodeOptions,
  QoS,
  ...standInActions(graph),
};
