import { describe, expect, it } from "vitest";
import { cameraFromJoints } from "../../../bridge/core/kinematics.ts";
import {
  cameraPoseOffset,
  geomPoseOffset,
  makeSceneAt,
  poseSnapshotWidth,
  writeScenePoses,
} from "../../../sims/embedded/scene.ts";
import { plainPaths, targetMotions, targetPoseAt } from "../../../sims/embedded/target-motion.ts";
import { phoneMount } from "./phone-mount.ts";

const scene = makeSceneAt(phoneMount, 3);

describe("the scene", () => {
  it("has names of its own, and the camera's own body is the phone and its lens", () => {
    const names = scene.geoms.map((geom) => geom.name);
    expect(new Set(names).size).toBe(names.length);
    const body = scene.geoms.filter((geom) => geom.isPartOfCameraBody).map((geom) => geom.name);
    expect(body).toEqual(["phone", "lens"]);
  });

  it("shows three targets of different shape and colour", () => {
    const targets = scene.geoms.filter((geom) => geom.isTarget);
    expect(targets).toHaveLength(plainPaths.length);
    expect(new Set(targets.map((geom) => geom.shape)).size).toBe(plainPaths.length);
    expect(new Set(targets.map((geom) => geom.colorRgb.join())).size).toBe(plainPaths.length);
  });

  it("stamps poses in ms and puts the camera where the chain says", () => {
    const row = new Float64Array(poseSnapshotWidth(scene.geoms.length));
    const jointPosRad = [2.1, 0.3, -0.1, 0.2];
    writeScenePoses(scene, jointPosRad, 2.5, row);
    expect(row[0]).toBe(2500);
    const camera = cameraFromJoints(phoneMount, jointPosRad);
    const found = row.slice(cameraPoseOffset, cameraPoseOffset + 3);
    expect(Array.from(found)).toEqual(camera.positionM);
    const last = geomPoseOffset(scene.geoms.length - 1);
    expect(last + 12).toBe(row.length);
  });
});

describe("target paths", () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);

  it("follow from the seed", () => {
    expect(targetMotions(4)).toEqual(targetMotions(4));
    expect(targetMotions(4)).not.toEqual(targetMotions(5));
  });

  it("stay in front of the mount, above the desk and slow, for any seed", () => {
    const worst = { xM: Infinity, yM: 0, zM: Infinity, speedMPerS: 0 };
    for (const motion of seeds.flatMap((seed) => targetMotions(seed))) {
      let [lastX, lastY, lastZ] = targetPoseAt(motion, 0).positionM;
      for (let timeS = 0.02; timeS < 20; timeS += 0.02) {
        const [x, y, z] = targetPoseAt(motion, timeS).positionM;
        const speedMPerS = Math.hypot(x - lastX, y - lastY, z - lastZ) / 0.02;
        worst.xM = Math.min(worst.xM, x);
        worst.yM = Math.max(worst.yM, Math.abs(y));
        worst.zM = Math.min(worst.zM, z);
        worst.speedMPerS = Math.max(worst.speedMPerS, speedMPerS);
        [lastX, lastY, lastZ] = [x, y, z];
      }
    }
    expect(worst.xM).toBeGreaterThan(0.6);
    expect(worst.yM).toBeLessThan(0.6);
    expect(worst.zM).toBeGreaterThan(0.12);
    expect(worst.speedMPerS).toBeLessThan(0.5);
  });
});
