import { describe, expect, it } from "vitest";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import {
  cameraFromJoints,
  chainFromJoints,
  multiplyXyzw,
  rotate,
  writeRotationMatrix,
  xyzwFromAxisAngle,
  type Pose,
  type Vector3,
  type Xyzw,
} from "../../../bridge/core/kinematics.ts";
import { deviceBody } from "../../../sims/description/device-body.ts";
import { robotMjcf } from "../../../sims/description/robot-mjcf.ts";
import { gazeboTopics, modelConfig, robotSdf } from "../../../sims/description/robot-sdf.ts";
import { robotUrdf } from "../../../sims/description/robot-urdf.ts";
import { imuFrame, robotOf } from "../../../sims/description/robot.ts";
import { rollPitchYaw } from "../../../sims/description/roll-pitch-yaw.ts";
import { randomDynamics } from "../../../sims/embedded/mount-dynamics.ts";
import { compileMjcf, gainStride, type CompiledModel } from "../../../sims/embedded/mujoco.ts";
import { seededRandom, uniform } from "../../../bridge/core/seeded-random.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import { profileOf } from "../../unit/sims/profiles.ts";
import { all, named, numbers, one, parseXml } from "./xml-tree.ts";

const devices: readonly (readonly [string, DeviceDescription])[] = [
  ["phone-mount-4dof", phoneMount],
  ["pan-tilt-dynamixel", profileOf("pan-tilt-dynamixel")],
  ["so101-arm", profileOf("so101-arm")],
];

/** MuJoCo reads URDF too; asked to keep every link as a body. */
async function compileUrdf(urdf: string): Promise<CompiledModel> {
  const options = `<mujoco><compiler fusestatic="false" discardvisual="false"/></mujoco></robot>`;
  return await compileMjcf(urdf.replace("</robot>", options));
}

function randomPosesRad(device: DeviceDescription, count: number): number[][] {
  const random = seededRandom(5);
  return Array.from({ length: count }, () =>
    device.axes.map((axis) => uniform(random, axis.lowerRad, axis.upperRad)),
  );
}

function setJoints(model: CompiledModel, device: DeviceDescription, posRad: readonly number[]) {
  const { qpos } = model.arraysBorrowed();
  device.axes.forEach((axis, index) => {
    qpos[model.indexOf("joint", axis.name)] = posRad[index]!;
  });
  model.updatePoses();
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0);

function expectBody(model: CompiledModel, name: string, pose: Pose): void {
  const { bodyPos, bodyRotation } = model.arraysBorrowed();
  const body = model.indexOf("body", name);
  const matrix = new Float64Array(9);
  writeRotationMatrix(pose.rotationXyzw, matrix, 0);
  expect(
    largestDifference(bodyPos.slice(3 * body, 3 * body + 3), pose.positionM),
    name,
  ).toBeLessThan(1e-8);
  const rotation = bodyRotation.slice(9 * body, 9 * body + 9);
  expect(largestDifference(rotation, matrix), name).toBeLessThan(1e-8);
}

