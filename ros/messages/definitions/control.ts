/**
 * control_msgs as in Jazzy (5.x): what ros2_control's joint_trajectory_controller speaks. Kilted (6.3) has
 * trajectory indices behind the fields of the feedback, which CDR readers of either side do not look at.
 */
export const controlDefinitions = {
  "control_msgs/msg/JointTolerance":
    "string name\nfloat64 position\nfloat64 velocity\nfloat64 acceleration",
  "control_msgs/msg/JointComponentTolerance": `
    string joint_name
    uint16 component
    float64 position
    float64 velocity
    float64 acceleration`,
  "control_msgs/msg/SpeedScalingFactor": "float64 factor",
  "control_msgs/msg/JointTrajectoryControllerState": `
    std_msgs/Header header
    string[] joint_names
    trajectory_msgs/JointTrajectoryPoint reference
    trajectory_msgs/JointTrajectoryPoint feedback
    trajectory_msgs/JointTrajectoryPoint error
    trajectory_msgs/JointTrajectoryPoint output
    string[] multi_dof_joint_names
    trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_reference
    trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_feedback
    trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_error
    trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_output
    float64 speed_scaling_factor`,
  "control_msgs/action/FollowJointTrajectory": `
    trajectory_msgs/JointTrajectory trajectory
    trajectory_msgs/MultiDOFJointTrajectory multi_dof_trajectory
    JointTolerance[] path_tolerance
    JointComponentTolerance[] component_path_tolerance
    JointTolerance[] goal_tolerance
    JointComponentTolerance[] component_goal_tolerance
    builtin_interfaces/Duration goal_time_tolerance
    ---
    int32 error_code
    string error_string
    ---
    std_msgs/Header header
    string[] joint_names
    trajectory_msgs/JointTrajectoryPoint desired
    trajectory_msgs/JointTrajectoryPoint actual
    trajectory_msgs/JointTrajectoryPoint error
    string[] multi_dof_joint_names
    trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_desired
    trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_actual
    trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_error`,
} as const;
