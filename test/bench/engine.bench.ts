// How much each engine adds to ONNX Runtime itself: the same graphs, the same library, called from C.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import koffi from "koffi";
import { afterAll, bench, describe } from "vitest";
import type { Engine, EngineBinding, Tensor } from "../../bridge/contract/engine.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import type { RecurrentManifest } from "../../models/package/families/recurrent-latent.ts";
import { loadPackage, packageFile } from "../../models/package/load-package.ts";
import { onnxModel } from "../fakes/onnx-writer.ts";

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
}

afterAll(async () => {
  await ffi[Symbol.asyncDispose]();
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
