import { BridgeError } from "../../bridge/contract/errors.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import { OnnxWorldModel } from "../../models/world-model.ts";
import { damaged } from "./mutations.ts";
import {
  listFiles,
  loadContents,
  tinyContents,
  tinyManifest,
  withManifest,
  without,
  type Contents,
} from "./tiny-package.ts";

/**
 * Opens packages whose graphs are damaged and whose hashes say that they are right, so that ONNX
 * Runtime itself meets the damage. A process of its own: a crash there is to be seen, not shared.
 *
 * Arguments: first case, number of cases. One line per case on stdout: its number and what became of it.
 */
const [firstCase = 0, caseCount = 0] = process.argv.slice(2).map(Number);
const graphs = ["graphs/observe.onnx", "graphs/rollout.onnx"];

function packageOf(seed: number): Contents {
  const files = without(tinyContents(), "manifest.json");
  const path = graphs[seed % graphs.length]!;
  const contents = { ...files, [path]: damaged(files[path]!, seed) };
  return withManifest(contents, { ...tinyManifest(contents), files: listFiles(contents) });
}

disableTelemetry();
const engine = await openEngine({ engine: "ort-ffi" });
for (let seed = firstCase; seed < firstCase + caseCount; seed += 1) {
  process.stdout.write(`${seed} `);
  let result: string;
  try {
    const pack = await loadContents(packageOf(seed));
    // Its golden rollout is replayed here: what opens predicts what the sound package does.
    await using model = await OnnxWorldModel.open({ engine, pack });
    result = `opened ${model.description.id}`;
  } catch (error) {
    result = error instanceof BridgeError ? error.code : String(error);
  }
  process.stdout.write(`${result}\n`);
}
await engine[Symbol.asyncDispose]();
