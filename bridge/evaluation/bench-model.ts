import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import { rasterizeSvg } from "../media/svg.ts";
import { loadDevice } from "../parts/device.ts";
import { modelFolder } from "../parts/model.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import { loadPackage } from "../../models/package/load-package.ts";
import { packArx } from "./arx-file.ts";
import { evaluateModel, fullPlan, quickPlan, type Evaluation } from "./evaluate-model.ts";
import { errorFigure, filmFigure, reliabilityFigure } from "./plots.ts";

/** The mount the evaluation's worlds are made of. */
const deviceProfile = "phone-mount-4dof";

export interface BenchModelOptions {
  /** Package to judge; default the configured one. */
  readonly path?: string;
  readonly isQuick?: boolean;
  /** Folder for the plots; none are drawn without it. */
  readonly plots?: string;
  /** File for the coefficients of the linear baseline, for tests that have no time to fit it. */
  readonly saveBaseline?: string;
  readonly onProgress?: (text: string) => void;
}

/**
 * Judges a model package on the embedded simulator, with seeds no training used.
 *
 * @throws BridgeError `model/unsupported` for a model of another device.
 */
export async function benchModel(config: Config, options: BenchModelOptions): Promise<Evaluation> {
  const { plots, saveBaseline, isQuick = false, onProgress } = options;
  disableTelemetry();
  const device = loadDevice(deviceProfile);
  const pack = await loadPackage(options.path ?? modelFolder(config));
  const joints = pack.manifest.embodiment.joints.map((joint) => joint.name);
  const axes = device.axes.map((axis) => axis.name);
  if (joints.join() !== axes.join()) {
    throw new BridgeError(
      ErrorCode.ModelUnsupported,
      `${pack.manifest.id} predicts ${joints.join(", ")}, the evaluation's ${deviceProfile} has ${axes.join(", ")}`,
    );
  }
  await using engine = await openEngine();
  const evaluation = await evaluateModel({
    engine,
    pack,
    device,
    plan: isQuick ? { ...quickPlan, arxJoints: 200, arxSeeing: 60 } : fullPlan,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  if (saveBaseline !== undefined) await writeFile(saveBaseline, packArx(evaluation.arx));
  if (plots !== undefined) await drawPlots(evaluation, plots);
  return evaluation;
}

async function drawPlots(evaluation: Evaluation, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const figures = {
    "error-by-horizon": errorFigure(evaluation),
    reliability: reliabilityFigure(evaluation),
    ...(evaluation.film.length === 0 ? {} : { film: await filmFigure(evaluation) }),
  };
  for (const [name, svg] of Object.entries(figures)) {
    await writeFile(join(folder, `${name}.png`), await rasterizeSvg(svg));
  }
}
