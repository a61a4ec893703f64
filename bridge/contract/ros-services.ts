import type { RosQos, RosTransport } from "./ros-transport.ts";

/** A ROS 2 service: a request is sent, one response comes back. */
export interface RosService {
  /** Fully qualified ROS name, e.g. `/kairos/stop`. */
  readonly name: string;
  /** ROS type name, e.g. `std_srvs/srv/Trigger`. */
  readonly type: string;
  /** Of the topics beneath. Default is ROS's for services: reliable, volatile, depth 10. */
  readonly qos?: RosQos;
}

/**
 * Answers one request. Both are serialized messages (CDR with the 4-byte encapsulation header) of the
 * service's `_Request` and `_Response`. ROS has no word for "failed": when this throws, the error is
 * logged and the client waits until its own patience ends, so put refusals into the response.
 */
export type RosRequestHandler = (requestCdr: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export interface RosServiceServer {
  readonly service: RosService;
  close(): void;
}

export interface RosServiceClient {
  readonly service: RosService;
  /** Servers that can be called at present: their request reader and response writer are matched. */
  readonly serverCount: number;
  /** Resolves with true as soon as a server can be called, with false after `timeoutMs`. */
  waitForServer(options: { readonly timeoutMs: number }): Promise<boolean>;
  /**
   * Sends a request to one server and resolves with the response. The bytes are copied. A server that
   * appears while the call waits is called then.
   *
   * @throws BridgeError `ros/service-timeout` when nothing came in time; `ros/transport` when the
   * client or the transport is closed meanwhile, or too many calls are pending.
   */
  call(requestCdr: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array>;
  close(): void;
}

/** A topic and the types it is published or subscribed with: more than one when nodes disagree. */
export interface RosTopicInfo {
  /** ROS name, e.g. `/kairos/joint_states`. */
  readonly name: string;
  /** ROS types, e.g. `sensor_msgs/msg/JointState`. */
  readonly types: readonly string[];
  readonly publishers: readonly RosEndpointInfo[];
  readonly subscriptions: readonly RosEndpointInfo[];
}

export interface RosEndpointInfo {
  /** Full name of its node, e.g. `/kairos/kairos_bridge`; "" when its participant has not told. */
  readonly node: string;
  readonly type: string;
  /** `RIHS01_…` (REP 2016); "" before ROS 2 Iron and from programs that are not ROS. */
  readonly typeHash: string;
  readonly qos: RosQos;
}

export interface RosServiceInfo {
  readonly name: string;
  readonly types: readonly string[];
  /** Full names of nodes, "" for each whose participant has not told. */
  readonly servers: readonly string[];
  readonly clients: readonly string[];
}

export interface RosNodeInfo {
  /** Full name, e.g. `/kairos/kairos_bridge`. Two nodes may have the same. */
  readonly name: string;
  /** `/` unless the node runs in a security enclave. */
  readonly enclave: string;
}

/** What is in the ROS 2 graph at present, ourselves included; each list sorted by name. */
export interface RosGraph {
  readonly nodes: readonly RosNodeInfo[];
  readonly topics: readonly RosTopicInfo[];
  readonly services: readonly RosServiceInfo[];
}

/** Services in and out of the ROS 2 graph, and a look at it. Knows nothing of message content. */
export interface RosServices {
  /** @throws BridgeError `ros/type` for names ROS 2 does not allow; `ros/transport` after disposal. */
  serve(service: RosService, handler: RosRequestHandler): RosServiceServer;
  /** @throws BridgeError `ros/type` for names ROS 2 does not allow; `ros/transport` after disposal. */
  client(service: RosService): RosServiceClient;
  /** @throws BridgeError `ros/transport` when the transport is closed. */
  graph(): Promise<RosGraph>;
}

/** All that a ROS 2 node is made of. */
export interface RosNodeTransport extends RosTransport, RosServices {}

/** ROS's quality of service for services (rmw_qos_profile_services_default). */
export const servicesQos: RosQos = { reliability: "reliable", durability: "volatile", depth: 10 };
