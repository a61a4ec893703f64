/** Quality of service, in ROS 2's words. */
export interface RosQos {
  readonly reliability: "reliable" | "best_effort";
  readonly durability: "volatile" | "transient_local";
  /** Keep-last depth. */
  readonly depth: number;
}

export interface RosTopic {
  /** Fully qualified ROS name, e.g. `/kairos/joint_states`. */
  readonly name: string;
  /** ROS type name, e.g. `sensor_msgs/msg/JointState`. */
  readonly type: string;
  readonly qos: RosQos;
}

export interface RosPublisher {
  readonly topic: RosTopic;
  /** Readers matched at present. */
  readonly matchedCount: number;
  /** Sends one serialized message (CDR with its 4-byte encapsulation header). The bytes are copied. // hot path */
  publish(cdr: Uint8Array): void;
}

export interface RosSubscription {
  readonly topic: RosTopic;
  close(): void;
}

export interface RosTransportInfo {
  readonly transport: "rtps" | "rclnodejs";
  /** Why this transport and not the other. */
  readonly reason: string;
  readonly domainId: number;
  /** ROS_AUTOMATIC_DISCOVERY_RANGE in force. */
  readonly discoveryRange: "LOCALHOST" | "SUBNET" | "OFF";
  /** Addresses bound, for people. */
  readonly addresses: readonly string[];
}

/** Of a transport whose host is a process of its own, which is started anew when it ends. */
export interface RosHostHealth {
  readonly state: "running" | "restarting";
  readonly restartCount: number;
  /** Why the last one ended, for people. */
  readonly lastExit: string | undefined;
  /** 0 while there is none. */
  readonly pid: number;
}

export interface RosTransportStats {
  readonly peerCount: number;
  readonly malformedCount: number;
  readonly topics: readonly {
    readonly name: string;
    readonly sentCount: number;
    readonly resentCount: number;
    readonly receivedCount: number;
    readonly matchedCount: number;
  }[];
  readonly host?: RosHostHealth;
}

/** Serialized messages in and out of the ROS 2 graph. Knows nothing of message content. */
export interface RosTransport extends AsyncDisposable {
  readonly info: RosTransportInfo;
  advertise(topic: RosTopic): RosPublisher;
  subscribe(topic: RosTopic, onMessage: (cdr: Uint8Array) => void): RosSubscription;
  stats(): Promise<RosTransportStats>;
}
