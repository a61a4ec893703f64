import type {
  RosPublisher,
  RosSubscription,
  RosTopic,
  RosTransport,
} from "../../bridge/contract/ros-transport.ts";
import { fullNodeName, type NodeName } from "./node-name.ts";
import type { ParameterStore } from "./parameter-store.ts";
import { overriddenQos, type QosPolicy } from "./qos-overrides.ts";
import { resolvedName, type NameKind, type RemapRule } from "./remap-rule.ts";

export interface RosNodeOptions {
  readonly transport: RosTransport;
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
 * A node over any transport: it expands and remaps names and takes quality of service from
 * parameters, so that whoever publishes speaks of `joint_states` and never of where that is.
 */
export class RosNode {
  readonly parameters: ParameterStore;
  readonly #options: RosNodeOptions;

  constructor(options: RosNodeOptions) {
    this.#options = options;
    this.parameters = options.parameters;
  }

  /** `/kairos/kairos_bridge`. */
  get fullName(): string {
    return fullNodeName(this.#options.name);
  }

  /** @throws BridgeError `ros/arguments` for a name that ROS does not take. */
  resolve(name: string, kind: NameKind): string {
    const { name: node, remaps } = this.#options;
    return resolvedName(name, { kind, node, rules: remaps });
  }

  /** @throws BridgeError `ros/arguments`, or the transport's. */
  advertise(topic: NodeTopic): RosPublisher {
    return this.#options.transport.advertise(this.#resolved(topic, "publisher"));
  }

  /** @throws BridgeError `ros/arguments`, or the transport's. */
  subscribe(topic: NodeTopic, onMessage: (cdr: Uint8Array) => void): RosSubscription {
    return this.#options.transport.subscribe(this.#resolved(topic, "subscription"), onMessage);
  }

  #resolved(topic: NodeTopic, entity: "publisher" | "subscription"): RosTopic {
    const { parameters } = this.#options;
    const { type, overridable: policies = [] } = topic;
    const name = this.resolve(topic.name, "topic");
    return {
      name,
      type,
      qos: overriddenQos(topic.qos, { topic: name, entity, policies, parameters }),
    };
  }
}
