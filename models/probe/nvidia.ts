import { dirname } from "node:path";
import { errorText } from "../../bridge/contract/errors.ts";
import type { Finding } from "../../bridge/contract/finding.ts";
import { gpuFit, readGpuCode, type GpuCode } from "../engine/library-gpu-code.ts";
import type { HostFiles } from "./host-files.ts";
import { findLibrary, type LoaderEnvironment } from "./loader-paths.ts";
import { findNvidia, type NvidiaHardware } from "./nvidia-hardware.ts";

export interface NvidiaProbeOptions {
  readonly files: HostFiles;
  /** Folder of the ONNX Runtime library that would be used: its provider libraries lie beside it. */
  readonly engineFolder: string;
  /** Providers that library was compiled with. */
  readonly providers: readonly string[];
  readonly environment: LoaderEnvironment;
}

interface Part {
  readonly subject: string;
  readonly pattern: RegExp;
  readonly names: string;
  /** What is lost without it. */
  readonly neededBy: string;
  readonly desktop: string;
  readonly jetson: string;
}

const parts: readonly Part[] = [
  {
    subject: "CUDA driver",
    pattern: /^libcuda\.so\.1/,
    names: "libcuda.so.1",
    neededBy: "cuda, tensorrt",
    desktop: "install NVIDIA's driver (Debian: nvidia-driver; Ubuntu: ubuntu-drivers install)",
    jetson: "flash the board again with SDK Manager: the driver is part of Jetson Linux",
  },
  {
    subject: "CUDA runtime",
    pattern: /^libcudart\.so\.1[1-9]/,
    names: "libcudart.so.12 or .13",
    neededBy: "cuda, tensorrt",
    desktop: "install the CUDA toolkit that your ONNX Runtime was built with (cuda-toolkit-12-x)",
    jetson: "sudo apt install nvidia-jetpack",
  },
  {
    subject: "cuDNN",
    pattern: /^libcudnn\.so\.[89]/,
    names: "libcudnn.so.9",
    neededBy: "cuda",
    desktop: "install cudnn9-cuda-12 (or -13)",
    jetson: "sudo apt install nvidia-jetpack",
  },
  {
    subject: "TensorRT",
    pattern: /^libnvinfer\.so\.(8|1\d)/,
    names: "libnvinfer.so.10",
    neededBy: "tensorrt",
    desktop: "install libnvinfer10 and libnvonnxparsers10, or do without: cuda serves alone",
    jetson: "sudo apt install nvidia-jetpack, or do without: cuda serves alone",
  },
];

/** Whether this machine can run a model on an NVIDIA GPU with the chosen library, and what is missing. */
export async function probeNvidia(options: NvidiaProbeOptions): Promise<Finding[]> {
  const { files, providers, environment } = options;
  const hardware = await findNvidia(files);
  if (hardware === undefined) {
    const text = "none found (no driver, no device node): the model runs on the CPU";
    return [{ level: "note", subject: "NVIDIA GPU", text }];
  }
  const isMissing = (name: string): boolean => !providers.includes(name);
  return [
    gpu(hardware),
    ...parts.map((part) => library(part, { files, environment }, hardware.isJetson)),
    // Thor has no such accelerator.
    ...(hardware.isJetson && hardware.architecture !== "110" ? dlaCompiler(options) : []),
    ...(isMissing("cuda") ? [notBuiltIn(hardware)] : [compiledCode(options, hardware)]),
  ];
}

function gpu(hardware: NvidiaHardware): Finding {
  const { name, architecture, driver, jetsonLinux, isJetson, lockedNodes } = hardware;
  const facts = [
    ...(architecture === undefined ? [] : [`sm_${architecture}`]),
    ...(jetsonLinux === undefined ? [] : [`Jetson Linux ${jetsonLinux} (${jetPack(jetsonLinux)})`]),
    ...(driver === undefined ? [] : [`driver ${driver}`]),
  ];
  const text = [name, ...facts].join(", ");
  const details = { ...hardware };
  if (lockedNodes.length > 0) {
    const groups = isJetson ? "video and render" : "video or render";
    const advice = `sudo usermod -aG video,render $USER, then log in again (groups ${groups} own it)`;
    const locked = `${text}; this user may not open ${lockedNodes.join(", ")}`;
    return { level: "warn", subject: "NVIDIA GPU", text: locked, advice, details };
  }
  return { level: "ok", subject: "NVIDIA GPU", text, details };
}

