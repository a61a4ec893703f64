import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../../bridge/config.ts";
import { refusalText } from "../../../../bridge/contract/model-status.ts";
import { modelSettings } from "../../../../models/ladder/model-settings.ts";
import { siftPresent } from "../../../../models/ladder/presence.ts";
import { hostFiles } from "../../../../models/probe/host-files.ts";
import { nvidiaFacts } from "../../../../models/probe/nvidia-facts.ts";

function settingsOf(environment: Record<string, string>) {
  return modelSettings(loadConfig({ environment }).config.model, { HOME: "/home/robot" });
}
const namesOf = (environment: Record<string, string>): string[] =>
  settingsOf(environment).rungs.map((rung) => rung.request.name);

describe("the ladder a configuration asks for", () => {
  test.each<[Record<string, string>, string[]]>([
    [{}, ["tensorrt", "cuda", "cpu"]],
    [
      { KAIROS_MODEL_CUDA_PLUGIN_LIBRARY: "/lib/cuda-ep.so" },
      ["tensorrt", "cuda", "CudaPluginExecutionProvider", "cpu"],
    ],
    [{ KAIROS_MODEL_PROVIDERS: "openvino" }, ["openvino", "cpu"]],
    [{ KAIROS_MODEL_PROVIDERS: "cuda,cpu,xnnpack" }, ["cuda", "cpu", "xnnpack"]],
    [{ KAIROS_MODEL_PROVIDERS: "cuda", KAIROS_MODEL_CPU_FALLBACK: "false" }, ["cuda"]],
  ])("%j is %j", (environment, expected) => {
    expect(namesOf(environment)).toEqual(expected);
  });

  test.each([
    [{ KAIROS_MODEL_PROVIDERS: "../cuda" }, "model.providers"],
    [{ KAIROS_MODEL_CPU_FALLBACK: "maybe" }, "model.cpuFallback"],
    [{ KAIROS_MODEL_TICK_BUDGET_MS: "-2" }, "model.tickBudgetMs"],
    [{ KAIROS_MODEL_MIN_NODE_SHARE_RATIO: "1.5" }, "model.minNodeShareRatio"],
  ])("%j is refused by name", (environment, path) => {
    expect(() => settingsOf(environment)).toThrow(path);
  });

  test("ticks have the model's step unless another budget is set", () => {
    expect(settingsOf({}).tickBudgetMs).toBe("step");
    expect(settingsOf({ KAIROS_MODEL_TICK_BUDGET_MS: "25" }).tickBudgetMs).toBe(25);
  });
});

describe("a provider that is evidently not there", () => {
  const { rungs } = settingsOf({ KAIROS_MODEL_CUDA_PLUGIN_LIBRARY: "/lib/cuda-ep.so" });
  const sift = (files: readonly string[], builtIn?: readonly string[]) => {
    const { present, refusals } = siftPresent(rungs, {
      exists: (path) => files.includes(path),
      builtIn,
    });
    return [present.map((rung) => rung.request.name), refusals.map(refusalText)] as const;
  };

  test("is passed over for its hardware, its library or its build, each with its reason", () => {
    const [none, reasons] = sift([]);
    expect(none).toEqual(["cpu"]);
    expect(reasons[0]).toMatch(/^tensorrt: present: no device node .* one of \/dev\/nvidia0/);
    expect(reasons[2]).toMatch(/^CudaPlugin.*: present: the plugin library is not there/);
    const [jetson, missing] = sift(["/dev/nvgpu"], ["cuda", "cpu"]);
    expect(jetson).toEqual(["cuda", "cpu"]);
    expect(missing[0]).toBe(
      "tensorrt: present: this ONNX Runtime was built with cuda, cpu, expected one built with tensorrt, or a plugin library",
    );
    expect(sift(["/dev/nvidia0", "/lib/cuda-ep.so"], ["cpu"])[0]).toEqual([
      "CudaPluginExecutionProvider",
      "cpu",
    ]);
  });

  test("is not judged by a build that is not known yet", () => {
    expect(sift(["/dev/nvidia0"])[0]).toEqual(["tensorrt", "cuda", "cpu"]);
  });
});

test("the GPU's name and TensorRT's version are read where the machine has them", async () => {
  const root = await mkdtemp(join(tmpdir(), "kairos-nvidia-"));
  const facts = (libraryPath = "") =>
    nvidiaFacts(hostFiles(root), { LD_LIBRARY_PATH: libraryPath });
  expect(facts()).toEqual({ gpuName: "unknown", tensorrtVersion: "unknown" });
  await mkdir(join(root, "proc/device-tree"), { recursive: true });
  await writeFile(join(root, "proc/device-tree/model"), "NVIDIA Jetson AGX Thor\0");
  await mkdir(join(root, "opt/trt"), { recursive: true });
  await writeFile(join(root, "opt/trt/libnvinfer.so.10.16.1"), "");
  await symlink("libnvinfer.so.10.16.1", join(root, "opt/trt/libnvinfer.so.10"));
  expect(facts("/opt/trt")).toEqual({
    gpuName: "NVIDIA Jetson AGX Thor",
    tensorrtVersion: "10.16.1",
  });
  await mkdir(join(root, "proc/driver/nvidia/gpus/0000:01:00.0"), { recursive: true });
  const information = join(root, "proc/driver/nvidia/gpus/0000:01:00.0/information");
  await writeFile(information, "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 12\n");
  expect(facts().gpuName).toBe("NVIDIA H100 80GB HBM3");
  await rm(root, { recursive: true });
});
