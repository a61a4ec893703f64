import type { HostFiles } from "./host-files.ts";
import { boardName, driverVersion, nvidiaDeviceNodes } from "./nvidia-facts.ts";

export interface NvidiaHardware {
  /** E.g. `NVIDIA Jetson AGX Thor Developer Kit`, or the card as nvidia-smi names it. */
  readonly name: string;
  /** Compute capability as a compiler names it, e.g. `110`; undefined when nothing tells. */
  readonly architecture: string | undefined;
  readonly isJetson: boolean;
  /** Jetson Linux release, e.g. `36.4.3`. */
  readonly jetsonLinux: string | undefined;
  /** Kernel driver, e.g. `580.65.06`. */
  readonly driver: string | undefined;
  /** Device nodes that are there but not usable by this user. */
  readonly lockedNodes: readonly string[];
}

/** NVIDIA's published compute capabilities of the Jetson modules (developer.nvidia.com/cuda-gpus). */
const jetsonArchitectures: readonly (readonly [RegExp, string])[] = [
  [/Thor/, "110"],
  [/Orin/, "87"],
  [/Xavier/, "72"],
  [/TX2/, "62"],
  [/Nano|TX1/, "53"],
];

/** The NVIDIA GPU of this machine, by its driver, device nodes and device tree; undefined without any. */
export async function findNvidia(files: HostFiles): Promise<NvidiaHardware | undefined> {
  const nodes = nvidiaDeviceNodes.filter((node) => files.exists(node));
  const release = files.read("/etc/nv_tegra_release");
  const driver = driverVersion(files);
  if (nodes.length === 0 && release === undefined && driver === undefined) return undefined;
  const board = boardName(files);
  const isJetson = release !== undefined || /NVIDIA.*Jetson/.test(board ?? "");
  const card = isJetson ? undefined : await firstCard(files);
  const name = (isJetson ? board : card?.name) ?? "NVIDIA GPU";
  return {
    name,
    architecture: isJetson
      ? jetsonArchitectures.find(([pattern]) => pattern.test(name))?.[1]
      : card?.architecture,
    isJetson,
    jetsonLinux: release === undefined ? undefined : jetsonLinuxOf(release),
    driver,
    lockedNodes: nodes.filter((node) => !files.isUsable(node)),
  };
}

/** `# R36 (release), REVISION: 4.3, GCID: ...` */
function jetsonLinuxOf(release: string): string | undefined {
  const found = /R(\d+) \(release\), REVISION: ([\d.]+)/.exec(release);
  return found === null ? undefined : `${found[1] ?? ""}.${found[2] ?? ""}`;
}

/** `NVIDIA GeForce RTX 4090, 8.9` */
async function firstCard(
  files: HostFiles,
): Promise<{ readonly name: string; readonly architecture: string } | undefined> {
  const query = ["--query-gpu=name,compute_cap", "--format=csv,noheader"];
  const found = /^(.+), (\d+)\.(\d+)/.exec((await files.run("nvidia-smi", query)) ?? "");
  if (found === null) return undefined;
  return { name: found[1] ?? "", architecture: `${found[2] ?? ""}${found[3] ?? ""}` };
}
