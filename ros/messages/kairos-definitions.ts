/**
 * The messages of ros/kairos_msgs, field by field as in their .msg files, which say what each means.
 * Here as well because a service without ROS has no .msg files to read at run time.
 */
export const kairosDefinitions: Readonly<Record<string, readonly string[]>> = {
  "kairos_msgs/ModelIdentity": [
    "string id",
    "string revision",
    "string sha256",
    "string family",
    "string provider",
  ],
  "kairos_msgs/PredictedStep": [
    "builtin_interfaces/Duration time_from_start",
    "float64[] position_mean",
    "float64[] position_std",
    "float64[] velocity_mean",
    "float64[] velocity_std",
    "float64[<=2] bearing_mean",
    "float64[<=2] bearing_std",
    "float64 visibility_mean",
    "float64 visibility_std",
  ],
  "kairos_msgs/WorldModelPrediction": [
    "std_msgs/Header header",
    "float64 age",
    "float64 inference_time",
    "uint64 observation_count",
    "string[] joint_names",
    "kairos_msgs/PredictedStep[] steps",
    "float64 ood_score",
    "float64 ood_threshold",
    "kairos_msgs/ModelIdentity model",
  ],
};
