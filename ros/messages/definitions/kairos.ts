/**
 * Our own messages, field by field as in ros/kairos_msgs/msg/*.msg, where units and meaning stand. Here as
 * well because a service without ROS has no .msg files at run time; a test holds the two together.
 */
export const kairosDefinitions = {
  "kairos_msgs/msg/ModelIdentity": `
    string id
    string revision
    string sha256
    string family
    string provider`,
  "kairos_msgs/msg/PredictedStep": `
    builtin_interfaces/Duration time_from_start
    float64[] position_mean
    float64[] position_std
    float64[] velocity_mean
    float64[] velocity_std
    float64[<=2] bearing_mean
    float64[<=2] bearing_std
    float64 visibility_mean
    float64 visibility_std`,
  "kairos_msgs/msg/WorldModelPrediction": `
    std_msgs/Header header
    float64 age
    float64 inference_time
    uint64 observation_count
    string[] joint_names
    PredictedStep[] steps
    float64 ood_score
    float64 ood_threshold
    ModelIdentity model`,
} as const;