describe.each(devices)("the description of %s", (_, device) => {
  const dynamics = randomDynamics(device, 31);
  const urdfText = robotUrdf(device, dynamics);
  const urdf = parseXml(urdfText);
  const sdf = one(parseXml(robotSdf(device, { dynamics })), "model");

  it("as URDF has every frame and the camera where the device's chain puts them", async () => {
    using model = await compileUrdf(urdfText);
    for (const posRad of randomPosesRad(device, 20)) {
      setJoints(model, device, posRad);
      chainFromJoints(device, posRad).forEach((pose, index) => {
        expectBody(model, device.chain[index]!.frameId, pose);
      });
      expectBody(model, device.camera.frameId, cameraFromJoints(device, posRad));
    }
  });

  it("moves and weighs the same as URDF and as MJCF: mass matrices in 20 poses", async () => {
    using fromUrdf = await compileUrdf(urdfText);
    using fromMjcf = await compileMjcf(robotMjcf(device, dynamics));
    // URDF has no armature.
    fromMjcf.arraysBorrowed().dofArmature.fill(0);
    const size = device.axes.length ** 2;
    const [ours, theirs] = [new Float64Array(size), new Float64Array(size)];
    for (const posRad of randomPosesRad(device, 20)) {
      for (const [model, out] of [
        [fromUrdf, ours],
        [fromMjcf, theirs],
      ] as const) {
        setJoints(model, device, posRad);
        model.massMatrix(out);
      }
      expect(Math.max(...ours)).toBeGreaterThan(1e-4);
      expect(largestDifference(ours, theirs)).toBeLessThan(1e-10);
    }
  });

  it("has the limits and servos of profile and dynamics in the MJCF, in the profile's order", async () => {
    using model = await compileMjcf(robotMjcf(device, dynamics));
    const arrays = model.arraysBorrowed();
    device.axes.forEach((axis, index) => {
      const expected = dynamics.axes[index]!;
      expect(model.indexOf("actuator", axis.name)).toBe(index);
      expect(arrays.actuatorGain[gainStride * index]).toBe(expected.gainNmPerRad);
      expect(arrays.actuatorBias[gainStride * index + 2]).toBe(-expected.servoDampingNmSPerRad);
      expect(arrays.actuatorForceRange[2 * index + 1]).toBe(axis.maxEffortNm);
      const joint = model.indexOf("joint", axis.name);
      expect(arrays.dofArmature[joint]).toBe(expected.armatureKgM2);
      expect(Array.from(arrays.jointRange.slice(2 * joint, 2 * joint + 2))).toEqual([
        axis.lowerRad,
        axis.upperRad,
      ]);
    });
  });

  it("has the same joints in URDF and SDF: ends, axis, limits, friction, as in the profile", () => {
    for (const { axisName, frameId, axis: direction } of device.chain) {
      const axis = device.axes.find(({ name }) => name === axisName)!;
      const [inUrdf, inSdf] = [named(urdf, "joint", axisName), named(sdf, "joint", axisName)];
      expect(one(inSdf, "parent").text).toBe(one(inUrdf, "parent").attributes["link"]);
      expect(one(inSdf, "child").text).toBe(frameId);
      expect(one(inUrdf, "child").attributes["link"]).toBe(frameId);
      expect(numbers(one(inSdf, "axis", "xyz").text)).toEqual([...direction]);
      expect(numbers(one(inUrdf, "axis").attributes["xyz"]!)).toEqual([...direction]);
      const limit = one(inUrdf, "limit").attributes;
      const expected = {
        lower: axis.lowerRad,
        upper: axis.upperRad,
        effort: axis.maxEffortNm,
        velocity: axis.maxVelocityRadPerS,
      };
      for (const [field, value] of Object.entries(expected)) {
        expect(Number(limit[field]), field).toBe(value);
        expect(Number(one(inSdf, "axis", "limit", field).text), field).toBe(value);
      }
      const servo = dynamics.axes[device.axes.indexOf(axis)]!;
      const { damping, friction } = one(inUrdf, "dynamics").attributes;
      expect([damping, friction].map(Number)).toEqual([
        servo.jointDampingNmSPerRad,
        servo.frictionNm,
      ]);
      for (const field of ["damping", "friction"] as const) {
        const inSdfText = one(inSdf, "axis", "dynamics", field).text;
        expect(inSdfText).toBe(one(inUrdf, "dynamics").attributes[field]);
      }
    }
  });

  it("has the same links in URDF and SDF: place, mass, centre, and inertia less the armature", () => {
    for (const { name, joint } of robotOf(device, dynamics).links) {
      const [inUrdf, inSdf] = [named(urdf, "link", name), named(sdf, "link", name)];
      const inertial = one(inSdf, "inertial");
      expect(Number(one(inertial, "mass").text)).toBe(
        Number(one(inUrdf, "inertial", "mass").attributes["value"]),
      );
      const centreM = numbers(one(inUrdf, "inertial", "origin").attributes["xyz"]!);
      expect(numbers(one(inertial, "pose").text)).toEqual([...centreM, 0, 0, 0]);
      // A flat disc: half across the axis, all of it about the axis.
      const armature = joint?.dynamics.armatureKgM2 ?? 0;
      const added = Object.fromEntries(
        (["ixx", "iyy", "izz"] as const).map((field, k) => [
          field,
          joint?.direction[k] === 1 ? 1 : 0.5,
        ]),
      );
      for (const field of ["ixy", "ixz", "iyz"]) {
        expect(Number(one(inertial, "inertia", field).text)).toBe(0);
      }
      for (const [field, share] of Object.entries(added)) {
        const sdfValue = Number(one(inertial, "inertia", field).text);
        const urdfValue = Number(one(inUrdf, "inertial", "inertia").attributes[field]);
        expect(sdfValue - armature * share, `${name} ${field}`).toBeCloseTo(urdfValue, 12);
      }
      const jointName = joint?.axis.name ?? `${name}_joint`;
      const origin = one(named(urdf, "joint", jointName), "origin").attributes;
      expect(one(inSdf, "pose").text).toBe(`${origin["xyz"]!} ${origin["rpy"]!}`);
    }
  });

  it("has a controller with the servo's gains and the documented topic for each axis in the SDF", () => {
    const plugins = all(sdf, "plugin");
    const controllers = plugins.filter(
      ({ attributes }) => attributes["name"] === "gz::sim::systems::JointPositionController",
    );
    expect(controllers.map((each) => one(each, "joint_name").text)).toEqual(
      device.chain.map(({ axisName }) => axisName),
    );
    for (const each of controllers) {
      const name = one(each, "joint_name").text;
      const index = device.axes.findIndex((axis) => axis.name === name);
      const servo = dynamics.axes[index]!;
      expect(one(each, "topic").text).toBe(gazeboTopics.command(device.id, name));
      expect(Number(one(each, "p_gain").text)).toBe(servo.gainNmPerRad);
      expect(Number(one(each, "d_gain").text)).toBe(servo.servoDampingNmSPerRad);
      expect(Number(one(each, "cmd_max").text)).toBe(device.axes[index]!.maxEffortNm);
      expect(Number(one(each, "cmd_min").text)).toBe(-device.axes[index]!.maxEffortNm);
    }
    const publisher = plugins.find(
      ({ attributes }) => attributes["name"] === "gz::sim::systems::JointStatePublisher",
    )!;
    expect(one(publisher, "topic").text).toBe(gazeboTopics.jointState(device.id));
    expect(all(publisher, "joint_name")).toHaveLength(device.axes.length);
  });

  it("has camera and IMU of the URDF's frames in the SDF; the camera looks along the optical z", () => {
    for (const frame of [device.camera.frameId, imuFrame]) {
      const place = named(sdf, "frame", frame);
      const fixed = named(urdf, "joint", `${frame}_joint`);
      expect(place.attributes["attached_to"]).toBe(one(fixed, "parent").attributes["link"]);
      const { xyz, rpy } = one(fixed, "origin").attributes;
      expect(one(place, "pose").text).toBe(`${xyz!} ${rpy!}`);
    }
    const camera = named(sdf, "sensor", "camera");
    expect(one(camera, "pose").attributes["relative_to"]).toBe(device.camera.frameId);
    const [, , , roll, pitch, yaw] = numbers(one(camera, "pose").text);
    const rotation = fromRollPitchYaw([roll!, pitch!, yaw!]);
    const looks = (direction: Vector3): number[] =>
      rotate(rotation, direction).map((value) => Math.round(value * 1e9) / 1e9 + 0);
    expect(looks([1, 0, 0])).toEqual([0, 0, 1]);
    expect(looks([0, 0, 1])).toEqual([0, -1, 0]);
    const [width, height] = ["width", "height"].map((field) =>
      Number(one(camera, "camera", "image", field).text),
    );
    const horizontalRad = Number(one(camera, "camera", "horizontal_fov").text);
    const verticalRad = 2 * Math.atan((Math.tan(horizontalRad / 2) * height!) / width!);
    expect(verticalRad).toBeCloseTo(device.camera.verticalFovRad, 12);
  });

  it("can hold its home pose: no servo needs more than 70 % of its torque there", async () => {
    using model = await compileMjcf(robotMjcf(device));
    const arrays = model.arraysBorrowed();
    device.axes.forEach((axis, index) => {
      arrays.qpos[model.indexOf("joint", axis.name)] = device.homeRad[index]!;
      arrays.ctrl[index] = device.homeRad[index]!;
    });
    for (let i = 0; i < 4000; i += 1) model.step();
    device.axes.forEach((axis, index) => {
      const joint = model.indexOf("joint", axis.name);
      expect(Math.abs(arrays.qpos[joint]! - device.homeRad[index]!), axis.name).toBeLessThan(0.05);
      expect(Math.abs(arrays.actuatorForce[index]!)).toBeLessThan(0.7 * axis.maxEffortNm);
    });
  });
});

