import { Double, Header } from "./basic.ts";
import {
  bool,
  double,
  doubles,
  int32,
  int64,
  list,
  message,
  nested,
  string,
  strings,
  uint32,
} from "./codec.ts";
import { Pose, Vector3d } from "./geometry.ts";

export const Axis = message("Axis", {
  xyz: nested(2, Vector3d),
  limitLower: double(3),
  limitUpper: double(4),
  limitEffort: double(5),
  limitVelocity: double(6),
  damping: double(7),
  friction: double(8),
  position: double(10),
  velocity: double(11),
  force: double(12),
});

export const Joint = message("Joint", {
  header: nested(1, Header),
  name: string(2),
  id: uint32(3),
  type: int32(4),
  parent: string(5),
  child: string(7),
  pose: nested(9, Pose),
  axis1: nested(10, Axis),
  axis2: nested(11, Axis),
});

/** What the joint state publisher sends: a model with its joints. Links and visuals are skipped. */
export const Model = message("Model", {
  header: nested(1, Header),
  name: string(2),
  id: uint32(3),
  isStatic: bool(4),
  pose: nested(5, Pose),
  joint: list(6, Joint),
});

const Duration = message("Duration", { header: nested(1, Header), sec: int64(2), nsec: int32(3) });

const JointTrajectoryPoint = message("JointTrajectoryPoint", {
  positions: doubles(1),
  velocities: doubles(2),
  accelerations: doubles(3),
  effort: doubles(4),
  timeFromStart: nested(5, Duration),
});

export const JointTrajectory = message("JointTrajectory", {
  header: nested(1, Header),
  jointNames: strings(2),
  points: list(3, JointTrajectoryPoint),
});

const Pid = message("PID", {
  targetOptional: nested(2, Double),
  pGainOptional: nested(3, Double),
  iGainOptional: nested(4, Double),
  dGainOptional: nested(5, Double),
});

export const JointCmd = message("JointCmd", {
  header: nested(1, Header),
  name: string(2),
  axis: int32(3),
  position: nested(5, Pid),
  velocity: nested(6, Pid),
  reset: bool(7),
  forceOptional: nested(8, Double),
});
