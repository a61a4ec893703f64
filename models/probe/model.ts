import type { Engine } from "../../bridge/contract/engine.ts";
import { errorText } from "../../bridge/contract/errors.ts";
import type { Finding } from "../../bridge/contract/finding.ts";
import { loadPackage, type ModelPackage } from "../package/load-package.ts";
import { OnnxWorldModel } from "../world-model.ts";

/** Loads a package, and has the engine reproduce its golden rollout on the CPU. */
export async function probeModel(engine: Engine, folder: string): Promise<Finding[]> {
  try {
    const pack = await loadPackage(folder);
    return [identity(pack), await golden(engine, pack)];
  } catch (error) {
    const text = errorText(error);
    const advice = "kairos-bridge models inspect shows every problem of a package";
    return [{ level: "fail", subject: "package", text, advice, details: { folder } }];
  }
}

function identity({ manifest, sha256, source }: ModelPackage): Finding {
  const { id, revision, family, license } = manifest;
  const text = `${id} ${revision}, ${family}, ${license.spdx}, sha256 ${sha256.slice(0, 16)}…`;
  return { level: "ok", subject: "package", text, details: { id, revision, sha256, source } };
}

async function golden(engine: Engine, pack: ModelPackage): Promise<Finding> {
  const startMs = performance.now();
  try {
    await using model = await OnnxWorldModel.open({ engine, pack });
    const tookMs = Math.round(performance.now() - startMs);
    const { provider } = model.description.engine;
    const text = `golden rollout reproduced on ${provider}, opened in ${tookMs} ms`;
    return { level: "ok", subject: "verified", text, details: { provider, tookMs } };
  } catch (error) {
    const advice = "do not run this package on this engine: kairos-bridge models verify says more";
    return { level: "fail", subject: "verified", text: errorText(error), advice };
  }
}
