import { bench, describe } from "vitest";
import { stampNs } from "../../bridge/contract/units.ts";
import { messageReader, messageWriter } from "../../ros/messages/codec.ts";
import {
  jointStateMessage,
  jointTrajectoryMessage,
  jpegMessage,
} from "../../ros/messages/message-mapping.ts";
import { prediction } from "../unit/ros/prediction.ts";

const at = { stamp: stampNs(1_700_000_000_000_000_007n), frameId: "mount_base" };
const axisNames = ["deploy", "yaw", "roll", "pitch"];
const four = Float64Array.of(2.1, -0.5, 0.25, 1);
const horizon = Array.from({ length: 32 * 4 }, (_, i) => i / 100);
const predicted = prediction({ axisCount: 4, posRad: horizon, velRadPerS: horizon });
const jpeg = new Uint8Array(30_000);

const jointState = jointStateMessage(at, {
  axisNames,
  posRad: four,
  velRadPerS: four,
  effortNm: four,
});
const trajectory = jointTrajectoryMessage(at, axisNames, predicted);
const picture = jpegMessage(at, jpeg);
const encodeJointState = messageWriter("sensor_msgs/msg/JointState");
const encodeTrajectory = messageWriter("trajectory_msgs/msg/JointTrajectory");
const encodePicture = messageWriter("sensor_msgs/msg/CompressedImage");
const decodeJointState = messageReader("sensor_msgs/msg/JointState");
const jointStateCdr = encodeJointState(jointState);

describe("JointState of 4 joints", () => {
  bench("encode CDR", () => {
    encodeJointState(jointState);
  });
  bench("decode CDR", () => {
    decodeJointState(jointStateCdr);
  });
  bench("reference: JSON.stringify", () => {
    JSON.stringify(jointState);
  });
});

describe("JointTrajectory of 32 points, 4 joints", () => {
  bench("map and encode CDR", () => {
    encodeTrajectory(jointTrajectoryMessage(at, axisNames, predicted));
  });
  bench("encode CDR", () => {
    encodeTrajectory(trajectory);
  });
  bench("reference: JSON.stringify", () => {
    JSON.stringify(trajectory);
  });
});

describe("CompressedImage of 30 kB", () => {
  bench("encode CDR", () => {
    encodePicture(picture);
  });
  bench("reference: copy the bytes", () => {
    jpeg.slice();
  });
});
