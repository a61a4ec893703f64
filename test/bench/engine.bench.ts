// How much each engine adds to ONNX Runtime itself: the same graphs, the same library, called from C and
// from Python (where there is an onnxruntime for it; of the same version it is another build of the same
// code). Then what batching candidates saves, and what a state on the device does not carry across.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import koffi from "koffi";
import { afterAll, bench, describe } from "vitest";
import type { DeviceTensor, Engine, EngineBinding, Tensor } from "../../bridge/contract/engine.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import type { RecurrentManifest } from "../../models/package/families/recurrent-latent.ts";
import { loadPackage, packageFile } from "../../models/package/load-package.ts";
import { countingGraph } from "../fakes/engine-graphs.ts";
import { onnxModel } from "../fakes/onnx-writer.ts";
import { mockEpLibrary, mockProvider, readMockEpCounters } from "../peers/mock-ep/mock-ep.ts";

interface Case {
  readonly name: string;
  readonly model: Uint8Array;
  /** Runs per sample. */
  readonly runs: number;
  readonly inputs: Record<string, readonly number[]>;
  readonly outputs: Record<string, readonly number[]>;
}

const embedded = fileURLToPath(new URL("../../models/embedded", import.meta.url));
const pack = await loadPackage(embedded);
const stateWidth = (pack.manifest as RecurrentManifest).states[0]!.shape[1]!;
const rollout = (n: number, k: number): Case => ({
  name: `rollout of the embedded model, N=${n} K=${k}`,
  model: packageFile(pack, "rollout.onnx"),
  runs: 1,
  inputs: { state: [n, stateWidth], proprio: [n, 12], action: [n, 4], actions: [n, k, 4] },
  outputs: { mean: [n, k, 8], std: [n, k, 8] },
});
const cases: readonly Case[] = [
  {
    name: "100 runs of y = a + b, 8 floats",
    model: onnxModel({
      name: "add",
      inputs: [
        { name: "a", shape: [8] },
        { name: "b", shape: [8] },
      ],
      outputs: [{ name: "y", shape: [8] }],
      nodes: [{ op: "Add", inputs: ["a", "b"], outputs: ["y"] }],
    }),
    runs: 100,
    inputs: { a: [8], b: [8] },
    outputs: { y: [8] },
  },
  {
    name: "10 observe steps of the embedded model",
    model: packageFile(pack, "observe.onnx"),
    runs: 10,
    inputs: { proprio: [1, 12], action: [1, 4], state_in: [1, stateWidth] },
    outputs: { state_out: [1, stateWidth] },
  },
  rollout(1, 16),
  rollout(64, 32),
];

const tensors = (shapes: Record<string, readonly number[]>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return [name, { data: new Float32Array(length).fill(0.1), shape }];
    }),
  );

const ffi = await openEngine({ engine: "ort-ffi" });
const node = await openEngine({ engine: "ort-node" });
const folder = mkdtempSync(join(tmpdir(), "kairos-engine-bench-"));

async function bind(engine: Engine, one: Case): Promise<EngineBinding> {
  const session = await engine.openSession({ name: one.name, model: one.model });
  return session.bind(tensors(one.inputs), tensors(one.outputs));
}

/** The C program's statics hold one session, so each case gets a copy of the library. */
function rawRun(one: Case, index: number): ((count: number) => void) | undefined {
  if (!hasCompiler) return undefined;
  const path = join(folder, `raw-${index}.so`);
  copyFileSync(join(folder, "raw.so"), path);
  const library = koffi.load(path);
  const check = (error: unknown): void => {
    if (typeof error === "string") throw new Error(`raw C API: ${error}`);
  };
  const open = library.func("raw_open", "str", ["str", "void *", "size_t"]);
  const bindOne = library.func("raw_bind", "str", [
    "int",
    "str",
    "void *",
    "size_t",
    "void *",
    "size_t",
  ]);
  const run = library.func("raw_run", "str", ["int"]);
  check(open(ffi.info.library, one.model, one.model.byteLength));
  for (const [isOutput, shapes] of [one.inputs, one.outputs].entries()) {
    for (const [name, tensor] of Object.entries(tensors(shapes))) {
      const shape = BigInt64Array.from(tensor.shape, BigInt);
      kept.push(tensor, shape);
      check(bindOne(isOutput, name, tensor.data, tensor.data.byteLength, shape, shape.length));
    }
  }
  return (count) => {
    check(run(count));
  };
}

