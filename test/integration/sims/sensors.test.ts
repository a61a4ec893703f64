import { describe, expect, it } from "vitest";
import { cameraIntrinsics } from "../../../bridge/core/camera.ts";
import { cameraFromJoints, invertPose, rotate } from "../../../bridge/core/kinematics.ts";
import { makeImuSample } from "../../../sims/embedded/imu-reader.ts";
import { openMountSimulator, type MountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { SceneCamera } from "../../../sims/embedded/scene-camera.ts";
import { sceneNames } from "../../../sims/embedded/scene-layout.ts";
import { noSensorNoise } from "../../../sims/embedded/sensor-noise.ts";
import { readSeenBody, truthWidth } from "../../../sims/embedded/target-truth.ts";
import { makeTelemetry, phoneMount } from "../../unit/sims/phone-mount.ts";

const device = phoneMount;
const size = { widthPx: 160, heightPx: 120 };
const intrinsics = cameraIntrinsics(size.widthPx, size.heightPx, device.camera.verticalFovRad);

describe("the IMU", () => {
  it("at rest feels gravity upwards in its own axes and no turn", async () => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    const imu = makeImuSample();
    const state = makeTelemetry();
    simulator.step(4000);
    simulator.readImu(imu);
    simulator.readState(state);
    const camera = cameraFromJoints(device, state.posRad);
    const upInCamera = rotate(invertPose(camera).rotationXyzw, [0, 0, 9.81]);
    // Optical z is the IMU's x, -x its y, -y its z.
    const expected = [upInCamera[2], -upInCamera[0], -upInCamera[1]];
    expected.forEach((value, k) => {
      expect(imu.linearAccelMPerS2[k]).toBeCloseTo(value, 2);
      expect(Math.abs(imu.angularVelRadPerS[k]!)).toBeLessThan(2e-3);
    });
    expect(imu.stampMs).toBeCloseTo(4000, 6);
  });

  it("tells the yaw rate while the mount turns about the vertical", async () => {
    using simulator = await openMountSimulator({
      device,
      seed: 1,
      startPosRad: [2.1, 0, 0, 0],
    });
    const imu = makeImuSample();
    const state = makeTelemetry();
    const targets = Float64Array.from([2.1, 0, 0, 0]);
    for (let ms = 0; ms < 800; ms += 1) {
      targets[1] = 0.001 * ms;
      simulator.setTargets(targets);
      simulator.step(1);
    }
    simulator.readImu(imu);
    simulator.readState(state);
    expect(state.velRadPerS[1]).toBeGreaterThan(0.8);
    expect(imu.angularVelRadPerS[2]).toBeCloseTo(state.velRadPerS[1]!, 1);
  });

  it("is as noisy as told, the same for the same seed and step, other for another", async () => {
    const noise = { ...noSensorNoise, gyroRadPerS: 0.01, accelMPerS2: 0.2, gyroBiasRadPerS: 0.05 };
    using simulator = await openMountSimulator({ device, seed: 9, noise });
    const imu = makeImuSample();
    const run = (seed: number): number[] => {
      simulator.reset(seed);
      simulator.step(3000);
      return Array.from({ length: 2000 }, () => {
        simulator.step(1);
        simulator.readImu(imu);
        return imu.angularVelRadPerS[0]!;
      });
    };
    const values = run(9);
    expect(run(9)).toEqual(values);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    expect(std).toBeGreaterThan(0.0092);
    expect(std).toBeLessThan(0.0108);
    const otherMean = run(10).reduce((sum, value) => sum + value, 0) / values.length;
    // The offset belongs to the seed.
    expect(Math.abs(otherMean - mean)).toBeGreaterThan(0.002);
  });
});

describe("joint sensors", () => {
  it("are off by as much as told in the row and in the state alike, the motion is not", async () => {
    const noise = { ...noSensorNoise, jointPosRad: 0.002, jointVelRadPerS: 0.03 };
    using noisy = await openMountSimulator({ device, seed: 3, noise });
    using exact = await openMountSimulator({ device, seed: 3 });
    const row = new Float64Array(12);
    const [state, truth] = [makeTelemetry(), makeTelemetry()];
    let square = 0;
    for (let i = 0; i < 1000; i += 1) {
      for (const simulator of [noisy, exact]) simulator.step(1);
      noisy.readRow(row);
      noisy.readState(state);
      exact.readState(truth);
      expect(Array.from(row.slice(0, 4))).toEqual(Array.from(state.posRad));
      expect(state.effortNm).toEqual(truth.effortNm);
      square += (state.posRad[1]! - truth.posRad[1]!) ** 2;
    }
    expect(Math.sqrt(square / 1000)).toBeGreaterThan(0.0018);
    expect(Math.sqrt(square / 1000)).toBeLessThan(0.0022);
    noisy.reset(3, { noise: noSensorNoise });
    exact.reset(3);
    for (const simulator of [noisy, exact]) simulator.step(50);
    noisy.readState(state);
    exact.readState(truth);
    expect(state).toEqual(truth);
  });
});