const fromRollPitchYaw = ([roll, pitch, yaw]: Vector3): Xyzw =>
  multiplyXyzw(
    xyzwFromAxisAngle([0, 0, 1], yaw),
    multiplyXyzw(xyzwFromAxisAngle([0, 1, 0], pitch), xyzwFromAxisAngle([1, 0, 0], roll)),
  );

describe("the texts", () => {
  it("stay well-formed with names that XML would read as its own", async () => {
    const device = { ...phoneMount, id: `a<b>"&c` };
    const urdf = robotUrdf(device);
    expect(urdf).toContain("a&#60;b&#62;&#34;&#38;c");
    using fromUrdf = await compileMjcf(urdf);
    expect(fromUrdf.indexOf("joint", "yaw")).toBeGreaterThanOrEqual(0);
    using fromMjcf = await compileMjcf(robotMjcf(device));
    expect(fromMjcf.indexOf("joint", "yaw")).toBeGreaterThanOrEqual(0);
    for (const text of [robotSdf(device), modelConfig(device)]) {
      expect(text).toContain("a&#60;b&#62;&#34;&#38;c");
      parseXml(text);
    }
  });

  it("carry a model name other than the device's in every topic", () => {
    const text = robotSdf(phoneMount, { name: "left" });
    expect(text).toContain("/model/left/joint/yaw/0/cmd_pos");
    expect(text).not.toContain(`/model/${phoneMount.id}/`);
  });

  it("take a profile without a body of its own for a phone mount", () => {
    expect(deviceBody({ ...phoneMount, profile: "other" })).toBe(deviceBody(phoneMount));
  });
});

describe("rollPitchYaw", () => {
  it.each<[string, Vector3]>([
    ["nothing", [0, 0, 0]],
    ["each a little", [0.3, -0.2, 1.1]],
    ["half a turn of roll", [Math.PI, 0.4, -2]],
    ["nose straight down", [0, Math.PI / 2, 0.7]],
    ["nose straight up", [0, -Math.PI / 2, -0.7]],
  ])("gives back %s", (_, expected) => {
    const found = rollPitchYaw(fromRollPitchYaw(expected));
    expected.forEach((angleRad, k) => {
      expect(found[k]).toBeCloseTo(angleRad, 7);
    });
  });
});