/** Jetson Linux 35 came with JetPack 5, 36 with 6, 38 with 7 (docs.nvidia.com/jetson). */
function jetPack(jetsonLinux: string): string {
  const major = Number(jetsonLinux.split(".")[0]);
  const version = major >= 38 ? 7 : major - 30;
  return version >= 4 && version <= 7 ? `JetPack ${version}` : "JetPack unknown";
}

function library(
  part: Part,
  { files, environment }: Pick<NvidiaProbeOptions, "files" | "environment">,
  isJetson: boolean,
): Finding {
  const { subject, names, neededBy } = part;
  const found = findLibrary(files, part.pattern, environment);
  if (found?.isOnLoaderPath) return { level: "ok", subject, text: found.path };
  if (found !== undefined) {
    const text = `${found.path} is there, but the loader does not look in that folder`;
    const advice = `echo ${dirname(found.path)} | sudo tee /etc/ld.so.conf.d/nvidia.conf && sudo ldconfig`;
    return { level: "warn", subject, text, advice };
  }
  const text = `${names} not found, needed by ${neededBy}`;
  return { level: "warn", subject, text, advice: isJetson ? part.jetson : part.desktop };
}

/**
 * TensorRT for Jetson is linked to the accelerator's compiler, which some Orin images lack: its
 * provider then does not load, while cuda does (blakeblackshear/frigate#23582).
 */
function dlaCompiler({ files, environment }: NvidiaProbeOptions): Finding[] {
  const needsIt = findLibrary(files, /^libnvinfer\.so/, environment) !== undefined;
  const has = findLibrary(files, /^libnvdla_compiler\.so/, environment) !== undefined;
  if (!needsIt || has) return [];
  const text = "libnvdla_compiler.so not found: TensorRT may not load, cuda does";
  const advice = "sudo apt install nvidia-l4t-dla-compiler";
  return [{ level: "warn", subject: "DLA compiler", text, advice }];
}

function notBuiltIn({ architecture }: NvidiaHardware): Finding {
  const forGpu = architecture === undefined ? "this GPU" : `sm_${architecture}`;
  return {
    level: "warn",
    subject: "GPU provider",
    text: "the ONNX Runtime that would be used has no cuda provider: the model runs on the CPU",
    advice: `set model.engineLibrary to a libonnxruntime.so built with CUDA for ${forGpu} (models/README.md, "Jetson")`,
  };
}

/** Whether the provider library holds code this GPU can run: official aarch64 builds leave Jetson out. */
function compiledCode(
  { files, engineFolder }: NvidiaProbeOptions,
  { architecture, isJetson }: NvidiaHardware,
): Finding {
  const subject = "GPU code";
  const path = `${engineFolder}/libonnxruntime_providers_cuda.so`;
  if (!files.exists(path)) {
    const text = `${path} not found, although the library was built with cuda`;
    const advice = "copy the provider libraries of the same build beside libonnxruntime.so";
    return { level: "warn", subject, text, advice };
  }
  let code: GpuCode;
  try {
    code = readGpuCode(files.realPath(path));
  } catch (error) {
    return { level: "note", subject, text: errorText(error) };
  }
  const list = [...code.real.map((sm) => `sm_${sm}`), ...code.ptx.map((sm) => `PTX ${sm}`)];
  const details = { ...code };
  const fit = architecture === undefined ? "real" : gpuFit(code, architecture);
  if (fit === "translated") {
    const text = `${list.join(", ")}: translated when first used, which takes minutes`;
    return { level: "note", subject, text, details };
  }
  // NVIDIA promises code of a lower minor version to desktop GPUs only.
  if (fit === "real" || (fit === "unsure" && !isJetson)) {
    return { level: "ok", subject, text: list.join(", "), details };
  }
  const own = architecture ?? "";
  const text = `compiled for ${list.join(", ")}, not for sm_${own}: cuda will fail`;
  const advice = `build ONNX Runtime with CMAKE_CUDA_ARCHITECTURES=${own} (models/README.md, "Jetson")`;
  return { level: "warn", subject, text, advice, details };
}
