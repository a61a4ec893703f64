import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { packageFile, type ModelPackage } from "./load-package.ts";
import { parseGolden, type Golden } from "./manifest.ts";

/** What the check needs of whatever runs the package. */
export interface GoldenSubject {
  reset(): void;
  observe(proprio: readonly number[], action: readonly number[]): Promise<void>;
  rollout(
    actionsRad: readonly number[],
    candidateCount: number,
    horizonSteps: number,
  ): Promise<{ readonly mean: Float32Array; readonly std: Float32Array }>;
}

/**
 * Runs the package's recorded rollout on the chosen engine and compares. It catches what loads but
 * computes something else: a wrong provider, half precision that overflows, states that alias.
 *
 * @throws BridgeError `model/golden` with the largest difference and where it is.
 */
export async function checkGolden(pack: ModelPackage, subject: GoldenSubject): Promise<void> {
  const { golden: path, atol } = pack.manifest.verify;
  const golden = parseGolden(new TextDecoder().decode(packageFile(pack, path)), path);
  checkWidths(pack, golden);
  subject.reset();
  for (const { proprio, action } of golden.observations) await subject.observe(proprio, action);
  const found = await subject.rollout(golden.actionsRad.flat(), 1, golden.actionsRad.length);
  compare("mean", golden.mean, found.mean, atol);
  compare("std", golden.std, found.std, atol);
  subject.reset();
}

function checkWidths(pack: ModelPackage, golden: Golden): void {
  const { joints, proprio } = pack.manifest.embodiment;
  const wrong = [
    ...golden.observations.filter((row) => row.proprio.length !== proprio.order.length),
    ...golden.observations.filter((row) => row.action.length !== joints.length),
    ...golden.actionsRad.filter((row) => row.length !== joints.length),
  ];
  if (wrong.length === 0) return;
  throw new BridgeError(
    ErrorCode.ModelGolden,
    `${wrong.length} golden rows do not fit ${proprio.order.length} proprio values and ${joints.length} joints`,
  );
}

function compare(
  what: string,
  expected: readonly (readonly number[])[],
  found: Float32Array,
  atol: number,
): void {
  const width = expected[0]?.length ?? 0;
  const flat = expected.flat();
  if (flat.length !== found.length) {
    throw new BridgeError(
      ErrorCode.ModelGolden,
      `${what} has ${found.length} numbers, the golden rollout has ${flat.length}`,
    );
  }
  let worst = { difference: 0, index: 0 };
  for (const [index, value] of flat.entries()) {
    const difference = Math.abs(value - (found[index] ?? Number.NaN));
    if (difference > worst.difference) worst = { difference, index };
  }
  if (worst.difference <= atol) return;
  const step = Math.floor(worst.index / width) + 1;
  const column = worst.index % width;
  throw new BridgeError(
    ErrorCode.ModelGolden,
    `${what} at step ${step}, column ${column} is ${found[worst.index] ?? Number.NaN}, ` +
      `the golden rollout says ${flat[worst.index] ?? Number.NaN}; allowed difference ${atol}`,
    { details: { difference: worst.difference, atol } },
  );
}
