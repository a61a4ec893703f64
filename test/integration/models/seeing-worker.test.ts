import { afterEach, describe, expect, it } from "vitest";
import type { CameraImage } from "../../../bridge/contract/camera-image.ts";
import { makeObservation, type Observation } from "../../../bridge/contract/observation.ts";
import type { Prediction, WorldModel } from "../../../bridge/contract/world-model.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { openInferenceWorker } from "../../../models/inference/inference-client.ts";
import { loadPackage } from "../../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";
import { noiseImage } from "../../fakes/noise-image.ts";
import { writePackageFolder } from "../../fakes/tiny-package.ts";
import { seeingContents } from "../../fakes/tiny-seeing-package.ts";

const entry = new URL("../../../dist/models/inference/inference-worker.js", import.meta.url);
const packageFolder = await writePackageFolder(seeingContents());

/** A picture at every second step, each in another format. */
const encodings = ["rgb8", "nv12", "bayer_rggb8", "mono8"] as const;
function observationAt(t: number): Observation {
  const observation = makeObservation(4);
  observation.stampMs = 1000 + 40 * t;
  observation.jointPosRad.fill(0.1 * t);
  if (t % 2 === 0) {
    const encoding = encodings[(t / 2) % encodings.length]!;
    const image = noiseImage(encoding, 14, 10, t);
    observation.frame = { ...image, stampMs: observation.stampMs - 5 };
  }
  return observation;
}

const actionsRad = Float32Array.from({ length: 2 * 5 * 4 }, (_, i) => i / 40);
async function predictions(model: WorldModel): Promise<Prediction[]> {
  const found: Prediction[] = [];
  for (let t = 0; t < 9; t += 1) {
    await model.observe(observationAt(t));
    found.push({
      ...(await model.predict({ actionsRad, candidateCount: 2, horizonSteps: 5 })),
      inferMs: 0,
    });
  }
  return found;
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});
async function worker(maxFrameBytes: number): ReturnType<typeof openInferenceWorker> {
  const client = await openInferenceWorker({ entry, packageFolder, maxFrameBytes });
  open.push(client);
  return client;
}

describe("a model that looks, in its worker", () => {
  it("predicts from the same pictures as in this thread, every head of it", async () => {
    const engine = await openEngine();
    const direct = await OnnxWorldModel.open({ engine, pack: await loadPackage(packageFolder) });
    open.push(direct, engine);
    const client = await worker(14 * 10 * 3);
    expect(client.description.streams).toEqual(["cam0"]);
    const expected = await predictions(direct);
    expect(await predictions(client)).toEqual(expected);
    expect(expected[0]).toHaveProperty("bearing.meanRad");
    expect(expected[0]).toHaveProperty("oodScore");
    // Of pictures it makes something: with and without one, and of one and the next, it differs.
    const visibilities = expected.map(({ visibility }) => visibility?.mean[0]);
    expect(visibilities.slice(0, 3)).toEqual([1, 0, 1]);
    expect(expected[0]?.bearing?.meanRad[0]).not.toBe(expected[2]?.bearing?.meanRad[0]);
  });

  it.each([
    ["that is too large", noiseImage("rgb8", 14, 11), /has 462 bytes, limit is 420/],
    ["that is not whole", { ...noiseImage("rgb8", 4, 4), heightPx: 5 }, /need 60 bytes, found 48/],
  ])("refuses a picture %s, and goes on", async (_, image: CameraImage, message) => {
    const client = await worker(14 * 10 * 3);
    const observation = observationAt(1);
    observation.frame = { ...image, stampMs: observation.stampMs };
    await expect(client.observe(observation)).rejects.toThrow(message);
    await expect(client.observe(observationAt(2))).resolves.toBeUndefined();
  });
});
