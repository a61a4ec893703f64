import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeObservation } from "../../../bridge/contract/observation.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import type { Prediction } from "../../../bridge/contract/world-model.ts";
import { RingObservationSource } from "../../../bridge/core/ring-observation-source.ts";
import { encodeJpeg } from "../../../bridge/media/jpeg.ts";
import {
  chunkHeadBytes,
  headerBytes,
  recordHeadBytes,
  type RecordingHeader,
} from "../../../bridge/recording/format.ts";
import { parseRecording, readRecording } from "../../../bridge/recording/read-recording.ts";
import { RecordingWriter } from "../../../bridge/recording/recording-writer.ts";
import { ReplaySource } from "../../../bridge/recording/replay-source.ts";

const axisNames = ["yaw", "pitch"];
const header: RecordingHeader = {
  version: 1,
  deviceId: "mount0",
  deviceProfile: "test",
  axisNames,
  model: { id: "tiny", revision: "1", sha256: "ab" },
  modelStepMs: 40,
  startNs: "1700000000000000000",
  startMs: 1000,
  faults: ["camera.freeze@1s"],
};
const frame = {
  stampMs: 1004.5,
  sequence: 7,
  widthPx: 2,
  heightPx: 2,
  rgb: Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
};
const prediction: Prediction = {
  stampMs: 1005,
  stepMs: 40,
  candidateCount: 1,
  horizonSteps: 2,
  axisCount: 2,
  meanPosRad: Float32Array.of(0.1, 0.2, 0.3, 0.4),
  stdPosRad: Float32Array.of(1, 2, 3, 4),
  meanVelRadPerS: Float32Array.of(5, 6, 7, 8),
  stdVelRadPerS: Float32Array.of(9, 10, 11, 12),
  stateSequence: 3,
  inferMs: 0.75,
};
const actionsRad = Float32Array.of(-1, -2, -3, -4);
/** Numbers that a float32 or a decimal would not bring back. */
const telemetryRow = (k: number): Float64Array =>
  Float64Array.from({ length: 6 }, (_, i) => Math.sin(k * 0.1 + i) / 3);

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kairos-recording-"));
  path = join(folder, "a.rec");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function writeSome(chunks = 3): Promise<void> {
  await using writer = await RecordingWriter.open(path, header);
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    for (let k = 0; k < 20; k += 1) {
      const stampMs = 1000 + chunk * 20 + k;
      writer.joints(stampMs, telemetryRow(chunk * 20 + k));
      writer.setpoint(stampMs, telemetryRow(k).subarray(0, 4));
    }
    if (chunk === 0) {
      writer.picture(frame, frame.rgb, "rgb8");
      writer.prediction(prediction, actionsRad);
      writer.event(1006, { kind: "mode", reason: "grün" });
    }
    await writer.flush();
  }
}