const kept: unknown[] = [];
const hasCompiler = compile();

function compile(): boolean {
  const source = fileURLToPath(new URL("./engine-raw.c", import.meta.url));
  try {
    execFileSync(process.env["CC"] ?? "cc", [
      "-O2",
      "-shared",
      "-fPIC",
      "-o",
      join(folder, "raw.so"),
      source,
      "-ldl",
    ]);
    return true;
  } catch {
    process.stdout.write("no C compiler: the reference is left out\n");
    return false;
  }
}

for (const [index, one] of cases.entries()) {
  const raw = rawRun(one, index);
  const ffiBinding = await bind(ffi, one);
  const nodeBinding = await bind(node, one);
  describe(one.name, () => {
    if (raw !== undefined) {
      bench("C API from C (reference)", () => {
        raw(one.runs);
      });
    }
    bench("ort-ffi", () => {
      for (let i = 0; i < one.runs; i += 1) void ffiBinding.run();
    });
    bench("ort-node", async () => {
      for (let i = 0; i < one.runs; i += 1) await nodeBinding.run();
    });
  });
  reportPython(one);
}

/** Python times itself: its table row would hold the pipe to it. */
function reportPython(one: Case): void {
  const model = join(folder, "model.onnx");
  writeFileSync(model, one.model);
  const script = fileURLToPath(new URL("./engine_python.py", import.meta.url));
  const shapes = [JSON.stringify(one.inputs), JSON.stringify(one.outputs)];
  const args = [script, model, ...shapes, String(one.runs)];
  const { status, stdout } = spawnSync(process.env["PYTHON"] ?? "python3", args, {
    encoding: "utf8",
    env: { ...process.env, ORT_DISABLE_TELEMETRY: "1" },
  });
  const [version, shortest, median] = stdout.trim().split(" ");
  const text =
    status === 0
      ? `onnxruntime ${version} IoBinding: shortest ${shortest} us, median ${median} us a run`
      : "no onnxruntime here";
  process.stdout.write(`${one.name}: Python: ${text}\n`);
}

const batched = await bind(ffi, rollout(64, 16));
const single = await bind(ffi, rollout(1, 16));
describe("64 candidates, 16 steps of the embedded model", () => {
  bench("64 rollouts of one candidate (reference)", () => {
    for (let i = 0; i < 64; i += 1) void single.run();
  });
  bench("one rollout of 64 candidates", () => {
    void batched.run();
  });
});

const stateFloats = 64 * 1024;
const mock = await mockEpLibrary();
if (mock.missing === undefined) await describeDeviceState(mock.programs.library);

/** The state of a counting graph, 256 KiB, on the plugin provider that counts what crosses. */
async function describeDeviceState(library: string): Promise<void> {
  const provider = { name: mockProvider.device, library };
  const model = onnxModel(countingGraph(stateFloats));
  const session = await ffi.openSession({ name: "counting", model, provider });
  const shape = [1, stateFloats];
  const host = (): Tensor => ({ data: new Float32Array(stateFloats), shape });
  const device = (): DeviceTensor => session.createDeviceTensor("float32", shape);
  const swap = (x: Tensor | DeviceTensor, y: Tensor | DeviceTensor): (() => void) => {
    const forth = session.bind({ x }, { y });
    const back = session.bind({ x: y }, { y: x });
    return () => {
      void forth.run();
      void back.run();
    };
  };
  const ways = {
    "state on the host (reference)": swap(host(), host()),
    "state on the device": swap(device(), device()),
  };
  for (const [name, twoSteps] of Object.entries(ways)) {
    const before = readMockEpCounters(library);
    twoSteps();
    const after = readMockEpCounters(library);
    const crossed =
      after.bytesToDevice + after.bytesFromDevice - before.bytesToDevice - before.bytesFromDevice;
    process.stdout.write(`${name}: ${crossed / 2} bytes cross per step\n`);
  }
  describe("two steps of a 256 KiB state on a plugin provider", () => {
    for (const [name, twoSteps] of Object.entries(ways)) bench(name, twoSteps);
  });
}

afterAll(async () => {
  await ffi[Symbol.asyncDispose]();
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
