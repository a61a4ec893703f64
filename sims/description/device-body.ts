import type { AxisDescription, DeviceDescription } from "../../bridge/contract/device.ts";
import type { Vector3 } from "../../bridge/core/kinematics.ts";

/** What a `DeviceDescription` leaves open: what the device weighs and what it carries. */
export interface DeviceBody {
  /** Mass of the link that turns with an axis, without the payload. */
  readonly linkMassKg: (axis: AxisDescription) => number;
  /** Radius of the tube drawn from joint to joint. */
  readonly linkRadiusM: number;
  /** The box that holds the camera. */
  readonly payload: {
    readonly link: string;
    readonly massKg: number;
    readonly halfSizeM: Vector3;
    /** From the lens to the box's middle, in the frame that carries the camera. */
    readonly fromLensM: Vector3;
    readonly colorRgb: Vector3;
  };
}

/** A phone in a mount. Motor, bracket and cable of a link grow with the torque of its joint. */
const phoneMount: DeviceBody = {
  linkMassKg: (axis) => 0.02 + 0.16 * axis.maxEffortNm,
  linkRadiusM: 0.014,
  payload: {
    link: "phone_link",
    massKg: 0.2,
    // 8 mm thick along the view, held across (148 mm), 78 mm high.
    halfSizeM: [0.004, 0.074, 0.039],
    // The lens looks out of the upper half of the back.
    fromLensM: [-0.009, 0, -0.032],
    colorRgb: [0.08, 0.09, 0.12],
  },
};

/** A camera head of 40 mm on two hobby servos of 60 g. */
const panTilt: DeviceBody = {
  linkMassKg: () => 0.08,
  linkRadiusM: 0.014,
  payload: {
    link: "camera_link",
    massKg: 0.12,
    halfSizeM: [0.025, 0.03, 0.02],
    fromLensM: [-0.029, 0, 0],
    colorRgb: [0.2, 0.2, 0.23],
  },
};

/** Printed links with bus servos of 55 g; a small camera beside the tool flange. */
const deskArm: DeviceBody = {
  linkMassKg: () => 0.11,
  linkRadiusM: 0.018,
  payload: {
    link: "camera_link",
    massKg: 0.05,
    halfSizeM: [0.012, 0.02, 0.012],
    fromLensM: [0, 0, -0.016],
    colorRgb: [0.12, 0.12, 0.14],
  },
};

const bodies: Readonly<Record<string, DeviceBody>> = {
  "phone-mount-4dof": phoneMount,
  "pan-tilt-dynamixel": panTilt,
  "so101-arm": deskArm,
};

/** The body of a profile; one that is not known is taken for a mount with a phone. */
export function deviceBody(device: DeviceDescription): DeviceBody {
  return bodies[device.profile] ?? phoneMount;
}
