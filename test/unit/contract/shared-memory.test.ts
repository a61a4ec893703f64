import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { FrameMailbox } from "../../../bridge/contract/frame-mailbox.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import { previewAt, previewHeaderWidth } from "../../../bridge/contract/preview.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";

describe("SharedRow", () => {
  it("has nothing to read before the first write", () => {
    expect(SharedRow.create(3).read(new Float64Array(3))).toBe(false);
  });

  it("gives up on a writer that died inside a write", () => {
    const row = SharedRow.create(1);
    row.write(Float64Array.of(7));
    Atomics.add(new Int32Array(row.buffer, 0, 1), 0, 1);
    expect(row.read(new Float64Array(1))).toBe(false);
  });

  it("never shows a torn row while another thread writes", async () => {
    const row = SharedRow.create(64);
    const url = new URL("../../../dist/bridge/contract/shared-row.js", import.meta.url);
    const source = `
      import { workerData } from "node:worker_threads";
      const { SharedRow } = await import(${JSON.stringify(url.href)});
      const row = new SharedRow(workerData);
      const values = new Float64Array(64);
      for (let i = 1; i <= 200000; i += 1) row.write(values.fill(i));`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: row.buffer,
    });
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    const out = new Float64Array(64);
    let reads = 0;
    let last = 0;
    while (last < 200_000) {
      if (row.read(out)) {
        reads += 1;
        expect(out[63]).toBe(out[0]);
        last = out[0]!;
      }
      if (reads % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await ended;
    expect(reads).toBeGreaterThan(100);
  });
});

describe("FrameMailbox", () => {
  it("gives the newest picture with its stamp and size", () => {
    const box = FrameMailbox.create({ widthPx: 4, heightPx: 2 });
    expect(box.readCopy()).toBeUndefined();
    for (let i = 1; i <= 6; i += 1) box.write(i * 40, new Uint8Array(24).fill(i));
    const frame = new FrameMailbox(box.buffer).readCopy();
    expect(frame).toMatchObject({ stampMs: 240, sequence: 6, widthPx: 4, heightPx: 2 });
    expect(frame?.rgb.every((value) => value === 6)).toBe(true);
  });

  it.each([
    // Frames at 40, 80 ... 240 ms; the last three can be read.
    { timeMs: 1000, expected: 240 },
    { timeMs: 240, expected: 240 },
    { timeMs: 239, expected: 200 },
    { timeMs: 160, expected: 160 },
    { timeMs: 159, expected: undefined },
  ])("gives the newest picture not newer than $timeMs ms", ({ timeMs, expected }) => {
    const box = FrameMailbox.create({ widthPx: 4, heightPx: 2 });
    expect(box.sequenceAt(timeMs)).toBe(0);
    for (let i = 1; i <= 6; i += 1) box.write(i * 40, new Uint8Array(24).fill(i));
    const frame = box.readCopy(undefined, timeMs);
    expect(frame?.stampMs).toBe(expected);
    expect(frame?.rgb[0]).toBe(expected === undefined ? undefined : expected / 40);
    expect(box.sequenceAt(timeMs)).toBe(frame?.sequence ?? 0);
  });
});

describe("Heartbeats", () => {
  it("are infinitely old before the first beat and age after it", () => {
    const beats = new Heartbeats();
    expect(beats.ageMs(Thread.Main, 50)).toBe(Number.POSITIVE_INFINITY);
    beats.beat(Thread.Main, 100);
    expect(new Heartbeats(beats.buffer).ageMs(Thread.Main, 350)).toBe(250);
    expect(beats.ageMs(Thread.Actuation, 350)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("previewAt", () => {
  const row = new Float64Array(previewHeaderWidth + 6);
  row.set([1000, 10, 3, 2, 0, 0, 1, 10, 2, 20]);

  it.each([
    { timeMs: 1000, expected: [0, 0] },
    { timeMs: 1015, expected: [1.5, 15] },
    { timeMs: 900, expected: [0, 0] },
    { timeMs: 5000, expected: [2, 20] },
  ])("at $timeMs ms gives $expected", ({ timeMs, expected }) => {
    const out = new Float32Array(3);
    previewAt(row, timeMs, out, 1);
    expect(Array.from(out.subarray(1))).toEqual(expected);
  });
});
