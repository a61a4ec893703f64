import type { RungRefusal } from "../../bridge/contract/model-status.ts";
import { nvidiaDeviceNodes } from "../probe/nvidia-facts.ts";
import { isCpu, type Rung } from "./rung.ts";

/**
 * Device nodes without which a provider has nothing to run on. AMD: kfd. Huawei Ascend: davinci0.
 */
const deviceNodes: Readonly<Record<string, readonly string[]>> = {
  tensorrt: nvidiaDeviceNodes,
  cuda: nvidiaDeviceNodes,
  migraphx: ["/dev/kfd"],
  cann: ["/dev/davinci0", "/dev/davinci_manager"],
};

export interface Surroundings {
  /** Is there such a file? */
  readonly exists: (path: string) => boolean;
  /** Providers the library was built with; undefined while no library has been asked. */
  readonly builtIn: readonly string[] | undefined;
}

export interface Sifted {
  readonly present: readonly Rung[];
  readonly refusals: readonly RungRefusal[];
}

/** Leaves out the rungs that evidently cannot work here. Opens nothing: it costs a few stat calls. */
export function siftPresent(rungs: readonly Rung[], surroundings: Surroundings): Sifted {
  const present: Rung[] = [];
  const refusals: RungRefusal[] = [];
  for (const rung of rungs) {
    const refusal = isCpu(rung) ? undefined : whyAbsent(rung, surroundings);
    if (refusal === undefined) present.push(rung);
    else refusals.push(refusal);
  }
  return { present, refusals };
}

function whyAbsent(rung: Rung, { exists, builtIn }: Surroundings): RungRefusal | undefined {
  const { name, library } = rung.request;
  if (library !== undefined) {
    if (exists(library)) return undefined;
    return absent(name, "the plugin library is not there", library);
  }
  const nodes = deviceNodes[name];
  if (nodes !== undefined && !nodes.some(exists)) {
    return absent(name, "no device node of its hardware", `one of ${nodes.join(" ")}`);
  }
  if (builtIn === undefined || builtIn.includes(name)) return undefined;
  const found = `this ONNX Runtime was built with ${builtIn.join(", ")}`;
  return absent(name, found, `one built with ${name}, or a plugin library`);
}

const absent = (provider: string, found: string, expected: string): RungRefusal => ({
  provider,
  gate: "present",
  found,
  expected,
});
