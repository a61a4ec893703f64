import { Header } from "./basic.ts";
import { bytes, doubles, floats, int32, message, nested, string, uint32 } from "./codec.ts";
import { Quaternion, Vector3d } from "./geometry.ts";

/** `PixelFormatType` of gz-msgs: those a colour camera sends. */
export const PixelFormat = { L8: 1, Rgb8: 3, Rgba8: 4, Bgra8: 5, Bgr8: 8 } as const;

export const Image = message("Image", {
  header: nested(1, Header),
  width: uint32(2),
  height: uint32(3),
  step: uint32(4),
  data: bytes(5),
  pixelFormatType: int32(6),
});

const Distortion = message("CameraInfo.Distortion", { model: int32(1), k: doubles(2) });
const Intrinsics = message("CameraInfo.Intrinsics", { k: doubles(1) });
const Projection = message("CameraInfo.Projection", { p: doubles(1) });

export const CameraInfo = message("CameraInfo", {
  header: nested(1, Header),
  width: uint32(2),
  height: uint32(3),
  distortion: nested(4, Distortion),
  intrinsics: nested(5, Intrinsics),
  projection: nested(6, Projection),
  rectificationMatrix: doubles(7),
});

const FloatV = message("Float_V", { header: nested(1, Header), data: floats(2) });

/** Up to gz-msgs 9 (Fortress, Garden). */
export const ImuBeforeCovariance = message("IMU", {
  header: nested(1, Header),
  entityName: string(2),
  orientation: nested(3, Quaternion),
  angularVelocity: nested(4, Vector3d),
  linearAcceleration: nested(5, Vector3d),
});

/**
 * From gz-msgs 10 (Harmonic) on. The covariances were put between the old fields and these renumbered,
 * so the same bytes mean something else (gz-msgs #449).
 */
export const Imu = message("IMU", {
  header: nested(1, Header),
  entityName: string(2),
  orientation: nested(3, Quaternion),
  orientationCovariance: nested(4, FloatV),
  angularVelocity: nested(5, Vector3d),
  angularVelocityCovariance: nested(6, FloatV),
  linearAcceleration: nested(7, Vector3d),
  linearAccelerationCovariance: nested(8, FloatV),
});
