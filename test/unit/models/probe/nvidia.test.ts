import { describe, expect, it } from "vitest";
import { findLibrary } from "../../../../models/probe/loader-paths.ts";
import { probeNvidia } from "../../../../models/probe/nvidia.ts";
import { elf, fatbin, type FatbinEntry } from "../../../fakes/fatbin-writer.ts";
import { desktop, machine, orin, thor, type Machine } from "./machines.ts";

const engineFolder = "/opt/onnxruntime/lib";
const cudaProvider = (...code: FatbinEntry[]): Machine => ({
  [`${engineFolder}/libonnxruntime_providers_cuda.so`]: elf(fatbin(...code)),
});

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
      ...cudaProvider(["real", 87], ["real", 110], ["ptx", 110]),
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
      ...cudaProvider(["real", 89], ["real", 90, "a"], ["real", 120, "a"], ["real", 121, "a"]),
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
    const cache = `${orin["/etc/ld.so.cache"]}/usr/lib/libnvinfer.so.10\0`;
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

describe("the code of the cuda provider", () => {
  it.each([
    ["runs on a desktop GPU of the same major version", desktop, [["real", 86]], /^ok: sm_86/],
    ["is translated from PTX", desktop, [["ptx", 80]], /^note: PTX 80: translated when first used/],
    ["is too new", desktop, [["real", 90]], /^warn: compiled for sm_90, not for sm_89/],
    ["does not run on Jetson by its major version", orin, [["real", 80]], /^warn: .*not for sm_87/],
  ] as const)("%s", async (_, content, code, says) => {
    const found = await findings({ ...content, ...cudaProvider(...code) });
    expect(found["GPU code"]).toMatch(says);
  });

  it("that cannot be read is a note", async () => {
    const path = `${engineFolder}/libonnxruntime_providers_cuda.so`;
    const found = await findings({ ...desktop, [path]: "no ELF" });
    expect(found["GPU code"]).toMatch(/^note: .*cannot be listed/);
  });
});
