/**
 * Messages of the common ROS 2 packages, as their .msg files have them from Humble to Kilted: one field a
 * line, without constants, which do not travel. Units and meaning stand in the packages.
 */
export const standardDefinitions = {
  "builtin_interfaces/msg/Time": "int32 sec\nuint32 nanosec",
  "builtin_interfaces/msg/Duration": "int32 sec\nuint32 nanosec",
  "std_msgs/msg/Empty": "",
  "std_msgs/msg/Bool": "bool data",
  "std_msgs/msg/Float64": "float64 data",
  "std_msgs/msg/Int32": "int32 data",
  "std_msgs/msg/String": "string data",
  "std_msgs/msg/Header": "builtin_interfaces/Time stamp\nstring frame_id",
  "std_msgs/msg/MultiArrayDimension": "string label\nuint32 size\nuint32 stride",
  "std_msgs/msg/MultiArrayLayout": "MultiArrayDimension[] dim\nuint32 data_offset",
  "std_msgs/msg/Float64MultiArray": "MultiArrayLayout layout\nfloat64[] data",
  "geometry_msgs/msg/Point": "float64 x\nfloat64 y\nfloat64 z",
  "geometry_msgs/msg/Vector3": "float64 x\nfloat64 y\nfloat64 z",
  "geometry_msgs/msg/Quaternion": "float64 x 0\nfloat64 y 0\nfloat64 z 0\nfloat64 w 1",
  "geometry_msgs/msg/Pose": "Point position\nQuaternion orientation",
  "geometry_msgs/msg/PoseStamped": "std_msgs/Header header\nPose pose",
  "geometry_msgs/msg/PoseWithCovariance": "Pose pose\nfloat64[36] covariance",
  "geometry_msgs/msg/PoseWithCovarianceStamped": "std_msgs/Header header\nPoseWithCovariance pose",
  "geometry_msgs/msg/Transform": "Vector3 translation\nQuaternion rotation",
  "geometry_msgs/msg/TransformStamped":
    "std_msgs/Header header\nstring child_frame_id\nTransform transform",
  "geometry_msgs/msg/Twist": "Vector3 linear\nVector3 angular",
  "geometry_msgs/msg/TwistStamped": "std_msgs/Header header\nTwist twist",
  "tf2_msgs/msg/TFMessage": "geometry_msgs/TransformStamped[] transforms",
  "sensor_msgs/msg/JointState": `
    std_msgs/Header header
    string[] name
    float64[] position
    float64[] velocity
    float64[] effort`,
  "sensor_msgs/msg/Image": `
    std_msgs/Header header
    uint32 height
    uint32 width
    string encoding
    uint8 is_bigendian
    uint32 step
    uint8[] data`,
  "sensor_msgs/msg/CompressedImage": "std_msgs/Header header\nstring format\nuint8[] data",
  "sensor_msgs/msg/RegionOfInterest": `
    uint32 x_offset
    uint32 y_offset
    uint32 height
    uint32 width
    bool do_rectify`,
  "sensor_msgs/msg/CameraInfo": `
    std_msgs/Header header
    uint32 height
    uint32 width
    string distortion_model
    float64[] d
    float64[9] k
    float64[9] r
    float64[12] p
    uint32 binning_x
    uint32 binning_y
    RegionOfInterest roi`,
  "sensor_msgs/msg/Imu": `
    std_msgs/Header header
    geometry_msgs/Quaternion orientation
    float64[9] orientation_covariance
    geometry_msgs/Vector3 angular_velocity
    float64[9] angular_velocity_covariance
    geometry_msgs/Vector3 linear_acceleration
    float64[9] linear_acceleration_covariance`,
  "trajectory_msgs/msg/JointTrajectoryPoint": `
    float64[] positions
    float64[] velocities
    float64[] accelerations
    float64[] effort
    builtin_interfaces/Duration time_from_start`,
  "trajectory_msgs/msg/JointTrajectory": `
    std_msgs/Header header
    string[] joint_names
    JointTrajectoryPoint[] points`,
  "trajectory_msgs/msg/MultiDOFJointTrajectoryPoint": `
    geometry_msgs/Transform[] transforms
    geometry_msgs/Twist[] velocities
    geometry_msgs/Twist[] accelerations
    builtin_interfaces/Duration time_from_start`,
  "trajectory_msgs/msg/MultiDOFJointTrajectory": `
    std_msgs/Header header
    string[] joint_names
    MultiDOFJointTrajectoryPoint[] points`,
  "diagnostic_msgs/msg/KeyValue": "string key\nstring value",
  "diagnostic_msgs/msg/DiagnosticStatus": `
    byte level
    string name
    string message
    string hardware_id
    KeyValue[] values`,
  "diagnostic_msgs/msg/DiagnosticArray": "std_msgs/Header header\nDiagnosticStatus[] status",
} as const;
