import sharp, { type OverlayOptions } from "sharp";
import type { Frame } from "../../bridge/contract/frame.ts";
import { makeObservation } from "../../bridge/contract/observation.ts";
import type { Prediction } from "../../bridge/contract/world-model.ts";
import { MountMotion } from "../../devices/actuation/motion.ts";
import { loadProfile } from "../../devices/profiles/load-profile.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import { previewMaker } from "../../models/inference/preview.ts";
import { loadPackage } from "../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../models/world-model.ts";
import { openMountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { perfectCamera, SceneCamera } from "../../sims/embedded/scene-camera.ts";
import { defaultLook } from "../../sims/embedded/scene-look.ts";

// Draws models/filmstrip.png: what the shipped model predicted, as pictures, against what the
// camera then saw. `node dist/test/pictures/draw-filmstrip.js`

const device = loadProfile("devices/profiles/phone-mount-4dof.json");
const size = { widthPx: 256, heightPx: 192 };
const axisCount = device.axes.length;
const stepMs = 40;
const tickMs = 5;
const horizonSteps = 24;
const shownSteps = [5, 10, 15, 20, 24];
/** The motion begins at 0; the prediction is made while it speeds up. */
const predictedAtMs = 200;
const settleMs = 1600;
const startPosRad = [2.1, 0.35, 0, 0.3];
const goalRad = [null, -0.3, 0.12, 0.12];

/** Setpoint of every tick from `-settleMs` on: shaped, as the service would send them. */
function shapedSetpoints(): readonly Float64Array[] {
  const motion = new MountMotion(device, tickMs);
  motion.reset(Float64Array.from(startPosRad));
  motion.setMeasuredDeploy(startPosRad[0]!);
  const setpoints: Float64Array[] = [];
  const endMs = predictedAtMs + (horizonSteps + 1) * stepMs;
  for (let timeMs = -settleMs; timeMs <= endMs; timeMs += tickMs) {
    if (timeMs === 0) motion.setIntent({ kind: "position", posRad: goalRad, velocityRatio: 0.45 });
    motion.tick(timeMs);
    setpoints.push(motion.posRad.slice());
  }
  return setpoints;
}

const setpoints = shapedSetpoints();
const setpointAt = (timeMs: number): Float64Array => setpoints[(timeMs + settleMs) / tickMs]!;

interface Truth {
  readonly frames: ReadonlyMap<number, Frame>;
  /** Joint positions every 40 ms from `predictedAtMs` on. */
  readonly posRad: readonly Float64Array[];
}

/** Runs the mount through the motion; the model observes until the prediction, the camera goes on. */
async function run(model: OnnxWorldModel): Promise<Truth> {
  using simulator = await openMountSimulator({ device, scene: "desk", seed: 5, startPosRad });
  const { geoms } = simulator;
  const lens = { look: defaultLook, model: perfectCamera };
  const camera = new SceneCamera({ device, geoms, ...size, ...lens });
  const row = new Float64Array(simulator.poseSnapshotWidth);
  const joints = new Float64Array(3 * axisCount);
  const frames = new Map<number, Frame>();
  const posRad: Float64Array[] = [];
  for (let timeMs = -settleMs; ; timeMs += tickMs) {
    if (timeMs % stepMs === 0) {
      simulator.readRow(joints);
      if (timeMs <= predictedAtMs) await model.observe(observed(timeMs, joints));
      const step = (timeMs - predictedAtMs) / stepMs;
      if (step >= 0) posRad.push(joints.slice(0, axisCount));
      if (step === 0 || shownSteps.includes(step)) {
        simulator.writePoses(row);
        camera.capture(row);
        const rgb = camera.rgbBorrowed.slice();
        frames.set(step, { stampMs: stampOf(timeMs), sequence: step + 1, ...size, rgb });
      }
      if (step === horizonSteps) return { frames, posRad };
    }
    simulator.setTargets(setpointAt(timeMs));
    simulator.step(tickMs);
  }
}

const stampOf = (timeMs: number): number => timeMs + settleMs + 1;

function observed(timeMs: number, joints: Float64Array) {
  const observation = makeObservation(axisCount);
  observation.stampMs = stampOf(timeMs);
  observation.jointPosRad.set(joints.subarray(0, axisCount));
  observation.jointVelRadPerS.set(joints.subarray(axisCount, 2 * axisCount));
  observation.jointEffortNm.set(joints.subarray(2 * axisCount));
  observation.commandPosRad.set(setpointAt(timeMs));
  return observation;
}

function plannedActions(): Float32Array {
  const actions = new Float32Array(horizonSteps * axisCount);
  for (let step = 1; step <= horizonSteps; step += 1) {
    actions.set(setpointAt(predictedAtMs + step * stepMs), (step - 1) * axisCount);
  }
  return actions;
}

/** dB over the pixels that the picture at t0 showed; a picture of one colour tells which those are. */
function psnrDb(predicted: Uint8Array, marked: Uint8Array, truth: Uint8Array): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < truth.length; i += 3) {
    const isSeen = marked[i] === 255 && marked[i + 1] === 0 && marked[i + 2] === 255;
    if (!isSeen) continue;
    for (let c = i; c < i + 3; c += 1) sum += (predicted[c]! - truth[c]!) ** 2;
    count += 3;
  }
  return 10 * Math.log10(255 ** 2 / (sum / count));
}