describe("the truth about targets", () => {
  function look(simulator: MountSimulator): { truth: Float64Array; camera: SceneCamera } {
    const camera = new SceneCamera({ device, geoms: simulator.geoms, ...size });
    const row = new Float64Array(simulator.poseSnapshotWidth);
    simulator.writePoses(row);
    camera.capture(row);
    const truth = new Float64Array(simulator.trackedBodies.length * truthWidth);
    simulator.readTruth(camera.intrinsics, truth);
    return { truth, camera };
  }

  it("names targets first, then what can be pushed", async () => {
    using simulator = await openMountSimulator({ device, seed: 1, scene: "face" });
    expect(simulator.trackedBodies.map((body) => body.name)).toEqual([
      "target_face",
      "mug",
      "book",
    ]);
  });

  it("points at the pixels that show the body, in every scene", async () => {
    let compared = 0;
    for (const scene of sceneNames) {
      using simulator = await openMountSimulator({ device, seed: 5, scene });
      simulator.step(800);
      const { truth, camera } = look(simulator);
      const segmentation = new Uint16Array(size.widthPx * size.heightPx);
      camera.readSegmentation(segmentation);
      simulator.trackedBodies.forEach((body, index) => {
        const [azimuthRad, elevationRad, distanceM, inView] = truth.slice(index * truthWidth);
        expect(distanceM).toBeGreaterThan(0.2);
        const column = intrinsics.cxPx + intrinsics.fxPx * Math.tan(azimuthRad!);
        const isInside = column > 20 && column < 140 && Math.abs(elevationRad!) < 0.3;
        // A sphere or box away from the border and from others is where its middle is.
        if (!["target_sphere", "target_box"].includes(body.name) || !isInside) return;
        const seen = readSeenBody(segmentation, body, camera.intrinsics);
        expect(inView).toBe(1);
        expect(seen.pixelCount).toBeGreaterThan(10);
        expect(Math.abs(seen.azimuthRad - azimuthRad!)).toBeLessThan(0.02);
        expect(Math.abs(seen.elevationRad - elevationRad!)).toBeLessThan(0.02);
        compared += 1;
      });
    }
    expect(compared).toBeGreaterThan(2);
  });

  it("has the right signs: right and up of the view are positive, behind is not in view", async () => {
    using simulator = await openMountSimulator({ device, seed: 1, startPosRad: [2.1, 0, 0, 0] });
    const place = (positionM: [number, number, number]): number[] => {
      simulator.setTargetScripts([{ target: "target_box", keyframes: [{ timeS: 0, positionM }] }]);
      const index = simulator.trackedBodies.findIndex(({ name }) => name === "target_box");
      const { truth } = look(simulator);
      return Array.from(truth.slice(index * truthWidth, (index + 1) * truthWidth));
    };
    const [eyeX, eyeY, eyeZ] = cameraFromJoints(device, [2.1, 0, 0, 0]).positionM;
    const [right, up] = place([eyeX + 1, eyeY - 0.2, eyeZ + 0.1]);
    expect(right).toBeCloseTo(Math.atan2(0.2, 1), 1);
    expect(up).toBeGreaterThan(0.05);
    const [behind, , distanceM, inView] = place([eyeX - 1, eyeY, eyeZ]);
    expect(Math.abs(behind!)).toBeGreaterThan(3);
    expect(distanceM).toBeCloseTo(1, 2);
    expect(inView).toBe(0);
  });

  it("is in view behind another thing, but no pixel shows it", async () => {
    using simulator = await openMountSimulator({ device, seed: 1, startPosRad: [2.1, 0, 0, 0] });
    const eye = cameraFromJoints(device, [2.1, 0, 0, 0]);
    const ahead = (m: number): [number, number, number] => {
      const [x, y, z] = rotate(eye.rotationXyzw, [0, 0, m]);
      return [eye.positionM[0] + x, eye.positionM[1] + y, eye.positionM[2] + z];
    };
    simulator.setTargetScripts([
      { target: "target_sphere", keyframes: [{ timeS: 0, positionM: ahead(0.2) }] },
      { target: "target_box", keyframes: [{ timeS: 0, positionM: ahead(1.5) }] },
    ]);
    const { truth, camera } = look(simulator);
    const segmentation = new Uint16Array(size.widthPx * size.heightPx);
    camera.readSegmentation(segmentation);
    const index = simulator.trackedBodies.findIndex(({ name }) => name === "target_box");
    const seen = readSeenBody(segmentation, simulator.trackedBodies[index]!, camera.intrinsics);
    expect(truth[index * truthWidth + 3]).toBe(1);
    expect(seen.pixelCount).toBe(0);
    expect(seen.azimuthRad).toBeNaN();
  });
});
