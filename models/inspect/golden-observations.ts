import { makeObservation, type Observation } from "../../bridge/contract/observation.ts";
import { parseGolden } from "../package/golden.ts";
import { packageFile, type ModelPackage } from "../package/load-package.ts";
import { arrayOf } from "../proprio-layout.ts";

/** The joint side of a golden rollout as a device would have told it. Pictures are not among it. */
export interface RecordedObservation {
  readonly observations: readonly Observation[];
  /** Setpoints at steps 1..K, [step][joint]. */
  readonly actionsRad: readonly (readonly number[])[];
}

export function goldenObservations(pack: ModelPackage): RecordedObservation {
  const { embodiment, timing, verify } = pack.manifest;
  const text = new TextDecoder().decode(packageFile(pack, verify.golden));
  const golden = parseGolden(text, verify.golden);
  const names = embodiment.joints.map((joint) => joint.name);
  const observations = golden.observations.map(({ proprio, action }, step) => {
    const observation = makeObservation(names.length);
    observation.stampMs = step * timing.step_s * 1000;
    for (const [index, entry] of embodiment.proprio.order.entries()) {
      const [kind = "", joint = ""] = entry.split(/\.(.*)/);
      const array = arrayOf[kind];
      if (array !== undefined) observation[array][names.indexOf(joint)] = proprio[index] ?? 0;
    }
    observation.commandPosRad.set(action);
    return observation;
  });
  return { observations, actionsRad: golden.actionsRad };
}