const gapPx = 6;
const headPx = 62;
const labelPx = 26;
const plotPx = 170;
const sidePx = 112;
const columns = shownSteps.length + 1;
const widthPx = sidePx + columns * (size.widthPx + gapPx) + gapPx;
const rowsPx = 2 * (size.heightPx + gapPx) + labelPx;
const heightPx = headPx + rowsPx + plotPx + 90;
const columnLeft = (index: number): number => sidePx + index * (size.widthPx + gapPx);

const text = (x: number, y: number, words: string, style = ""): string =>
  `<text x="${x}" y="${y}" ${style}>${words}</text>`;

/** Two joints as predicted, with the 90 % band, and as they then moved. */
function plots(prediction: Prediction, truth: Truth): string {
  const top = headPx + rowsPx + 34;
  return ["yaw", "pitch"]
    .map((name, index) => {
      const axis = device.axes.findIndex((each) => each.name === name);
      const plotWidth = (widthPx - sidePx - 2 * gapPx) / 2 - 52;
      const left = sidePx + index * (plotWidth + 80);
      const measured = truth.posRad.map((row) => row[axis]!);
      const mean = [measured[0]!, ...column(prediction.meanPosRad, axis)];
      const std = [0, ...column(prediction.stdPosRad, axis)];
      const low = Math.min(...measured, ...mean) - 0.03;
      const high = Math.max(...measured, ...mean) + 0.03;
      const x = (step: number): number => left + (step / horizonSteps) * plotWidth;
      const y = (value: number): number => top + ((high - value) / (high - low)) * plotPx;
      const line = (values: readonly number[]): string =>
        values.map((value, step) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
      const upper = mean.map((value, step) => value + 1.645 * std[step]!);
      const lower = mean.map((value, step) => value - 1.645 * std[step]!);
      const band = `${line(upper)} ${line(lower).split(" ").reverse().join(" ")}`;
      const worst = Math.max(...mean.map((value, step) => Math.abs(value - measured[step]!)));
      const ticks = [0, ...shownSteps].map(
        (step) =>
          `<line x1="${x(step)}" x2="${x(step)}" y1="${top}" y2="${top + plotPx}" stroke="#dde1e6"/>` +
          text(x(step), top + plotPx + 18, String(step * stepMs), `text-anchor="middle"`),
      );
      return (
        `<rect x="${left}" y="${top}" width="${plotWidth}" height="${plotPx}" fill="#fff" stroke="#c3c9d1"/>` +
        ticks.join("") +
        `<polygon points="${band}" fill="#d9480f" fill-opacity="0.28"/>` +
        `<polyline points="${line(measured)}" fill="none" stroke="#1c63c8" stroke-width="5" stroke-opacity="0.55"/>` +
        `<polyline points="${line(mean)}" fill="none" stroke="#d9480f" stroke-width="2"/>` +
        text(left, top - 10, `${name}, rad`, `font-weight="bold"`) +
        text(
          left + plotWidth,
          top - 10,
          `at most ${(1e3 * worst).toFixed(1)} mrad off`,
          `text-anchor="end"`,
        ) +
        text(left - 8, top + 14, high.toFixed(2), `text-anchor="end"`) +
        text(left - 8, top + plotPx, low.toFixed(2), `text-anchor="end"`)
      );
    })
    .join("");
}

const column = (values: Float32Array, axis: number): number[] =>
  Array.from({ length: horizonSteps }, (_, step) => values[step * axisCount + axis]!);

disableTelemetry();
await using engine = await openEngine({});
const pack = await loadPackage("models/embedded");
const reproject = previewMaker(device);
await using model = await OnnxWorldModel.open({ engine, pack, reproject });
const truth = await run(model);
const last = truth.frames.get(0)!;
const magenta = Uint8Array.from({ length: last.rgb.length }, (_, i) => (i % 3 === 1 ? 0 : 255));
const actionsRad = plannedActions();

/** The same prediction, with the picture of one of its steps made from a frame. */
async function predict(step: number, rgb: Uint8Array): Promise<Prediction> {
  const preview = { step, frame: { ...last, rgb } };
  return await model.predict({ actionsRad, candidateCount: 1, horizonSteps, preview });
}

const raw = { width: size.widthPx, height: size.heightPx, channels: 3 as const };
const overlays: OverlayOptions[] = [];
const place = (rgb: Uint8Array, index: number, line: number): void => {
  const top = headPx + labelPx + line * (size.heightPx + gapPx);
  overlays.push({ input: Buffer.from(rgb), raw, left: columnLeft(index), top });
};
place(last.rgb, 0, 0);
place(last.rgb, 0, 1);
let words = text(columnLeft(0) + 4, headPx + 18, "t0: the last picture");
for (const [index, step] of shownSteps.entries()) {
  const seen = truth.frames.get(step)!.rgb;
  const predicted = (await predict(step, last.rgb)).preview!.rgb;
  const marked = (await predict(step, magenta)).preview!.rgb;
  const db = psnrDb(predicted, marked, seen).toFixed(1);
  words += text(columnLeft(index + 1) + 4, headPx + 18, `+${step * stepMs} ms · ${db} dB`);
  place(seen, index + 1, 0);
  place(predicted, index + 1, 1);
}
const rowMiddle = (line: number): number =>
  headPx + labelPx + (line + 0.5) * (size.heightPx + gapPx);
const svg =
  `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" ` +
  `font-family="DejaVu Sans, sans-serif" font-size="15" fill="#1d2530">` +
  `<rect width="100%" height="100%" fill="#f7f8fa"/>` +
  text(16, 27, "Predicted at t0, and what then happened", `font-size="20" font-weight="bold"`) +
  text(
    16,
    49,
    "Predicted pictures are the last one, turned to the predicted camera pose; hatched: not seen at t0. dB: PSNR over what was seen.",
    `fill="#5b6573"`,
  ) +
  words +
  text(16, rowMiddle(0), "camera", `fill="#1c63c8" font-weight="bold"`) +
  text(16, rowMiddle(1), "predicted", `fill="#d9480f" font-weight="bold"`) +
  text(16, headPx + rowsPx + 120, "joints", `font-weight="bold"`) +
  plots(await predict(1, last.rgb), truth) +
  text(
    widthPx / 2,
    heightPx - 12,
    "ms after t0; orange: predicted with its 90 % band, blue: measured",
    `text-anchor="middle" fill="#5b6573"`,
  ) +
  `</svg>`;
await sharp(Buffer.from(svg))
  .composite(overlays)
  .png({ palette: true, quality: 90 })
  .toFile("models/filmstrip.png");
