import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { deviceBody } from "../description/device-body.ts";
import { payloadCenterM, payloadInertiaKgM2 } from "../description/robot.ts";
import type { AxisDynamics, MountDynamics } from "./mount-dynamics.ts";
import type { SceneLayout } from "./scene-layout.ts";
import { gainStride, type CompiledModel, type ModelArrays } from "./mujoco.ts";

export const maxCommandLatencyMs = 250;

/**
 * Writes `dynamics` into a compiled model: the same as compiling `mountMjcf(device, dynamics)`, about a
 * hundred times faster. The state is undefined afterwards: reset it.
 */
export function applyDynamics(
  model: CompiledModel,
  device: DeviceDescription,
  dynamics: MountDynamics,
): void {
  const arrays = model.arraysBorrowed();
  const body = model.indexOf("body", deviceBody(device).payload.link);
  arrays.bodyMass[body] = dynamics.payloadMassKg;
  arrays.bodyInertia.set(payloadInertiaKgM2(device, dynamics.payloadMassKg), 3 * body);
  arrays.bodyInertialPos.set(payloadCenterM(device, dynamics), 3 * body);
  device.axes.forEach(({ name }, index) => {
    const axis = dynamics.axes[index];
    if (axis === undefined) return;
    const joint = model.indexOf("joint", name);
    const actuator = model.indexOf("actuator", name);
    applyAxis(arrays, axis, joint, actuator);
  });
  model.updateConstants();
}

/** Sliding friction of everything that can be pushed. @throws BridgeError `sim/model` if out of range. */
export function applyContactFriction(
  model: CompiledModel,
  layout: SceneLayout,
  friction: number,
): void {
  if (!(friction >= 0.05 && friction <= 2)) {
    throw new BridgeError(ErrorCode.SimModel, `contactFriction is ${friction}, expected 0.05 .. 2`);
  }
  const { geomFriction } = model.arraysBorrowed();
  for (const { name } of layout.pushables.flatMap((body) => body.geoms)) {
    geomFriction[3 * model.indexOf("geom", name)] = friction;
  }
}

/** @throws BridgeError `sim/model` naming the first number the model could not be stable with. */
export function checkDynamics(device: DeviceDescription, dynamics: MountDynamics): void {
  const wrong = (what: string, found: number, expected: string): never => {
    throw new BridgeError(ErrorCode.SimModel, `${what} is ${found}, expected ${expected}`);
  };
  if (dynamics.axes.length !== device.axes.length) {
    wrong("dynamics axis count", dynamics.axes.length, String(device.axes.length));
  }
  const { payloadMassKg, commandLatencyMs } = dynamics;
  if (!(payloadMassKg > 0 && payloadMassKg <= 5))
    wrong("payloadMassKg", payloadMassKg, "0 .. 5 kg");
  if (!(commandLatencyMs >= 0 && commandLatencyMs <= maxCommandLatencyMs)) {
    wrong("commandLatencyMs", commandLatencyMs, `0 .. ${maxCommandLatencyMs} ms`);
  }
  dynamics.payloadOffsetM.forEach((offsetM) => {
    if (!(Math.abs(offsetM) <= 0.5)) wrong("payloadOffsetM", offsetM, "-0.5 .. 0.5 m");
  });
  dynamics.axes.forEach((axis, index) => {
    const name = device.axes[index]?.name ?? "";
    for (const [field, value] of Object.entries(axis) as [string, number][]) {
      if (!(value >= 0 && Number.isFinite(value))) wrong(`${name} ${field}`, value, "0 or more");
    }
    if (axis.armatureKgM2 === 0) wrong(`${name} armatureKgM2`, 0, "above 0 kg m^2");
  });
}

function applyAxis(arrays: ModelArrays, axis: AxisDynamics, joint: number, actuator: number): void {
  // Every joint is a hinge, so joint, dof and qpos have the same index.
  arrays.dofDamping[joint] = axis.jointDampingNmSPerRad;
  arrays.dofFriction[joint] = axis.frictionNm;
  arrays.dofArmature[joint] = axis.armatureKgM2;
  // As the compiler expands <position>: gain kp; bias 0, -kp, -kv.
  arrays.actuatorGain[gainStride * actuator] = axis.gainNmPerRad;
  arrays.actuatorBias[gainStride * actuator + 1] = -axis.gainNmPerRad;
  arrays.actuatorBias[gainStride * actuator + 2] = -axis.servoDampingNmSPerRad;
}
