import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import {
  cameraFromJoints,
  chainFromJoints,
  writeRotationMatrix,
  type Pose,
} from "../../../bridge/core/kinematics.ts";
import { deviceBody } from "../../../sims/description/device-body.ts";
import { defaultDynamics, randomDynamics } from "../../../sims/embedded/mount-dynamics.ts";
import { mountMjcf } from "../../../sims/embedded/mount-mjcf.ts";
import { compileMjcf, gainStride, type CompiledModel } from "../../../sims/embedded/mujoco.ts";
import { seededRandom, uniform } from "../../../bridge/core/seeded-random.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";

/** The same mount described in another axis order: nothing may lean on the chain's own order. */
const shuffled: DeviceDescription = {
  ...phoneMount,
  axes: [2, 0, 3, 1].map((index) => phoneMount.axes[index]!),
  homeRad: [2, 0, 3, 1].map((index) => phoneMount.homeRad[index]!),
};

describe.each([
  ["the phone mount", phoneMount],
  ["the phone mount with its axes in another order", shuffled],
])("the MJCF of %s", (_, device) => {
  const dynamics = randomDynamics(device, 12);
  let model: CompiledModel;

  beforeAll(async () => {
    model = await compileMjcf(mountMjcf(device, dynamics));
  });
  afterAll(() => {
    model[Symbol.dispose]();
  });

  function expectPose(positions: Float64Array, rotations: Float64Array, at: number, pose: Pose) {
    const matrix = new Float64Array(9);
    writeRotationMatrix(pose.rotationXyzw, matrix, 0);
    pose.positionM.forEach((m, k) => {
      expect(positions[3 * at + k]).toBeCloseTo(m, 8);
    });
    matrix.forEach((value, k) => {
      expect(rotations[9 * at + k]).toBeCloseTo(value, 8);
    });
  }

  it("has every frame and the camera where the description's chain puts them, in 50 poses", () => {
    const random = seededRandom(7);
    for (let i = 0; i < 50; i += 1) {
      const jointPosRad = device.axes.map((axis) => uniform(random, axis.lowerRad, axis.upperRad));
      const arrays = model.arraysBorrowed();
      device.axes.forEach((axis, index) => {
        arrays.qpos[model.indexOf("joint", axis.name)] = jointPosRad[index]!;
      });
      model.updatePoses();
      chainFromJoints(device, jointPosRad).forEach((pose, index) => {
        const body = model.indexOf("body", device.chain[index]!.frameId);
        expectPose(arrays.bodyPos, arrays.bodyRotation, body, pose);
      });
      const site = model.indexOf("site", device.camera.frameId);
      const camera = cameraFromJoints(device, jointPosRad);
      expectPose(arrays.sitePos, arrays.siteRotation, site, camera);
    }
  });

  it("has the limits and torques of the description and the joints and servos of the dynamics", () => {
    const arrays = model.arraysBorrowed();
    device.axes.forEach((axis, index) => {
      const joint = model.indexOf("joint", axis.name);
      const actuator = model.indexOf("actuator", axis.name);
      const expected = dynamics.axes[index]!;
      expect(actuator).toBe(index);
      expect(Array.from(arrays.jointRange.slice(2 * joint, 2 * joint + 2))).toEqual([
        axis.lowerRad,
        axis.upperRad,
      ]);
      const forceRange = arrays.actuatorForceRange.slice(2 * actuator, 2 * actuator + 2);
      expect(Array.from(forceRange)).toEqual([-axis.maxEffortNm, axis.maxEffortNm]);
      expect(arrays.dofDamping[joint]).toBe(expected.jointDampingNmSPerRad);
      expect(arrays.dofFriction[joint]).toBe(expected.frictionNm);
      expect(arrays.dofArmature[joint]).toBe(expected.armatureKgM2);
      expect(arrays.actuatorGain[gainStride * actuator]).toBe(expected.gainNmPerRad);
      expect(arrays.actuatorBias[gainStride * actuator + 1]).toBe(-expected.gainNmPerRad);
      expect(arrays.actuatorBias[gainStride * actuator + 2]).toBe(-expected.servoDampingNmSPerRad);
    });
  });

  it("weighs what its links and the payload weigh, and nothing else weighs", () => {
    const { bodyMass } = model.arraysBorrowed();
    const body = deviceBody(device);
    expect(bodyMass[model.indexOf("body", body.payload.link)]).toBe(dynamics.payloadMassKg);
    for (const joint of device.chain) {
      const axis = device.axes.find(({ name }) => name === joint.axisName)!;
      expect(bodyMass[model.indexOf("body", joint.frameId)]).toBeCloseTo(body.linkMassKg(axis), 12);
    }
    const linksKg = device.axes.reduce((sumKg, axis) => sumKg + body.linkMassKg(axis), 0);
    const allKg = bodyMass.reduce((sumKg, massKg) => sumKg + massKg, 0);
    expect(allKg).toBeCloseTo(linksKg + dynamics.payloadMassKg, 12);
  });
});

describe("compileMjcf", () => {
  it("tells in MuJoCo's words what is wrong with a model", async () => {
    const text = mountMjcf(phoneMount, defaultDynamics(phoneMount)).replace("<site", "<sight");
    const failure: unknown = await compileMjcf(text).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BridgeError);
    expect(failure).toMatchObject({ code: ErrorCode.SimModel });
    expect(String(failure)).toMatch(/sight/);
  });

  it("takes names that XML would read as its own", async () => {
    const [yaw] = phoneMount.axes.slice(1);
    const axes = phoneMount.axes.map((axis) =>
      axis === yaw ? { ...axis, name: `y"<a>&w` } : axis,
    );
    const chain = phoneMount.chain.map((joint) =>
      joint.axisName === "yaw" ? { ...joint, axisName: `y"<a>&w`, frameId: "a & b" } : joint,
    );
    const device = { ...phoneMount, id: "<mount>", axes, chain };
    using model = await compileMjcf(mountMjcf(device, defaultDynamics(device)));
    expect(model.indexOf("joint", `y"<a>&w`)).toBeGreaterThanOrEqual(0);
    expect(model.indexOf("body", "a & b")).toBeGreaterThanOrEqual(0);
  });

  it("names what is asked for and not there", async () => {
    using model = await compileMjcf(mountMjcf(phoneMount, defaultDynamics(phoneMount)));
    expect(() => model.indexOf("joint", "elbow")).toThrow(/no joint "elbow"/);
  });
});
