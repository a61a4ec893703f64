import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeObservation, type Observation } from "../../../bridge/contract/observation.ts";
import type { WorldModel } from "../../../bridge/contract/world-model.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import { openInferenceWorker } from "../../../models/inference/inference-client.ts";
import { loadPackage } from "../../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";
import { entriesOf, tarGz } from "../../fakes/archive-writer.ts";
import { seeingContents } from "../../fakes/tiny-seeing-package.ts";

const entry = new URL("../../../dist/models/inference/inference-worker.js", import.meta.url);
let folder: string;
let archive: string;
beforeAll(async () => {
  disableTelemetry();
  folder = await mkdtemp(join(tmpdir(), "kairos-archive-"));
  archive = join(folder, "seeing.tar.gz");
  await writeFile(archive, tarGz(entriesOf(seeingContents())));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Every third observation lacks a picture, and one picture is older than the package allows. */
function observationAt(t: number): Observation {
  const observation = makeObservation(4);
  observation.stampMs = 1000 + 40 * t;
  observation.jointPosRad.set([0.1, 0.2, 0.3, 0.02 * t]);
  observation.commandPosRad.set([0.2, 0.2, 0.1, 0.03 * t]);
  if (t % 3 !== 2) {
    observation.frame = {
      stampMs: observation.stampMs - (t === 4 ? 500 : 5),
      widthPx: 4,
      heightPx: 2,
      encoding: "mono8",
      strideBytes: 4,
      data: Uint8Array.from({ length: 8 }, (_, i) => (31 * i + 7 * t) % 256),
    };
  }
  return observation;
}

async function play(model: WorldModel): Promise<unknown> {
  for (let t = 0; t < 6; t += 1) await model.observe(observationAt(t));
  const frame = { stampMs: 0, sequence: 3, widthPx: 2, heightPx: 1, rgb: new Uint8Array(6) };
  const { inferMs, ...prediction } = await model.predict({
    actionsRad: Float32Array.from({ length: 32 }, (_, i) => 0.05 * i),
    candidateCount: 2,
    horizonSteps: 4,
    preview: { step: 3, frame },
  });
  expect(inferMs).toBeGreaterThan(0);
  return prediction;
}

test("a packed model that sees gives the same through the worker as in this thread", async () => {
  await using engine = await openEngine();
  await using inThread = await OnnxWorldModel.open({ engine, pack: await loadPackage(archive) });
  await using inWorker = await openInferenceWorker({
    entry,
    packageFolder: archive,
    maxFrameBytes: 64,
  });
  const expected = await play(inThread);
  expect(await play(inWorker)).toEqual(expected);
  expect(expected).toMatchObject({ preview: { widthPx: 2, heightPx: 2, sequence: 3 } });
  for (const part of ["bearing", "visibility", "oodScore"]) expect(expected).toHaveProperty(part);
});
