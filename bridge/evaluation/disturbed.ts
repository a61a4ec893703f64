import { seededRandom } from "../core/seeded-random.ts";
import type { ModelPackage } from "../../models/package/load-package.ts";

/** Deviation of what is added to every weight: several times the weights themselves. */
const disturbance = 0.3;

/** The package with noise on its shared weights: what it has learnt is gone, its form is not. */
export function disturbedWeights(pack: ModelPackage): ModelPackage {
  const random = seededRandom(7);
  const files = new Map(pack.files);
  for (const [path, content] of files) {
    if (!path.endsWith(".bin")) continue;
    const weights = new Float32Array(content.slice().buffer);
    // Four even draws come near enough to a normal deviate.
    const normal = (): number => (random() + random() + random() + random() - 2) * Math.sqrt(3);
    files.set(path, new Uint8Array(weights.map((value) => value + disturbance * normal()).buffer));
  }
  return { ...pack, files };
}
