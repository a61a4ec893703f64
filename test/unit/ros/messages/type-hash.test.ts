import { describe, expect, it } from "vitest";
import { typeDescriptionJson, typeHash } from "../../../../ros/messages/type-hash.ts";

/**
 * Hashes as ROS 2 Jazzy states them: `ros2 topic info --verbose` and `ros2 service info` outputs and
 * rosbag2's metadata.yaml as people have published them, and rmw_zenoh's docs/design.md.
 */
const published: readonly (readonly [type: string, sha256: string])[] = [
  ["std_msgs/msg/String", "df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18"],
  ["std_msgs/msg/Header", "f49fb3ae2cf070f793645ff749683ac6b06203e41c891e17701b1cb597ce6a01"],
  [
    "std_msgs/msg/Float64MultiArray",
    "1025ddc6b9552d191f89ef1a8d2f60f3d373e28b283d8891ddcc974e8c55397f",
  ],
  [
    "sensor_msgs/msg/JointState",
    "a13ee3a330e346c9d87b5aa18d24e11690752bd33a0350f11c5882bc9179260e",
  ],
  ["sensor_msgs/msg/Image", "d31d41a9a4c4bc8eae9be757b0beed306564f7526c88ea6a4588fb9582527d47"],
  [
    "sensor_msgs/msg/CompressedImage",
    "15640771531571185e2efc8a100baf923961a4d15d5569652e6cb6691e8e371a",
  ],
  [
    "sensor_msgs/msg/CameraInfo",
    "b3dfd68ff46c9d56c80fd3bd4ed22c7a4ddce8c8348f2f59c299e73118e7e275",
  ],
  ["sensor_msgs/msg/Imu", "7d9a00ff131080897a5ec7e26e315954b8eae3353c3f995c55faf71574000b5b"],
  [
    "sensor_msgs/msg/RegionOfInterest",
    "ad16bcba5f9131dcdba6fbded19f726f5440e3c513b4fb586dd3027eeed8abb1",
  ],
  [
    "trajectory_msgs/msg/JointTrajectory",
    "179b33eba59d676f6d967ac71fe35e7ca2f64b2f3928f4a018cec115e213796e",
  ],
  ["tf2_msgs/msg/TFMessage", "e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087"],
  ["rosgraph_msgs/msg/Clock", "692f7a66e93a3c83e71765d033b60349ba68023a8c689a79e48078bcb5c58564"],
  ["rcl_interfaces/msg/Log", "e28ce254ca8abc06abf92773b74602cdbf116ed34fbaf294fb9f81da9f318eac"],
  [
    "rcl_interfaces/msg/ParameterEvent",
    "043e627780fcad87a22d225bc2a037361dba713fca6a6b9f4b869a5aa0393204",
  ],
  [
    "diagnostic_msgs/msg/KeyValue",
    "d68081eaa540288c5440753baecef0c4e16e81a5f78ad68902ded5100413bb42",
  ],
  [
    "control_msgs/msg/JointTrajectoryControllerState",
    "51d8dd89cc624cbe9daaeeb4d80d6de9b86168ffdc3be41fefc0953e3c26e480",
  ],
  [
    "action_msgs/msg/GoalStatusArray",
    "6c1684b00f177d37438febe6e709fc4e2b0d4248dca4854946f9ed8b30cda83e",
  ],
  [
    "action_msgs/srv/CancelGoal",
    "573d8b0a534451d7bc2ac8c5ffde8ac14b8593b7001175d0cd6516dcbeb8689a",
  ],
  ["std_srvs/srv/Trigger", "eeff2cd6fa5ad9d27cdf4dec64818317839b62f212a91e6b5304b634b2062c5f"],
  [
    "std_srvs/srv/Trigger_Request",
    "d010825374ce8918e72bfd826c82603e60f45419e932ea976f807b74a863a199",
  ],
  [
    "std_srvs/srv/Trigger_Response",
    "2d946c21e2fc3f1e9ca6986a8191d85fcc70097a8bb7771a053564bc47009cdf",
  ],
  [
    "std_srvs/srv/Trigger_Event",
    "ec4a1d26b0575e61906890342aba9523a2360e9845857c5590fa6e23bc39e1c2",
  ],
  ["std_srvs/srv/SetBool", "abe9e4bb6b41b40e6789712c00ec8871923e089af3f667a79992a428cff2da0a"],
  [
    "rcl_interfaces/srv/SetParameters",
    "56eed9a67e169f9cb6c1f987bc88f868c14a8fc9f743a263bc734c154015d7e0",
  ],
  [
    "rcl_interfaces/srv/GetParameters",
    "bf9803d5c74cf989a5de3e0c2e99444599a627c7ff75f97b8c05b01003675cbc",
  ],
  [
    "rcl_interfaces/srv/SetParametersAtomically",
    "0e192ef259c07fc3c07a13191d27002222e65e00ccec653ca05e856f79285fcd",
  ],
  [
    "rcl_interfaces/srv/GetParameterTypes",
    "da199c878688b3e530bdfe3ca8f74cb9fa0c303101e980a9e8f260e25e1c80ca",
  ],
  [
    "rcl_interfaces/srv/ListParameters",
    "3e6062bfbb27bfb8730d4cef2558221f51a11646d78e7bb30a1e83afac3aad9d",
  ],
  [
    "rcl_interfaces/srv/DescribeParameters",
    "845b484d71eb0673dae682f2e3ba3c4851a65a3dcfb97bddd82c5b57e91e4cff",
  ],
  [
    "type_description_interfaces/srv/GetTypeDescription",
    "69b9c19c1021405984cc60dbbb1edceb147a6538b411d812ba6afabeed962cd5",
  ],
  [
    "example_interfaces/srv/AddTwoInts",
    "e118de6bf5eeb66a2491b5bda11202e7b68f198d6f67922cf30364858239c81a",
  ],
  [
    "example_interfaces/action/Fibonacci_FeedbackMessage",
    "c1de71afd52e49a89c53d8262366884185bc0a02f78ce051c4e46b0a7fe59bb2",
  ],
];

describe("the hash of a type", () => {
  it.each(published)("%s is the published one", (type, sha256) => {
    expect(typeHash(type)).toBe(`RIHS01_${sha256}`);
  });

  it("differs with a name or an order, and is undefined for an unknown type", () => {
    expect(typeHash("rcl_interfaces/msg/SetParametersResult")).not.toBe(
      typeHash("rcl_interfaces/msg/SetLoggerLevelsResult"),
    );
    expect(typeHash("nav_msgs/msg/Odometry")).toBeUndefined();
    expect(typeHash("toString")).toBeUndefined();
  });

  it("is of a description with every contained type once, by name", () => {
    const json = JSON.parse(typeDescriptionJson("tf2_msgs/msg/TFMessage")) as {
      referenced_type_descriptions: { type_name: string }[];
    };
    expect(json.referenced_type_descriptions.map((type) => type.type_name)).toEqual([
      "builtin_interfaces/msg/Time",
      "geometry_msgs/msg/Quaternion",
      "geometry_msgs/msg/Transform",
      "geometry_msgs/msg/TransformStamped",
      "geometry_msgs/msg/Vector3",
      "std_msgs/msg/Header",
    ]);
  });
});
