import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type {
  RosGraph,
  RosNodeTransport,
  RosRequestHandler,
  RosService,
  RosServiceClient,
  RosServices,
  RosServiceServer,
} from "../../bridge/contract/ros-services.ts";
import type {
  RosEvent,
  RosPublisher,
  RosSubscription,
  RosTopic,
  RosTransport,
  RosTransportInfo,
  RosTransportStats,
} from "../../bridge/contract/ros-transport.ts";
import { fullNodeName, type NodeName } from "./node-name.ts";
import type { ParameterStore } from "./parameter-store.ts";
import { overriddenQos, type QosPolicy } from "./qos-overrides.ts";
import { resolvedName, type NameKind, type RemapRule } from "./remap-rule.ts";

type TopicTransport = RosTransport & Partial<RosServices>;

export interface RosNodeOptions {
  /** One without services makes a node without them. */
  readonly transport: TopicTransport;
  /** After remapping; the transport announces the same. */
  readonly name: NodeName;
  readonly remaps: readonly RemapRule[];
  readonly parameters: ParameterStore;
}

/** Names in `topic` may be relative or private; `overridable` are the policies a user may change. */
export interface NodeTopic extends RosTopic {
  readonly overridable?: readonly QosPolicy[];
}

/**
 * A node around any transport, and itself one: it expands and remaps names and takes quality of
 * service from parameters, so that whoever publishes speaks of `joint_states` and never of where
 * that is. Every topic and service goes through here, so no name escapes a remap.
 */
export class RosNode implements RosNodeTransport {
  readonly name: NodeName;
  readonly parameters: ParameterStore;
  readonly #transport: TopicTransport;
  readonly #remaps: readonly RemapRule[];

  constructor({ transport, name, remaps, parameters }: RosNodeOptions) {
    this.name = name;
    this.parameters = parameters;
    this.#transport = transport;
    this.#remaps = remaps;
  }

  /** `/kairos/kairos_bridge`. */
  get fullName(): string {
    return fullNodeName(this.name);
  }

  /** What log lines of this node are called: `kairos.kairos_bridge`. */
  get loggerName(): string {
    return this.fullName.slice(1).replaceAll("/", ".");
  }

  get info(): RosTransportInfo {
    return this.#transport.info;
  }

  /** @throws BridgeError `ros/arguments` for a name that ROS does not take. */
  resolve(name: string, kind: NameKind): string {
    return resolvedName(name, { kind, node: this.name, rules: this.#remaps });
  }

  /** @throws BridgeError `ros/arguments` for a name or an override, or the transport's. */
  advertise(topic: NodeTopic): RosPublisher {
    return this.#transport.advertise(this.#resolved(topic, "publisher"));
  }

  /** @throws BridgeError `ros/arguments` for a name or an override, or the transport's. */
  subscribe(topic: NodeTopic, onMessage: (cdr: Uint8Array) => void): RosSubscription {
    return this.#transport.subscribe(this.#resolved(topic, "subscription"), onMessage);
  }

  /** @throws BridgeError `ros/arguments` for a name, or the transport's. */
  serve(service: RosService, handler: RosRequestHandler): RosServiceServer {
    const name = this.resolve(service.name, "service");
    return this.#services.serve({ ...service, name }, handler);
  }

  /** @throws BridgeError `ros/arguments` for a name, or the transport's. */
  client(service: RosService): RosServiceClient {
    return this.#services.client({ ...service, name: this.resolve(service.name, "service") });
  }

  /** False where the transport carries topics only. */
  get hasServices(): boolean {
    return this.#transport.serve !== undefined;
  }

  graph(): Promise<RosGraph> {
    return this.#services.graph();
  }

  stats(): Promise<RosTransportStats> {
    return this.#transport.stats();
  }

  onEvent(listener: (event: RosEvent) => void): void {
    this.#transport.onEvent?.(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  get #services(): RosServices {
    const transport = this.#transport;
    if (isWhole(transport)) return transport;
    throw new BridgeError(
      ErrorCode.RosTransport,
      `the transport ${transport.info.transport} has topics only, expected one with services`,
    );
  }

  #resolved(topic: NodeTopic, entity: "publisher" | "subscription"): RosTopic {
    const { parameters } = this;
    const { type, overridable: policies = [] } = topic;
    const name = this.resolve(topic.name, "topic");
    const qos = overriddenQos(topic.qos, { topic: name, entity, policies, parameters });
    return { name, type, qos };
  }
}

const isWhole = (transport: TopicTransport): transport is RosNodeTransport =>
  transport.serve !== undefined;
