import { parentPort, workerData } from "node:worker_threads";
import { BridgeError } from "../../bridge/contract/errors.ts";
import { openEngine, type OpenEngineOptions } from "../../models/engine/open-engine.ts";
import { longGraph } from "./engine-graphs.ts";
import { onnxModel } from "./onnx-writer.ts";

/** What the worker tells, in this order; `ended` after every run. */
export type LongRunMessage =
  | { readonly kind: "open"; readonly handle: bigint; readonly library: string }
  | { readonly kind: "running" }
  | { readonly kind: "ended"; readonly code: string; readonly sum: number };

/** Runs a long graph once for every number of turns in `workerData.turns`. */
const { kind, turns } = workerData as {
  readonly kind: NonNullable<OpenEngineOptions["engine"]>;
  readonly turns: readonly number[];
};
const post = (message: LongRunMessage): void => {
  parentPort?.postMessage(message);
};

const engine = await openEngine({ engine: kind });
const session = await engine.openSession({ name: "long.onnx", model: onnxModel(longGraph) });
const shape = [64, 64];
const y = new Float32Array(64 * 64);
const count = new BigInt64Array(1);
const binding = session.bind(
  {
    turns: { data: count, shape: [] },
    x: { data: new Float32Array(64 * 64).fill(0.01), shape },
  },
  { y: { data: y, shape } },
);
post({ kind: "open", handle: session.terminateHandle, library: engine.info.library });
for (const each of turns) {
  count[0] = BigInt(each);
  post({ kind: "running" });
  const code = await run();
  post({ kind: "ended", code, sum: y.reduce((sum, value) => sum + value, 0) });
}

async function run(): Promise<string> {
  try {
    const pending = binding.run();
    if (pending !== undefined) await pending;
    return "done";
  } catch (error) {
    return error instanceof BridgeError ? error.code : String(error);
  }
}
