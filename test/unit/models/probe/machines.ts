import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hostFiles, type HostFiles } from "../../../../models/probe/host-files.ts";

/** Files of a machine by absolute path; a text that starts with `#!` becomes a program. */
export type Machine = Readonly<Record<string, string | Buffer>>;

/** A folder that looks like the root of a machine. Bare program names are looked up in its /usr/bin. */
export function machine(content: Machine): HostFiles & { readonly root: string } {
  const root = mkdtempSync(join(tmpdir(), "kairos-machine-"));
  for (const [path, text] of Object.entries(content)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (text.toString().startsWith("#!")) chmodSync(file, 0o755);
  }
  const files = hostFiles(root);
  return {
    ...files,
    root,
    run: (file, args) => files.run(file.includes("/") ? file : `/usr/bin/${file}`, args),
  };
}

const jetsonLibraries = "/usr/lib/aarch64-linux-gnu/nvidia";

/** As a board with JetPack 6 presents itself. */
export const orin = {
  "/etc/nv_tegra_release":
    "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed Jan  8 01:49:37 UTC 2026\n",
  "/proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0",
  "/proc/driver/nvidia/version":
    "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build  (buildbrain)\n",
  "/dev/nvhost-gpu": "",
  "/etc/ld.so.cache": `glibc-ld.so.cache1.1\0libcuda.so.1\0${jetsonLibraries}/libcuda.so.1\0${jetsonLibraries}/libcudart.so.12\0`,
};

/** JetPack 7 on Thor, with everything NVIDIA installs. */
export const thor = {
  "/etc/nv_tegra_release": "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic\n",
  "/proc/device-tree/model": "NVIDIA Jetson AGX Thor Developer Kit\0",
  "/proc/driver/nvidia/version":
    "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.00  Release Build\n",
  "/dev/nvidia0": "",
  "/dev/nvidiactl": "",
  "/etc/ld.so.cache": [
    "",
    "/usr/lib/aarch64-linux-gnu/libcuda.so.1",
    "/usr/local/cuda/lib64/libcudart.so.13",
    "/usr/lib/aarch64-linux-gnu/libcudnn.so.9",
    "/usr/lib/aarch64-linux-gnu/libnvinfer.so.10",
    "",
  ].join("\0"),
};

/** A desktop whose driver works and whose CUDA lies where the loader does not look. */
export const desktop = {
  "/proc/driver/nvidia/version":
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023\n",
  "/dev/nvidia0": "",
  "/usr/bin/nvidia-smi": "#!/bin/sh\necho 'NVIDIA GeForce RTX 4090, 8.9'\n",
  "/usr/lib/x86_64-linux-gnu/libcuda.so.1": "",
  "/etc/ld.so.cache": "\0/usr/lib/x86_64-linux-gnu/libcuda.so.1\0",
  "/usr/local/cuda/lib64/libcudart.so.12.4.127": "",
};
