import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import type { Observation } from "../bridge/contract/observation.ts";
import type { Manifest } from "./package/manifest.ts";

type ArrayName = "jointPosRad" | "jointVelRadPerS" | "jointEffortNm";
const arrayOf: Record<string, ArrayName> = {
  q: "jointPosRad",
  qd: "jointVelRadPerS",
  tau: "jointEffortNm",
};

/** How a package orders an observation's numbers: `q.yaw`, `qd.yaw`, `tau.yaw`, … */
export class ProprioLayout {
  readonly #jointCount: number;
  readonly #sources: readonly { readonly array: ArrayName; readonly joint: number }[];

  constructor(embodiment: Manifest["embodiment"]) {
    const names = embodiment.joints.map((joint) => joint.name);
    this.#jointCount = names.length;
    this.#sources = embodiment.proprio.order.map((entry) => {
      const dot = entry.indexOf(".");
      const array = arrayOf[entry.slice(0, dot)] ?? "jointPosRad";
      return { array, joint: names.indexOf(entry.slice(dot + 1)) };
    });
  }

  /**
   * Copies an observation into `out` in the package's order.
   *
   * @throws BridgeError `model/shape` for an array of another length or a number that is not finite. // hot path
   */
  write(observation: Observation, out: Float64Array): void {
    this.#check("jointPosRad", observation.jointPosRad);
    this.#check("jointVelRadPerS", observation.jointVelRadPerS);
    this.#check("jointEffortNm", observation.jointEffortNm);
    this.#check("commandPosRad", observation.commandPosRad);
    for (let i = 0; i < this.#sources.length; i += 1) {
      const source = this.#sources[i];
      if (source !== undefined) out[i] = observation[source.array][source.joint] ?? Number.NaN;
    }
  }

  #check(name: string, values: Float64Array): void {
    if (values.length !== this.#jointCount) {
      const text = `${name} has ${values.length} numbers, expected ${this.#jointCount}`;
      throw new BridgeError(ErrorCode.ModelShape, text);
    }
    for (const value of values) {
      if (Number.isFinite(value)) continue;
      throw new BridgeError(
        ErrorCode.ModelShape,
        `${name} holds ${value}, expected finite numbers`,
      );
    }
  }
}
