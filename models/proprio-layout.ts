import type { Observation } from "../bridge/contract/observation.ts";
import type { Manifest } from "./package/manifest.ts";

type ArrayName = "jointPosRad" | "jointVelRadPerS" | "jointEffortNm";
/** The array of an observation that an entry such as `qd.yaw` is taken from. */
export const arrayOf: Record<string, ArrayName> = {
  q: "jointPosRad",
  qd: "jointVelRadPerS",
  tau: "jointEffortNm",
};

/** How a package orders an observation's numbers: `q.yaw`, `qd.yaw`, `tau.yaw`, … */
export class ProprioLayout {
  readonly #sources: readonly { readonly array: ArrayName; readonly joint: number }[];

  constructor(embodiment: Manifest["embodiment"]) {
    const names = embodiment.joints.map((joint) => joint.name);
    this.#sources = embodiment.proprio.order.map((entry) => {
      const dot = entry.indexOf(".");
      const array = arrayOf[entry.slice(0, dot)] ?? "jointPosRad";
      return { array, joint: names.indexOf(entry.slice(dot + 1)) };
    });
  }

  /** Copies a checked observation into `out` in the package's order. // hot path */
  write(observation: Observation, out: Float64Array): void {
    for (let i = 0; i < this.#sources.length; i += 1) {
      const source = this.#sources[i];
      if (source !== undefined) out[i] = observation[source.array][source.joint] ?? Number.NaN;
    }
  }
}
