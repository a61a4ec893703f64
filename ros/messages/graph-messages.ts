import type { Header, RosTime } from "./header.ts";

/**
 * Messages by which a node is a citizen of the graph: frames, parameters, lifecycle, log. Field names
 * are ROS's own; what they mean stands in the .msg files of the packages they are named after.
 */

interface Vector3 {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

interface Quaternion extends Vector3 {
  readonly w: number;
}

export interface TransformStamped {
  readonly header: Header;
  readonly child_frame_id: string;
  readonly transform: { readonly translation: Vector3; readonly rotation: Quaternion };
}

export interface TFMessage {
  readonly transforms: readonly TransformStamped[];
}

export interface PoseWithCovarianceStamped {
  readonly header: Header;
  readonly pose: {
    readonly pose: { readonly position: Vector3; readonly orientation: Quaternion };
    /** 36 numbers. */
    readonly covariance: Float64Array;
  };
}

export interface CameraInfo {
  readonly header: Header;
  readonly height: number;
  readonly width: number;
  readonly distortion_model: string;
  readonly d: Float64Array;
  readonly k: Float64Array;
  readonly r: Float64Array;
  readonly p: Float64Array;
  readonly binning_x: number;
  readonly binning_y: number;
  readonly roi: {
    readonly x_offset: number;
    readonly y_offset: number;
    readonly height: number;
    readonly width: number;
    readonly do_rectify: boolean;
  };
}

export interface LogMessage {
  readonly stamp: RosTime;
  /** 10 debug, 20 info, 30 warn, 40 error, 50 fatal */
  readonly level: number;
  readonly name: string;
  readonly msg: string;
  readonly file: string;
  readonly function: string;
  readonly line: number;
}

export interface ParameterValueMessage {
  readonly type: number;
  readonly bool_value: boolean;
  readonly integer_value: bigint;
  readonly double_value: number;
  readonly string_value: string;
  readonly byte_array_value: Uint8Array;
  readonly bool_array_value: readonly boolean[];
  readonly integer_array_value: BigInt64Array;
  readonly double_array_value: Float64Array;
  readonly string_array_value: readonly string[];
}

export interface ParameterMessage {
  readonly name: string;
  readonly value: ParameterValueMessage;
}

export interface ParameterEvent {
  readonly stamp: RosTime;
  readonly node: string;
  readonly new_parameters: readonly ParameterMessage[];
  readonly changed_parameters: readonly ParameterMessage[];
  readonly deleted_parameters: readonly ParameterMessage[];
}

export interface ParameterDescriptorMessage {
  readonly name: string;
  readonly type: number;
  readonly description: string;
  readonly additional_constraints: string;
  readonly read_only: boolean;
  readonly dynamic_typing: boolean;
  readonly floating_point_range: readonly {
    readonly from_value: number;
    readonly to_value: number;
    readonly step: number;
  }[];
  readonly integer_range: readonly {
    readonly from_value: bigint;
    readonly to_value: bigint;
    readonly step: bigint;
  }[];
}

export interface SetParametersResultMessage {
  readonly successful: boolean;
  readonly reason: string;
}

/** lifecycle_msgs/State and /Transition. */
export interface LabelledMessage {
  readonly id: number;
  readonly label: string;
}

export interface TransitionDescription {
  readonly transition: LabelledMessage;
  readonly start_state: LabelledMessage;
  readonly goal_state: LabelledMessage;
}

export interface TransitionEvent extends TransitionDescription {
  /** ns */
  readonly timestamp: bigint;
}

export interface PredictedStep {
  readonly time_from_start: RosTime;
  readonly position_mean: Float64Array;
  readonly position_std: Float64Array;
  readonly velocity_mean: Float64Array;
  readonly velocity_std: Float64Array;
  readonly bearing_mean: Float64Array;
  readonly bearing_std: Float64Array;
  readonly visibility_mean: number;
  readonly visibility_std: number;
}

export interface WorldModelPrediction {
  readonly header: Header;
  readonly age: number;
  readonly inference_time: number;
  readonly observation_count: bigint;
  readonly joint_names: readonly string[];
  readonly steps: readonly PredictedStep[];
  readonly ood_score: number;
  readonly ood_threshold: number;
  readonly model: {
    readonly id: string;
    readonly revision: string;
    readonly sha256: string;
    readonly family: string;
    readonly provider: string;
  };
}

export interface GraphMessages {
  "kairos_msgs/msg/WorldModelPrediction": WorldModelPrediction;
  "tf2_msgs/msg/TFMessage": TFMessage;
  "geometry_msgs/msg/PoseWithCovarianceStamped": PoseWithCovarianceStamped;
  "sensor_msgs/msg/CameraInfo": CameraInfo;
  "std_msgs/msg/String": { readonly data: string };
  "rcl_interfaces/msg/Log": LogMessage;
  "rcl_interfaces/msg/ParameterEvent": ParameterEvent;
  "lifecycle_msgs/msg/TransitionEvent": TransitionEvent;
}
