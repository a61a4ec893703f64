import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { identityXyzw, type Vector3, type Xyzw } from "../../bridge/core/kinematics.ts";
import type { SceneGeom } from "./scene-geom.ts";

/** Half sizes of the phone: 8 mm thick along the view, held across (148 mm), 78 mm high. */
export const phoneHalfSizeM: Vector3 = [0.004, 0.074, 0.039];
/** From the lens to the middle of the phone: the lens looks out of the upper half of the back. */
const phoneFromLensM: Vector3 = [-0.009, 0, -0.032];
const lensDepthM = 0.004;
const linkRadiusM = 0.014;
/** Thickness of a joint's housing beside which a shorter link is not drawn as a tube. */
const housingRadiusM = 0.022;

const alongX: Xyzw = [0, Math.SQRT1_2, 0, Math.SQRT1_2];
const gray: Vector3 = [0.32, 0.33, 0.36];
const dark: Vector3 = [0.12, 0.12, 0.14];

/** Middle of the phone in the last frame of the chain: its centre of mass. */
export function phoneCenterM(device: DeviceDescription): Vector3 {
  const [x, y, z] = device.camera.translationM;
  return [x + phoneFromLensM[0], y + phoneFromLensM[1], z + phoneFromLensM[2]];
}

/** What the device looks like, made from its chain: a foot, a link per joint, the phone with its lens. */
export function deviceGeoms(device: DeviceDescription): readonly SceneGeom[] {
  const heightM = device.chain[0]?.translationM[2] ?? 0.1;
  const parts: Part[] = [
    { name: "foot", shape: "cylinder", sizeM: [0.06, 0.008, 0], positionM: [0, 0, 0.008] },
    {
      name: "column",
      shape: "cylinder",
      sizeM: [0.018, heightM / 2 - 0.01, 0],
      positionM: [0, 0, heightM / 2],
    },
  ];
  const base = parts.map((part) => solid(part, device.baseFrameId, gray));
  const links = device.chain.slice(0, -1).flatMap((joint, index) => {
    const next = device.chain[index + 1];
    return next === undefined ? [] : [link(joint.axisName, joint.frameId, next.translationM)];
  });
  return [...base, ...links, ...phone(device)];
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
function link(axisName: string, frameId: string, toNextM: Vector3): SceneGeom {
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

function phone(device: DeviceDescription): readonly SceneGeom[] {
  const frameId = device.chain.at(-1)?.frameId ?? device.baseFrameId;
  const center = phoneCenterM(device);
  const lensX = center[0] + phoneHalfSizeM[0] + lensDepthM / 2;
  const [, lensY, lensZ] = device.camera.translationM;
  const body = solid(
    { name: "phone", shape: "box", sizeM: phoneHalfSizeM, positionM: center },
    frameId,
    [0.08, 0.09, 0.12],
  );
  const lens = solid(
    {
      name: "lens",
      shape: "cylinder",
      sizeM: [0.006, lensDepthM / 2, 0],
      positionM: [lensX, lensY, lensZ],
      rotationXyzw: alongX,
    },
    frameId,
    [0.02, 0.02, 0.03],
  );
  return [body, lens].map((geom) => ({ ...geom, isPartOfCameraBody: true }));
}
