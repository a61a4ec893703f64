import { Header } from "./basic.ts";
import { double, list, message, nested, string, uint32 } from "./codec.ts";

export const Vector3d = message("Vector3d", {
  header: nested(1, Header),
  x: double(2),
  y: double(3),
  z: double(4),
});

export const Quaternion = message("Quaternion", {
  header: nested(1, Header),
  x: double(2),
  y: double(3),
  z: double(4),
  w: double(5),
});

export const Pose = message("Pose", {
  header: nested(1, Header),
  name: string(2),
  id: uint32(3),
  position: nested(4, Vector3d),
  orientation: nested(5, Quaternion),
});

export const PoseV = message("Pose_V", { header: nested(1, Header), pose: list(2, Pose) });
