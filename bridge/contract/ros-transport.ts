/**
 * Quality of service, in ROS 2's words. What is left out has ROS's default. Partitions exist on the wire
 * but not in ROS, so they are matched and not offered.
 */
export interface RosQos {
  readonly reliability: "reliable" | "best_effort";
  readonly durability: "volatile" | "transient_local";
  /** Keep-last depth. With `keep_all` it is not looked at. */
  readonly depth: number;
  /**
   * Default `keep_last`. `keep_all` loses nothing between matched reliable endpoints and is bounded all
   * the same: a publisher whose readers are that far behind refuses messages (`history-full`), a
   * subscription that is not emptied stops acknowledging.
   */
  readonly history?: "keep_last" | "keep_all";
  /** Largest time between two messages; default none. */
  readonly deadlineMs?: number;
  /** A publisher's messages are not given out when older than this; default never. */
  readonly lifespanMs?: number;
  /** Default `automatic`: alive while the process is. `manual_by_topic`: alive while it publishes. */
  readonly liveliness?: "automatic" | "manual_by_topic";
  /** Without a sign of life for this long a publisher counts as dead; default never. */
  readonly livelinessLeaseMs?: number;
}

/** The policies that can keep a publisher and a subscription apart, by their DDS names. */
export type RosPolicy =
  | "RELIABILITY"
  | "DURABILITY"
  | "DEADLINE"
  | "LIVELINESS"
  | "OWNERSHIP"
  | "PARTITION"
  | "DATA_REPRESENTATION";

/** What a ROS node hears through event callbacks (rmw/event.h), once per change, by topic. */
export type RosEvent = {
  /** ROS name, e.g. `/kairos/joint_states`. */
  readonly topic: string;
  /** Which of our endpoints it is about. */
  readonly side: "publisher" | "subscription";
} & (
  | {
      readonly kind: "incompatible-qos";
      readonly policies: readonly RosPolicy[];
      /** Name of the other participant, for people. */
      readonly peer: string;
    }
  | {
      readonly kind: "incompatible-type";
      readonly ownType: string;
      readonly peerType: string;
      readonly peer: string;
    }
  /** Publisher: we did not publish in time. Subscription: nothing came in time. */
  | { readonly kind: "deadline-missed"; readonly totalCount: number }
  /** Publisher: our lease ran out. Subscription: how many publishers are alive now. */
  | { readonly kind: "liveliness-lost"; readonly totalCount: number }
  | {
      readonly kind: "liveliness-changed";
      readonly aliveCount: number;
      readonly notAliveCount: number;
    }
  /** Subscription: messages that will never come. */
  | { readonly kind: "message-lost"; readonly totalCount: number }
  /** Publisher: `keep_all` is full of messages a reader has not acknowledged; this many were refused. */
  | { readonly kind: "history-full"; readonly totalCount: number }
  /** Subscription: messages in an encapsulation we do not read, e.g. `XCDR2`. */
  | { readonly kind: "unsupported-encapsulation"; readonly encapsulation: string }
);

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
  readonly topics: readonly RosTopicCounts[];
  readonly host?: RosHostHealth;
}

export interface RosTopicCounts {
  readonly name: string;
  readonly sentCount: number;
  readonly resentCount: number;
  readonly receivedCount: number;
  readonly matchedCount: number;
  /** Highest message number all reliable readers have acknowledged. */
  readonly ackedCount?: number;
  /** Messages that were sent to us, or asked of us, and no longer to be had. */
  readonly lostCount?: number;
}

/** Serialized messages in and out of the ROS 2 graph. Knows nothing of message content. */
export interface RosTransport extends AsyncDisposable {
  readonly info: RosTransportInfo;
  advertise(topic: RosTopic): RosPublisher;
  subscribe(topic: RosTopic, onMessage: (cdr: Uint8Array) => void): RosSubscription;
  stats(): Promise<RosTransportStats>;
  /** Hears of quality-of-service events from now on. A transport without it tells of none. */
  onEvent?(listener: (event: RosEvent) => void): void;
}
