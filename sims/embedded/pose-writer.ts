import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { TargetScript } from "../../bridge/contract/simulator.ts";
import type { CompiledModel } from "./mujoco.ts";
import {
  cameraPoseOffset,
  geomPoseOffset,
  poseSnapshotWidth,
  sceneGeoms,
  type SceneGeom,
} from "./scene.ts";
import type { SceneLayout } from "./scene-layout.ts";
import {
  targetMotions,
  targetPoseWidth,
  writeTargetPose,
  type TargetMotion,
} from "./target-motion.ts";

/** Moves the scene's targets along their paths and copies poses out of MuJoCo into a pose snapshot. */
export class PoseWriter {
  readonly geoms: readonly SceneGeom[];
  readonly width: number;
  readonly #model: CompiledModel;
  readonly #layout: SceneLayout;
  readonly #geomIndices: readonly number[];
  readonly #cameraSite: number;
  readonly #target = new Float64Array(targetPoseWidth);
  #scripts: readonly TargetScript[] = [];
  #motions: readonly TargetMotion[] = [];

  constructor(model: CompiledModel, device: DeviceDescription, layout: SceneLayout) {
    this.#model = model;
    this.#layout = layout;
    this.geoms = sceneGeoms(device, layout);
    this.width = poseSnapshotWidth(this.geoms.length);
    this.#geomIndices = this.geoms.map((geom) => model.indexOf("geom", geom.name));
    this.#cameraSite = model.indexOf("site", device.camera.frameId);
  }

  /** New paths for the targets that have no script. */
  reset(seed: number): void {
    const paths = this.#layout.scripted.map((body) => body.path);
    this.#motions = targetMotions(seed, paths).map((motion, index) => {
      const name = this.#layout.scripted[index]?.name;
      const script = this.#scripts.find(({ target }) => target === name);
      return script === undefined ? motion : { ...motion, script };
    });
  }

  setScripts(scripts: readonly TargetScript[], seed: number): void {
    this.#scripts = scripts;
    this.reset(seed);
  }

  /** // hot path (60 Hz) */
  write(out: Float64Array, stampMs: number, timeS: number): void {
    this.moveTargets(timeS);
    this.#model.updatePoses();
    const arrays = this.#model.arraysBorrowed();
    out[0] = stampMs;
    copyPose(arrays.sitePos, arrays.siteRotation, this.#cameraSite, out, cameraPoseOffset);
    for (let i = 0; i < this.#geomIndices.length; i += 1) {
      const geom = this.#geomIndices[i] ?? 0;
      copyPose(arrays.geomPos, arrays.geomRotation, geom, out, geomPoseOffset(i));
    }
  }

  /** Before a step where they can touch something; otherwise when someone looks. // hot path */
  moveTargets(timeS: number): void {
    const { mocapPos, mocapQuat } = this.#model.arraysBorrowed();
    const target = this.#target;
    for (let i = 0; i < this.#motions.length; i += 1) {
      const motion = this.#motions[i];
      if (motion === undefined) continue;
      writeTargetPose(motion, timeS, target, 0);
      for (let k = 0; k < 3; k += 1) mocapPos[3 * i + k] = target[k] ?? 0;
      // MuJoCo has the scalar first.
      for (let k = 0; k < 4; k += 1) mocapQuat[4 * i + k] = target[3 + ((k + 3) % 4)] ?? 0;
    }
  }
}

function copyPose(
  positions: Float64Array,
  rotations: Float64Array,
  index: number,
  out: Float64Array,
  offset: number,
): void {
  for (let k = 0; k < 3; k += 1) out[offset + k] = positions[3 * index + k] ?? 0;
  for (let k = 0; k < 9; k += 1) out[offset + 3 + k] = rotations[9 * index + k] ?? 0;
}
