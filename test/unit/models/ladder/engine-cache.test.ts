import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  cacheFolderName,
  openEngineCache,
  pruneEngineCache,
  type EngineCacheKey,
} from "../../../../models/ladder/engine-cache.ts";

const key: EngineCacheKey = {
  modelSha256: "ab".repeat(32),
  onnxRuntimeVersion: "1.30.0",
  tensorrtVersion: "10.16.1",
  gpuName: "NVIDIA Jetson AGX Thor",
  provider: "tensorrt",
  precision: "fp16",
  options: { "step.onnx": { trt_fp16_enable: "1", device_id: "0" } },
};

describe("the folder of a built engine", () => {
  test.each<[string, Partial<EngineCacheKey>]>([
    ["model", { modelSha256: "cd".repeat(32) }],
    ["ONNX Runtime", { onnxRuntimeVersion: "1.30.1" }],
    ["TensorRT", { tensorrtVersion: "10.16.2" }],
    ["GPU", { gpuName: "NVIDIA H100" }],
    ["provider", { provider: "openvino" }],
    ["precision", { precision: "fp32" }],
    ["option", { options: { "step.onnx": { trt_fp16_enable: "0", device_id: "0" } } }],
    ["graph", { options: { "other.onnx": { trt_fp16_enable: "1", device_id: "0" } } }],
  ])("is another for another %s", (_, change) => {
    expect(cacheFolderName({ ...key, ...change })).not.toBe(cacheFolderName(key));
  });

  test("is the same whatever order the options come in", () => {
    const options = { "step.onnx": { device_id: "0", trt_fp16_enable: "1" } };
    expect(cacheFolderName({ ...key, options })).toBe(cacheFolderName(key));
    expect(cacheFolderName(key)).toMatch(/^abababababab-[0-9a-f]{24}$/);
  });
});

describe("pruning", () => {
  const day = 24 * 3600 * 1000;
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "kairos-engines-"));
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  async function engine(modelSha256: string, bytes: number, ageDays: number): Promise<string> {
    const folder = await openEngineCache(root, { ...key, modelSha256 });
    await writeFile(join(folder, "step.engine"), Buffer.alloc(bytes));
    const usedAt = new Date(Date.now() - ageDays * day);
    await utimes(join(folder, "engine-cache.json"), usedAt, usedAt);
    return folder;
  }

  test("removes the longest unused until the rest fits, and never the one in use", async () => {
    const used = await engine("1", 10_000, 30);
    const recent = await engine("2", 10_000, 1);
    const old = await engine("3", 10_000, 10);
    const removed = await pruneEngineCache(root, { maxBytes: 25_000, keep: used });
    expect(removed).toEqual([]);
    expect(await pruneEngineCache(root, { maxBytes: 15_000, keep: used })).toEqual([old]);
    expect((await readdir(root)).sort()).toEqual([basename(used), basename(recent)].sort());
  });

  test("removes what nobody used for half a year", async () => {
    const used = await engine("1", 1, 0);
    const forgotten = await engine("2", 1, 200);
    expect(await pruneEngineCache(root, { maxBytes: 1e9, keep: used })).toEqual([forgotten]);
  });

  test("leaves alone what is not ours", async () => {
    const used = await engine("1", 1, 0);
    await mkdir(join(root, "photos"));
    await writeFile(join(root, "photos", "cat.jpg"), Buffer.alloc(1000));
    expect(await pruneEngineCache(root, { maxBytes: 0, keep: used })).toEqual([]);
    expect(await readdir(root)).toContain("photos");
  });
});
