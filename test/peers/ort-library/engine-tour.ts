import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { EngineSession, NodeAssignment, Tensor } from "../../../bridge/contract/engine.ts";
import { errorText } from "../../../bridge/contract/errors.ts";
import { OrtFfiEngine } from "../../../models/engine/ort-ffi/ort-ffi-engine.ts";
import { openTerminator } from "../../../models/engine/ort-ffi/terminator.ts";
import { onnxModel } from "../../fakes/onnx-writer.ts";

/** What one library did with each part of the engine. Printed as JSON. */
export interface EngineTour {
  readonly version: string;
  readonly buildInfo: string;
  readonly providers: readonly string[];
  /** y = (x + x) * x of 1, 2, 3 through host buffers, and through device tensors. */
  readonly host: readonly number[];
  readonly device: readonly number[];
  readonly assignment?: readonly NodeAssignment[];
  /** Nodes that ran, as the profile counts them. */
  readonly profiledNodes: number;
  /** y of a run that began after another thread's request to stop: it starts afresh. */
  readonly afterTerminate: readonly number[];
  /** What a graph that is none was refused with. */
  readonly refusal: string;
  /** y on the mock plugin provider, or why not; absent where none was given. */
  readonly plugin?: readonly number[] | string;
}

const model = onnxModel({
  name: "tour",
  inputs: [{ name: "x", shape: [3] }],
  outputs: [{ name: "y", shape: [3] }],
  nodes: [
    { op: "Add", inputs: ["x", "x"], outputs: ["double"] },
    { op: "Mul", inputs: ["double", "x"], outputs: ["y"] },
  ],
});
const x: Tensor = { data: Float32Array.of(1, 2, 3), shape: [3] };

/**
 * `engine-tour.js LIBRARY [PLUGIN]`: calls a part of the engine after the other on an ONNX Runtime
 * library. A slot of the function table that is not what it is taken for ends it with a crash. Runs
 * from dist/, as a process of its own.
 */
const [library = "", plugin] = process.argv.slice(2);
process.env["ORT_DISABLE_TELEMETRY"] = "1";
const engine = OrtFfiEngine.open(library, "setting");
const tour = await takeTour();
await engine[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify(tour)}\n`);

async function takeTour(): Promise<EngineTour> {
  const profilePrefix = join(tmpdir(), `kairos-tour-${process.pid}`);
  await using session = await engine.openSession({ name: "tour", model, profilePrefix });
  const host = runOnHost(session);
  const device = runOnDevice(session);
  openTerminator(library).terminate(session.terminateHandle);
  const afterTerminate = runOnHost(session);
  const refused = engine.openSession({ name: "nonsense", model: model.subarray(0, 20) });
  const refusal = await refused.then(() => "none", errorText);
  const { version, buildInfo, providers } = engine.info;
  return {
    version,
    buildInfo,
    providers,
    host,
    device,
    ...(session.assignment === undefined ? {} : { assignment: session.assignment }),
    profiledNodes: await readProfile(session.endProfiling() ?? ""),
    afterTerminate,
    refusal,
    ...(plugin === undefined ? {} : { plugin: await runOnPlugin(plugin) }),
  };
}

function runOnHost(session: EngineSession): number[] {
  const y = { data: new Float32Array(3), shape: [3] };
  using binding = session.bind({ x }, { y });
  void binding.run();
  return [...y.data];
}

function runOnDevice(session: EngineSession): number[] {
  using from = session.createDeviceTensor("float32", [3]);
  using to = session.createDeviceTensor("float32", [3]);
  using binding = session.bind({ x: from }, { y: to });
  from.upload(x.data);
  void binding.run();
  const out = new Float32Array(3);
  to.download(out);
  return [...out];
}

async function readProfile(path: string): Promise<number> {
  const events = JSON.parse(await readFile(path, "utf8")) as { cat?: string; name?: string }[];
  await rm(path);
  return events.filter((event) => event.cat === "Node" && event.name?.endsWith("kernel_time"))
    .length;
}

async function runOnPlugin(path: string): Promise<number[] | string> {
  const provider = { name: "MockEP", library: path };
  try {
    await using session = await engine.openSession({ name: "tour", model, provider });
    return runOnDevice(session);
  } catch (error) {
    return errorText(error);
  }
}
