import { describe, expect, it } from "vitest";
import { findLibrary } from "../../../../models/probe/loader-paths.ts";
import { probeNvidia } from "../../../../models/probe/nvidia.ts";
import { compiledFor } from "../../../../models/probe/provider-code.ts";
import { cuobjdump, desktop, machine, orin, thor, type Machine } from "./machines.ts";

const engineFolder = "/opt/onnxruntime/lib";
const cudaProvider = { [`${engineFolder}/libonnxruntime_providers_cuda.so`]: "" };

async function findings(
  content: Machine,
  providers: readonly string[] = ["tensorrt", "cuda", "cpu"],
): Promise<Record<string, string>> {
  const files = machine(content);
  const found = await probeNvidia({ files, engineFolder, providers, environment: {} });
  return Object.fromEntries(
    found.map(({ level, subject, text, advice }) => [
      subject,
      `${level}: ${text}${advice === undefined ? "" : ` -> ${advice}`}`,
    ]),
  );
}

describe("a machine without an NVIDIA GPU", () => {
  it("is a note, and nothing else is complained about", async () => {
    expect(await findings({ "/etc/os-release": "" })).toEqual({
      "NVIDIA GPU": "note: none found (no driver, no device node): the model runs on the CPU",
    });
  });
});

describe("Jetson Thor with a build for it", () => {
  it("is ok throughout", async () => {
    const found = await findings({
      ...thor,
      ...cudaProvider,
      "/usr/local/cuda/bin/cuobjdump": cuobjdump(["87", "110"], ["110"]),
    });
    expect(found["NVIDIA GPU"]).toBe(
      "ok: NVIDIA Jetson AGX Thor Developer Kit, sm_110, Jetson Linux 38.2.0 (JetPack 7), driver 580.00",
    );
    expect(found["GPU code"]).toBe("ok: sm_87, sm_110, PTX 110");
    expect(Object.values(found).every((text) => text.startsWith("ok: "))).toBe(true);
    expect(Object.keys(found)).toEqual([
      "NVIDIA GPU",
      "CUDA driver",
      "CUDA runtime",
      "cuDNN",
      "TensorRT",
      "GPU code",
    ]);
  });
});

describe("Jetson Thor with the official aarch64 build", () => {
  it("is told that cuda will fail, and how to build one that does not", async () => {
    const found = await findings({
      ...thor,
      ...cudaProvider,
      "/usr/local/cuda/bin/cuobjdump": cuobjdump(["89", "90a", "120a", "121a"]),
    });
    expect(found["GPU code"]).toMatch(
      /^warn: compiled for sm_89, sm_90a, sm_120a, sm_121a, not for sm_110: cuda will fail -> .*CMAKE_CUDA_ARCHITECTURES=110/,
    );
  });
});

describe("Jetson Orin with half of JetPack and a library without CUDA", () => {
  it("is told what is missing and what brings it", async () => {
    const found = await findings(orin, ["cpu"]);
    expect(found["NVIDIA GPU"]).toMatch(/^ok: .*Orin.*sm_87.*Jetson Linux 36\.4\.3 \(JetPack 6\)/);
    expect(found["CUDA driver"]).toMatch(/^ok: .*nvidia\/libcuda\.so\.1/);
    expect(found["cuDNN"]).toBe(
      "warn: libcudnn.so.9 not found, needed by cuda -> sudo apt install nvidia-jetpack",
    );
    expect(found["TensorRT"]).toMatch(/^warn: libnvinfer\.so\.10 not found/);
    expect(found["GPU provider"]).toMatch(/^warn: .*no cuda provider.*-> .*sm_87/);
    expect(found["DLA compiler"]).toBeUndefined();
  });

  it("is warned of the compiler that TensorRT needs there, if it is missing", async () => {
    const cache = `${orin["/etc/ld.so.cache"]!}/usr/lib/libnvinfer.so.10\0`;
    const without = await findings({ ...orin, "/etc/ld.so.cache": cache }, ["cpu"]);
    expect(without["DLA compiler"]).toMatch(
      /^warn: .* -> sudo apt install nvidia-l4t-dla-compiler/,
    );
    const has = `${cache}/usr/lib/libnvdla_compiler.so\0`;
    const found = await findings({ ...orin, "/etc/ld.so.cache": has }, ["cpu"]);
    expect(found["DLA compiler"]).toBeUndefined();
  });
});

describe("a desktop card", () => {
  it("is named by nvidia-smi, and a library off the loader's path is pointed at", async () => {
    const found = await findings(desktop);
    expect(found["NVIDIA GPU"]).toBe("ok: NVIDIA GeForce RTX 4090, sm_89, driver 535.129.03");
    expect(found["CUDA runtime"]).toMatch(
      /^warn: \/usr\/local\/cuda\/lib64\/libcudart\.so\.12\.4\.127 is there, but .* -> echo \/usr\/local\/cuda\/lib64 \|/,
    );
    expect(found["GPU code"]).toMatch(/^warn: .*libonnxruntime_providers_cuda\.so not found/);
  });
});

describe("finding a library", () => {
  const files = machine({
    "/a/libcudart.so.12": "",
    "/b/libcudart.so.12.1": "",
    "/usr/local/lib/libcudart.so.11.8": "",
    "/etc/ld.so.cache": "\0/b/libcudart.so.12.1\0",
  });
  it.each([
    [{ LD_LIBRARY_PATH: "/nowhere:/a" }, /^libcudart\.so\.12/, "/a/libcudart.so.12", true],
    [{}, /^libcudart\.so\.12/, "/b/libcudart.so.12.1", true],
    [{}, /^libcudart\.so\.11/, "/usr/local/lib/libcudart.so.11.8", false],
  ])("%j %s is %s", (environment, pattern, path, isOnLoaderPath) => {
    expect(findLibrary(files, pattern, environment)).toEqual({ path, isOnLoaderPath });
  });
  it("is undefined where there is none", () => {
    expect(findLibrary(files, /^libcudart\.so\.13/, {})).toBeUndefined();
  });
});

describe("what runs on which GPU", () => {
  // CUDA C++ Programming Guide, "Binary Compatibility" and "PTX Compatibility".
  it.each([
    { real: ["87"], virtual: [], architecture: "87", runs: true },
    { real: ["80"], virtual: [], architecture: "87", runs: true },
    { real: ["89"], virtual: [], architecture: "87", runs: false },
    { real: ["90"], virtual: [], architecture: "100", runs: false },
    { real: ["90a"], virtual: [], architecture: "90", runs: true },
    { real: ["120a"], virtual: [], architecture: "121", runs: false },
    { real: ["75"], virtual: ["75"], architecture: "110", runs: true },
    { real: [], virtual: ["120"], architecture: "110", runs: false },
  ])("$real and PTX $virtual on sm_$architecture: $runs", async (given) => {
    const files = machine({ "/usr/bin/cuobjdump": cuobjdump(given.real, given.virtual) });
    const code = await compiledFor(files, "/any.so");
    expect(code?.runsOn(given.architecture)).toBe(given.runs);
  });
  it("is not known without cuobjdump", async () => {
    expect(await compiledFor(machine({}), "/any.so")).toBeUndefined();
  });
});
