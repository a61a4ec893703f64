import { describe, expect, it } from "vitest";
import {
  cameraFromJoints,
  chainFromJoints,
  multiplyXyzw,
  writeRotationMatrix,
  xyzwFromAxisAngle,
  type Pose,
  type Vector3,
} from "../../../bridge/core/kinematics.ts";
import { mountUrdf, payloadLink, rollPitchYaw } from "../../../sims/description/mount-urdf.ts";
import { randomDynamics } from "../../../sims/embedded/mount-dynamics.ts";
import { mountMjcf, payloadBody } from "../../../sims/embedded/mount-mjcf.ts";
import { compileMjcf } from "../../../sims/embedded/mujoco.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";

const dynamics = randomDynamics(phoneMount, 31);
const jointPosRad = [1.3, -0.7, 0.4, -0.9];

/** MuJoCo reads URDF too; asked to keep every link as a body. */
async function compileUrdf() {
  const options = `<mujoco><compiler fusestatic="false" discardvisual="false"/></mujoco></robot>`;
  return await compileMjcf(mountUrdf(phoneMount, dynamics).replace("</robot>", options));
}

describe("the URDF of the phone mount", () => {
  it("has every frame and the camera where the description's chain puts them", async () => {
    using model = await compileUrdf();
    const arrays = model.arraysBorrowed();
    phoneMount.axes.forEach((axis, index) => {
      arrays.qpos[model.indexOf("joint", axis.name)] = jointPosRad[index]!;
    });
    model.updatePoses();
    const expectBody = (name: string, pose: Pose): void => {
      const body = model.indexOf("body", name);
      const matrix = new Float64Array(9);
      writeRotationMatrix(pose.rotationXyzw, matrix, 0);
      pose.positionM.forEach((m, k) => {
        expect(arrays.bodyPos[3 * body + k], name).toBeCloseTo(m, 8);
      });
      matrix.forEach((value, k) => {
        expect(arrays.bodyRotation[9 * body + k], name).toBeCloseTo(value, 8);
      });
    };
    chainFromJoints(phoneMount, jointPosRad).forEach((pose, index) => {
      expectBody(phoneMount.chain[index]!.frameId, pose);
    });
    expectBody(phoneMount.camera.frameId, cameraFromJoints(phoneMount, jointPosRad));
  });

  it("agrees with the MJCF in masses, inertias, limits and friction", async () => {
    using urdf = await compileUrdf();
    using mjcf = await compileMjcf(mountMjcf(phoneMount, dynamics));
    const [ours, theirs] = [urdf.arraysBorrowed(), mjcf.arraysBorrowed()];
    const bodies = phoneMount.chain.map(({ frameId }) => [frameId, frameId]);
    for (const [inUrdf, inMjcf] of [...bodies, [payloadLink, payloadBody]]) {
      const [a, b] = [urdf.indexOf("body", inUrdf!), mjcf.indexOf("body", inMjcf!)];
      expect(ours.bodyMass[a]).toBeCloseTo(theirs.bodyMass[b]!, 12);
      for (let k = 0; k < 3; k += 1) {
        expect(ours.bodyInertialPos[3 * a + k]).toBeCloseTo(theirs.bodyInertialPos[3 * b + k]!, 9);
      }
      const moments = (all: Float64Array, body: number): number[] =>
        Array.from(all.slice(3 * body, 3 * body + 3)).sort((a, b) => a - b);
      moments(ours.bodyInertia, a).forEach((moment, k) => {
        expect(moment).toBeCloseTo(moments(theirs.bodyInertia, b)[k]!, 12);
      });
    }
    for (const { name } of phoneMount.axes) {
      const [a, b] = [urdf.indexOf("joint", name), mjcf.indexOf("joint", name)];
      expect(ours.jointRange.slice(2 * a, 2 * a + 2)).toEqual(
        theirs.jointRange.slice(2 * b, 2 * b + 2),
      );
      expect(ours.dofDamping[a]).toBe(theirs.dofDamping[b]);
      expect(ours.dofFriction[a]).toBe(theirs.dofFriction[b]);
    }
  });

  it("names effort and velocity limits of every axis", () => {
    const text = mountUrdf(phoneMount, dynamics);
    for (const { maxEffortNm, maxVelocityRadPerS } of phoneMount.axes) {
      expect(text).toContain(`effort="${maxEffortNm}" velocity="${maxVelocityRadPerS}"`);
    }
  });

  it("stays well-formed with names that XML would read as its own", async () => {
    const urdf = mountUrdf({ ...phoneMount, id: `a<b>"&c` });
    expect(urdf).toContain("a&#60;b&#62;&#34;&#38;c");
    using model = await compileMjcf(urdf);
    expect(model.indexOf("joint", "yaw")).toBeGreaterThanOrEqual(0);
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
    const [roll, pitch, yaw] = expected;
    const aboutX = xyzwFromAxisAngle([1, 0, 0], roll);
    const aboutY = xyzwFromAxisAngle([0, 1, 0], pitch);
    const aboutZ = xyzwFromAxisAngle([0, 0, 1], yaw);
    const found = rollPitchYaw(multiplyXyzw(aboutZ, multiplyXyzw(aboutY, aboutX)));
    expected.forEach((angleRad, k) => {
      expect(found[k]).toBeCloseTo(angleRad, 7);
    });
  });
});