describe("a recording", () => {
  it("comes back to the bit", async () => {
    await writeSome();
    const recording = await readRecording(path);
    expect(recording).toMatchObject({ header, chunkCount: 3, cutBytes: 0 });
    expect(recording.telemetry.count).toBe(60);
    const row = new Float64Array(6);
    for (let k = 0; k < 60; k += 1) {
      expect(recording.telemetry.rowAt(k, row)).toBe(1000 + k);
      expect(row).toEqual(telemetryRow(k));
    }
    expect(recording.pictures).toHaveLength(1);
    expect(recording.pictures[0]).toMatchObject({ stampMs: 1004.5, sequence: 7, encoding: "rgb8" });
    expect([...recording.pictures[0]!.bytes]).toEqual([...frame.rgb]);
    const { stampMs, horizonSteps, axisCount, inferMs } = prediction;
    const { meanPosRad, stdPosRad, meanVelRadPerS, stdVelRadPerS } = prediction;
    const arrays = { actionsRad, meanPosRad, stdPosRad, meanVelRadPerS, stdVelRadPerS };
    expect(recording.predictions).toEqual([
      { stampMs, horizonSteps, axisCount, inferMs, ...arrays },
    ]);
    expect(recording.events).toEqual([{ stampMs: 1006, event: { kind: "mode", reason: "grün" } }]);
  });

  it("has its layout: header, chunk head and first record byte by byte", async () => {
    await writeSome(1);
    const file = await readFile(path);
    expect(file.toString("latin1", 0, 8)).toBe("KAIROSR1");
    const at = headerBytes + file.readUInt32LE(8);
    expect(JSON.parse(file.toString("utf8", headerBytes, at))).toEqual(header);
    expect(file.toString("latin1", at, at + 4)).toBe("CHNK");
    expect(file.readUInt32LE(at + 4)).toBe(file.length - at - chunkHeadBytes);
    const record = at + chunkHeadBytes;
    expect([file.readUInt32LE(record), file.readUInt32LE(record + 4)]).toEqual([1, 48]);
    expect(file.readDoubleLE(record + 8)).toBe(1000);
    expect(file.readDoubleLE(record + recordHeadBytes)).toBe(telemetryRow(0)[0]);
  });

  it("that was cut anywhere reads up to its last whole chunk", async () => {
    await writeSome(3);
    const file = await readFile(path);
    const begin = headerBytes + file.readUInt32LE(8);
    const counts = new Set<number>();
    for (let length = begin; length <= file.length; length += 7) {
      const recording = parseRecording(file.subarray(0, length), "cut");
      expect(recording.telemetry.count).toBe(20 * recording.chunkCount);
      counts.add(recording.chunkCount);
    }
    expect([...counts]).toEqual([0, 1, 2]);
  });

  it("ends before a chunk with a damaged byte", async () => {
    await writeSome(3);
    const file = await readFile(path);
    const first = headerBytes + file.readUInt32LE(8);
    const second = first + chunkHeadBytes + file.readUInt32LE(first + 4);
    file[second + chunkHeadBytes + 40]! ^= 1;
    const recording = parseRecording(file, "damaged");
    expect(recording.chunkCount).toBe(1);
    expect(recording.cutBytes).toBe(file.length - second);
  });

  it("passes over records of a kind it does not know", async () => {
    await writeSome(1);
    const { crc32 } = await import("node:zlib");
    const file = await readFile(path);
    const at = headerBytes + file.readUInt32LE(8);
    file.writeUInt32LE(99, at + chunkHeadBytes);
    file.writeUInt32LE(crc32(file.subarray(at + chunkHeadBytes)), at + 8);
    expect(parseRecording(file, "newer").telemetry.count).toBe(19);
  });

  const broken: readonly [string, (file: Buffer) => Buffer, string][] = [
    ["nothing in it", () => Buffer.alloc(0), "does not begin with KAIROSR1"],
    ["something else in it", () => Buffer.from("MCAP and more, long enough"), "does not begin"],
    ["a cut header", (file) => file.subarray(0, 40), "header is cut or damaged"],
    [
      "a damaged header",
      (file) => {
        file[20]! ^= 1;
        return file;
      },
      "header is cut or damaged",
    ],
  ];
  it.each(broken)("with %s is refused", async (_name, spoil, text) => {
    await writeSome(1);
    const file = spoil(await readFile(path));
    expect(() => parseRecording(file, "x.rec")).toThrow(text);
  });

  it("that cannot be made or read says why", async () => {
    await expect(RecordingWriter.open(join(folder, "no/such/a.rec"), header)).rejects.toThrow(
      "[config/unreadable]",
    );
    await expect(readRecording(join(folder, "none.rec"))).rejects.toThrow("[config/unreadable]");
  });

  it("takes nothing after it was closed, and says so", async () => {
    const writer = await RecordingWriter.open(path, header);
    await writer[Symbol.asyncDispose]();
    writer.joints(1, telemetryRow(1));
    expect(writer.droppedCount).toBe(1);
    expect((await readRecording(path)).telemetry.count).toBe(0);
  });

  it("holds a record larger than a chunk", async () => {
    const rgb = new Uint8Array(640 * 480 * 3).fill(9);
    const large = { stampMs: 1, sequence: 1, widthPx: 640, heightPx: 480, rgb };
    {
      await using writer = await RecordingWriter.open(path, header);
      writer.picture(large, rgb, "rgb8");
      writer.joints(2, telemetryRow(2));
    }
    const recording = await readRecording(path);
    expect(recording.pictures[0]!.bytes.length).toBe(rgb.length);
    expect(recording.telemetry.count).toBe(1);
  });
});

describe("a replay", () => {
  it("gives the observations the rings gave, to the bit, also between samples", async () => {
    await writeSome();
    const replay = new ReplaySource(await readRecording(path));
    const telemetry = SampleRing.create({ capacity: 128, width: 6 });
    const setpoints = SampleRing.create({ capacity: 128, width: 4 });
    for (let k = 0; k < 60; k += 1) {
      telemetry.push(1000 + k, telemetryRow(k));
      setpoints.push(1000 + k, telemetryRow(k % 20).subarray(0, 4));
    }
    const live = new RingObservationSource({ axisNames, telemetry, setpoints });
    const [a, b] = [makeObservation(2), makeObservation(2)];
    for (let timeMs = 995; timeMs < 1065; timeMs += 0.37) {
      expect(replay.observeAt(timeMs, a)).toBe(live.observeAt(timeMs, b));
      expect(a).toEqual(b);
    }
  });

  it("shows the newest picture not newer than asked for", async () => {
    const second = { ...frame, stampMs: 1050, sequence: 8, rgb: frame.rgb.map((v) => 255 - v) };
    {
      await using writer = await RecordingWriter.open(path, header);
      writer.picture(frame, frame.rgb, "rgb8");
      writer.picture(second, await encodeJpeg(second, 95), "jpeg");
    }
    const replay = new ReplaySource(await readRecording(path));
    await replay.preparePicture(1000);
    expect(replay.frameBorrowed(1000)).toBeUndefined();
    await replay.preparePicture(1049);
    expect(replay.frameBorrowed(1049)).toMatchObject({ sequence: 7, stampMs: 1004.5 });
    expect([...replay.frameBorrowed(1049)!.rgb]).toEqual([...frame.rgb]);
    await replay.preparePicture(1051);
    expect(replay.frameBorrowed(1051)).toMatchObject({ sequence: 8, widthPx: 2, heightPx: 2 });
    expect(replay.frameBorrowed(1049)).toBeUndefined();
  });
});
