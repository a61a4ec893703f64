import sharp from "sharp";
import { loadProfile } from "../../devices/profiles/load-profile.ts";
import {
  composePoses,
  writeRotationMatrix,
  xyzwFromAxisAngle,
} from "../../bridge/core/kinematics.ts";
import type { Pose } from "../../bridge/core/kinematics.ts";
import { drawDomain, wideDomain } from "../../sims/embedded/domain.ts";
import { openMountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { Rasterizer } from "../../sims/embedded/raster/rasterizer.ts";
import { posesOfSnapshot, renderSetup } from "../../sims/embedded/render-scene.ts";
import { cameraPoseOffset } from "../../sims/embedded/scene.ts";
import { perfectCamera, SceneCamera, type CameraModel } from "../../sims/embedded/scene-camera.ts";
import type { SceneName } from "../../sims/embedded/scene-layout.ts";
import { defaultLook, type SceneLook } from "../../sims/embedded/scene-look.ts";

// Draws sims/embedded/scenes.png from the simulator: `node dist/test/pictures/draw-scenes.js`.

const device = loadProfile("devices/profiles/phone-mount-4dof.json");
const size = { widthPx: 320, heightPx: 240 };
const columns = 4;
const gapPx = 4;

type Draw = "picture" | "depth" | "segmentation";

interface Tile {
  readonly title: string;
  readonly rgb: Uint8Array;
}

interface View {
  readonly title: string;
  readonly scene: SceneName;
  readonly poseRad: readonly number[];
  readonly draw?: Draw;
  readonly model?: Partial<CameraModel>;
  readonly look?: SceneLook;
  readonly turnRadPerS?: number;
}

/** A scene after 1.5 s in which things have come to rest, seen by the mount's camera. */
async function drawn(view: View): Promise<Tile> {
  const { title, scene, poseRad, draw = "picture", turnRadPerS = 0 } = view;
  using simulator = await openMountSimulator({ device, scene, seed: 5, startPosRad: poseRad });
  simulator.step(1500);
  const { geoms } = simulator;
  const camera = new SceneCamera({
    device,
    geoms,
    ...size,
    look: view.look ?? defaultLook,
    model: { ...perfectCamera, ...view.model },
  });
  const row = new Float64Array(simulator.poseSnapshotWidth);
  simulator.writePoses(row);
  camera.capture(row);
  const targets = Float64Array.from(poseRad);
  for (let ms = 0; turnRadPerS !== 0 && ms < 240; ms += 1) {
    targets[1] = (targets[1] ?? 0) + turnRadPerS / 1e3;
    simulator.setTargets(targets);
    simulator.step(1);
    if (ms % 40 !== 39) continue;
    simulator.writePoses(row);
    camera.capture(row);
  }
  return { title, rgb: { picture, depth, segmentation }[draw](camera) };
}

const picture = (camera: SceneCamera): Uint8Array => camera.rgbBorrowed.slice();

/** Near is bright. */
function depth(camera: SceneCamera): Uint8Array {
  const metres = new Float32Array(size.widthPx * size.heightPx);
  camera.readDepth(metres);
  return Uint8Array.from({ length: 3 * metres.length }, (_, i) =>
    Math.round(255 * Math.min(1, 0.5 / (metres[Math.floor(i / 3)] ?? Infinity))),
  );
}

function segmentation(camera: SceneCamera): Uint8Array {
  const geom = new Uint16Array(size.widthPx * size.heightPx);
  camera.readSegmentation(geom);
  return Uint8Array.from({ length: 3 * geom.length }, (_, i) => {
    const hue = ((geom[Math.floor(i / 3)] ?? 0) * 0.618) % 1;
    return Math.round(140 + 110 * Math.cos(2 * Math.PI * (hue + (i % 3) / 3)));
  });
}

/** The mount itself, from beside the desk. */
async function fromOutside(): Promise<Tile> {
  using simulator = await openMountSimulator({ device, scene: "desk", seed: 5 });
  simulator.step(1500);
  const row = new Float64Array(simulator.poseSnapshotWidth);
  simulator.writePoses(row);
  const setup = renderSetup({ device, geoms: simulator.geoms, ...size });
  const seen = setup.geoms.map((geom) => ({ ...geom, isSeenByCamera: true }));
  const rasterizer = new Rasterizer({ ...setup, geoms: seen, verticalFovRad: 0.75 });
  // Where an optical frame that looks along world x would be, turned left and down.
  const ahead: Pose = { positionM: [-0.55, -0.85, 0.6], rotationXyzw: [-0.5, 0.5, -0.5, 0.5] };
  const left = xyzwFromAxisAngle([0, 0, 1], 0.8);
  const down = xyzwFromAxisAngle([1, 0, 0], -0.36);
  const turned = composePoses(
    { positionM: ahead.positionM, rotationXyzw: left },
    composePoses(
      { positionM: [0, 0, 0], rotationXyzw: ahead.rotationXyzw },
      { positionM: [0, 0, 0], rotationXyzw: down },
    ),
  );
  row.set(turned.positionM, cameraPoseOffset);
  writeRotationMatrix(turned.rotationXyzw, row, cameraPoseOffset + 3);
  const { geoms, camera } = posesOfSnapshot(row);
  rasterizer.render(geoms, camera);
  return { title: "the mount on its desk", rgb: rasterizer.rgbBorrowed.slice() };
}

async function randomLook(title: string, seed: number): Promise<Tile> {
  const probe = await openMountSimulator({ device, scene: "desk", seed: 5 });
  const domain = drawDomain(device, probe.geoms, seed, wideDomain);
  probe[Symbol.dispose]();
  return await drawn({
    title,
    scene: "desk",
    poseRad: [2.1, 0, 0, 0.25],
    look: domain.look,
    model: domain.camera,
  });
}

function label(text: string): Buffer {
  return Buffer.from(
    `<svg width="${size.widthPx}" height="22"><rect width="100%" height="100%" fill="black" fill-opacity="0.45"/>` +
      `<text x="7" y="16" font-family="DejaVu Sans, sans-serif" font-size="13" fill="white">${text}</text></svg>`,
  );
}

const seen = [2.1, 0, 0, 0.25];
const tiles = [
  await fromOutside(),
  await drawn({ title: "desk", scene: "desk", poseRad: seen }),
  await drawn({ title: "face", scene: "face", poseRad: [2.1, 0, 0, -0.02] }),
  await drawn({ title: "cluttered", scene: "cluttered", poseRad: [2.1, 0, 0, 0.22] }),
  await drawn({
    title: "segmentation",
    scene: "cluttered",
    poseRad: [2.1, 0, 0, 0.22],
    draw: "segmentation",
  }),
  await drawn({ title: "depth", scene: "cluttered", poseRad: [2.1, 0, 0, 0.22], draw: "depth" }),
  await drawn({
    title: "turning: 20 ms shutter, noise",
    scene: "desk",
    poseRad: seen,
    turnRadPerS: 1.6,
    model: { shutterS: 0.02, readNoiseRatio: 0.01, shotNoiseRatio: 0.02 },
  }),
  await randomLook("another light, other colours", 11),
];

const layers = tiles.flatMap(({ title, rgb }, index) => {
  const left = (index % columns) * (size.widthPx + gapPx);
  const top = Math.floor(index / columns) * (size.heightPx + gapPx);
  const raw = { width: size.widthPx, height: size.heightPx, channels: 3 as const };
  return [
    { input: Buffer.from(rgb), raw, left, top },
    { input: label(title), left, top: top + size.heightPx - 22 },
  ];
});
await sharp({
  create: {
    width: columns * (size.widthPx + gapPx) - gapPx,
    height: Math.ceil(tiles.length / columns) * (size.heightPx + gapPx) - gapPx,
    channels: 3,
    background: "white",
  },
})
  .composite(layers)
  .png({ palette: true, colours: 256, effort: 10 })
  .toFile("sims/embedded/scenes.png");
