import { expect, test } from "vitest";
import type { CameraImage } from "../../../bridge/contract/camera-image.ts";
import { makeObservation } from "../../../bridge/contract/observation.ts";
import type { Prediction } from "../../../bridge/contract/world-model.ts";
import { InferenceMailbox, Operation } from "../../../models/inference/mailbox.ts";
import { observationAt } from "../../contract/models/world-model-contract.ts";

const size = { axisCount: 4, maxCandidateCount: 3, maxHorizonSteps: 5, maxFrameBytes: 2 * 3 * 3 };
const frame = {
  stampMs: 123.25,
  sequence: 9,
  widthPx: 3,
  heightPx: 2,
  rgb: Uint8Array.from({ length: 18 }, (_, i) => i),
};

/** The two ends of one mailbox. */
function ends(): { main: InferenceMailbox; worker: InferenceMailbox } {
  const main = new InferenceMailbox(size);
  return { main, worker: new InferenceMailbox(size, main.buffer) };
}

const rowOf = (first: number): Float32Array =>
  Float32Array.from({ length: 2 * 3 * 4 }, (_, i) => first + i / 8);
const floats = (length: number, first: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => first + i / 16);
const prediction: Prediction = {
  stampMs: 1e9 + 0.125,
  stepMs: 40,
  candidateCount: 2,
  horizonSteps: 3,
  axisCount: 4,
  meanPosRad: rowOf(1),
  stdPosRad: rowOf(20),
  meanVelRadPerS: rowOf(300),
  stdVelRadPerS: rowOf(4000),
  stateSequence: 77,
  inferMs: 0.5,
};

test("an observation arrives as it was sent", () => {
  const { main, worker } = ends();
  main.writeObserve(observationAt(3));
  const received = makeObservation(4);
  worker.readObservation(received);
  expect(worker.operation).toBe(Operation.Observe);
  expect(received).toEqual(observationAt(3));
});

test("an observed picture arrives as it was sent, and an observation without one shows none", () => {
  const { main, worker } = ends();
  const received = makeObservation(4);
  const image: CameraImage = {
    stampMs: 41.5,
    widthPx: 2,
    heightPx: 3,
    encoding: "yuyv",
    strideBytes: 5,
    data: Uint8Array.from({ length: 14 }, (_, i) => 100 + i),
    yuvRange: "full",
  };
  main.writeObserve(observationAt(3), image);
  worker.readObservation(received);
  const { data, ...rest } = image;
  expect(received.frame).toMatchObject(rest);
  expect(received.frame?.data.subarray(0, 14)).toEqual(data);
  main.writeObserve(observationAt(4), { ...image, encoding: "bayer_grbg8", yuvRange: "limited" });
  worker.readObservation(received);
  expect(received.frame).toMatchObject({ encoding: "bayer_grbg8", yuvRange: "limited" });
  main.writeObserve(observationAt(5));
  worker.readObservation(received);
  expect(received).toEqual(observationAt(5));
});

test.each([
  ["without a picture", undefined],
  ["with a picture", { step: 2, frame }],
])("a request %s arrives as it was sent", (_, preview) => {
  const { main, worker } = ends();
  const request = {
    actionsRad: rowOf(5),
    candidateCount: 2,
    horizonSteps: 3,
    ...(preview === undefined ? {} : { preview }),
  };
  main.writePredict(request);
  expect(worker.operation).toBe(Operation.Predict);
  expect(worker.requestBorrowed()).toEqual(request);
});

test.each([
  ["without a preview", prediction],
  [
    "with a preview of another size",
    { ...prediction, preview: { ...frame, widthPx: 1, rgb: frame.rgb.slice(0, 6) } },
  ],
  [
    "with every head",
    {
      ...prediction,
      bearing: { meanRad: floats(12, 7), stdRad: floats(12, 8) },
      visibility: { mean: floats(6, 9), std: floats(6, 10) },
      oodScore: 3.5,
    },
  ],
  ["with one head and no deviation", { ...prediction, visibility: { mean: floats(6, 11) } }],
])("a prediction %s comes back whole, in arrays of its own", (_, answer) => {
  const { main, worker } = ends();
  const actionsRad = rowOf(0);
  main.writePredict({
    actionsRad,
    candidateCount: 2,
    horizonSteps: 3,
    preview: { step: 1, frame },
  });
  worker.writePrediction(answer);
  worker.respond(4, "ok");
  const received = main.readPrediction();
  expect(received).toEqual(answer);
  expect(received.meanPosRad.buffer).toBeInstanceOf(ArrayBuffer);
  expect(main.resetCount).toBe(4);
  worker.writePrediction({ ...answer, meanPosRad: rowOf(-1) });
  expect(received.meanPosRad).toEqual(rowOf(1));
});

test("an error arrives with its code and text, cut where the room ends", () => {
  const { main, worker } = ends();
  expect(main.readError()).toBeUndefined();
  worker.writeError("model/output", "état non fini\nsecond line");
  worker.respond(0, "error");
  expect(main.readError()).toEqual({ code: "model/output", text: "état non fini\nsecond line" });
  worker.writeError("model/output", "x".repeat(10_000));
  worker.respond(0, "error");
  expect(main.readError()?.text).toMatch(/^x{1000,2048}$/);
  worker.respond(0, "ok");
  expect(main.readError()).toBeUndefined();
});

test("a request stands until it is answered, and the answer wakes its sender", async () => {
  const { main, worker } = ends();
  expect(worker.waitForRequest(0)).toBe(false);
  main.writeReset();
  const answered = main.exchange();
  expect(worker.waitForRequest(0)).toBe(true);
  expect(worker.waitForRequest(0)).toBe(true);
  worker.respond(0, "ok");
  await answered;
  expect(worker.waitForRequest(0)).toBe(false);
});
