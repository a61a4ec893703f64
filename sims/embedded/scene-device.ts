import type { DeviceDescription } from "../../bridge/contract/device.ts";
import {
  cameraCarrier,
  cameraMount,
  identityXyzw,
  rotate,
  type Vector3,
  type Xyzw,
} from "../../bridge/core/kinematics.ts";
import { deviceBody } from "../description/device-body.ts";
import type { SceneGeom } from "./scene-geom.ts";

const lensDepthM = 0.004;
/** Thickness of a joint's housing beside which a shorter link is not drawn as a tube. */
const housingRadiusM = 0.022;

const gray: Vector3 = [0.32, 0.33, 0.36];
const dark: Vector3 = [0.12, 0.12, 0.14];

/** Middle of the payload in the last frame of the chain: its centre of mass. */
export function payloadMiddleM(device: DeviceDescription): Vector3 {
  const [x, y, z] = device.camera.translationM;
  const [dx, dy, dz] = deviceBody(device).payload.fromLensM;
  return [x + dx, y + dy, z + dz];
}

/** What the device looks like, made from its chain: a foot, a link per joint, the phone with its lens. */
export function deviceGeoms(device: DeviceDescription): readonly SceneGeom[] {
  const heightM = device.chain[0]?.translationM[2] ?? 0.1;
  const parts: Part[] = [
    { name: "foot", shape: "cylinder", sizeM: [0.06, 0.008, 0], positionM: [0, 0, 0.008] },
    {
      name: "column",
      shape: "cylinder",
      // A device that hangs has its first joint below its base.
      sizeM: [0.018, Math.max(Math.abs(heightM) / 2 - 0.01, 0.004), 0],
      positionM: [0, 0, heightM / 2],
    },
  ];
  const base = parts.map((part) => solid(part, device.baseFrameId, gray));
  const links = device.chain.slice(0, -1).flatMap((joint, index) => {
    const next = device.chain[index + 1];
    if (next === undefined) return [];
    return [link(device, joint.axisName, joint.frameId, next.translationM)];
  });
  return [...base, ...links, ...payload(device)];
}

type Part = Pick<SceneGeom, "name" | "shape" | "sizeM" | "positionM"> & {
  readonly rotationXyzw?: Xyzw;
};

function solid(part: Part, frameId: string, colorRgb: Vector3): SceneGeom {
  return {
    rotationXyzw: identityXyzw,
    ...part,
    colorRgb,
    frameId,
    isPartOfCameraBody: false,
    isTarget: false,
  };
}

/** A tube up to the next joint, or a housing where the next joint is close. Links run along z. */
function link(
  device: DeviceDescription,
  axisName: string,
  frameId: string,
  toNextM: Vector3,
): SceneGeom {
  const { linkRadiusM } = deviceBody(device);
  const lengthM = Math.hypot(...toNextM);
  const middleM: Vector3 = [toNextM[0] / 2, toNextM[1] / 2, toNextM[2] / 2];
  const name = `link_${axisName}`;
  return lengthM > 2 * housingRadiusM
    ? solid(
        {
          name,
          shape: "capsule",
          sizeM: [linkRadiusM, lengthM / 2 - linkRadiusM / 2, 0],
          positionM: middleM,
        },
        frameId,
        gray,
      )
    : solid(
        {
          name,
          shape: "cylinder",
          sizeM: [housingRadiusM, Math.max(lengthM / 2 - 0.001, 0.004), 0],
          positionM: middleM,
        },
        frameId,
        dark,
      );
}

/** The box with the camera, and the lens in front of its eye, along the view. */
function payload(device: DeviceDescription): readonly SceneGeom[] {
  const frameId = cameraCarrier(device);
  const { halfSizeM, colorRgb } = deviceBody(device).payload;
  const { positionM, rotationXyzw } = cameraMount(device);
  const [viewX, viewY, viewZ] = rotate(rotationXyzw, [0, 0, 1]);
  const body = solid(
    { name: "phone", shape: "box", sizeM: halfSizeM, positionM: payloadMiddleM(device) },
    frameId,
    colorRgb,
  );
  // Behind the eye, half sunk into the body.
  const back = lensDepthM * 0.75;
  const lens = solid(
    {
      name: "lens",
      shape: "cylinder",
      sizeM: [0.006, lensDepthM / 2, 0],
      positionM: [
        positionM[0] - viewX * back,
        positionM[1] - viewY * back,
        positionM[2] - viewZ * back,
      ],
      // A cylinder's axis is its z, and so is the view in the optical frame.
      rotationXyzw,
    },
    frameId,
    [0.02, 0.02, 0.03],
  );
  return [body, lens].map((geom) => ({ ...geom, isPartOfCameraBody: true }));
}
