import type { GraphMessages } from "./graph-messages.ts";
import type { Header, RosTime } from "./header.ts";

export type { Header, RosTime };

/**
 * The ROS 2 messages the bridge speaks, with ROS's own field names. Only `message-mapping.ts` makes
 * them; the rest of the bridge never sees these names.
 *
 * Sequences of float64 are `Float64Array`: the encoder writes an empty sequence, without complaint,
 * for any other kind of typed array.
 */

export interface JointState {
  readonly header: Header;
  readonly name: readonly string[];
  /** rad */
  readonly position: Float64Array;
  /** rad/s */
  readonly velocity: Float64Array;
  /** Nm */
  readonly effort: Float64Array;
}

export interface JointTrajectoryPoint {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  readonly accelerations: Float64Array;
  readonly effort: Float64Array;
  readonly time_from_start: RosTime;
}

export interface JointTrajectory {
  readonly header: Header;
  readonly joint_names: readonly string[];
  readonly points: readonly JointTrajectoryPoint[];
}

export interface CompressedImage {
  readonly header: Header;
  readonly format: string;
  readonly data: Uint8Array;
}

export interface Image {
  readonly header: Header;
  readonly height: number;
  readonly width: number;
  readonly encoding: string;
  readonly is_bigendian: number;
  /** Bytes per row. */
  readonly step: number;
  readonly data: Uint8Array;
}

interface DiagnosticStatus {
  /** 0 ok, 1 warn, 2 error, 3 stale */
  readonly level: number;
  readonly name: string;
  readonly message: string;
  readonly hardware_id: string;
  readonly values: readonly { readonly key: string; readonly value: string }[];
}

export interface DiagnosticArray {
  readonly header: Header;
  readonly status: readonly DiagnosticStatus[];
}

/** Simulated time, with use_sim_time. */
export interface ClockMessage {
  readonly clock: RosTime;
}

export interface Float64MultiArray {
  readonly layout: {
    readonly dim: readonly {
      readonly label: string;
      readonly size: number;
      readonly stride: number;
    }[];
    readonly data_offset: number;
  };
  readonly data: Float64Array;
}

/** Every message type the codec is asked for, by its ROS name. */
export interface RosMessages extends GraphMessages {
  "std_msgs/msg/Header": Header;
  "sensor_msgs/msg/JointState": JointState;
  "sensor_msgs/msg/CompressedImage": CompressedImage;
  "sensor_msgs/msg/Image": Image;
  "trajectory_msgs/msg/JointTrajectory": JointTrajectory;
  "diagnostic_msgs/msg/DiagnosticArray": DiagnosticArray;
  "rosgraph_msgs/msg/Clock": ClockMessage;
  "std_msgs/msg/Float64MultiArray": Float64MultiArray;
}
export type RosTypeName = keyof RosMessages;
