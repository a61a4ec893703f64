import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Engine,
  EngineSession,
  Tensor,
  TensorData,
  TensorType,
} from "../../../bridge/contract/engine.ts";
import { elementTypes } from "../../../models/engine/tensors.ts";
import {
  countingGraph,
  externalGraph,
  externalWeights,
  passGraph,
} from "../../fakes/engine-graphs.ts";
import { externalBytes, onnxModel, type OnnxGraph } from "../../fakes/onnx-writer.ts";
import { observeGraph } from "../../fakes/tiny-package.ts";

/** y = a + b with open lengths: lengths that do not match fail in the run, not before. */
const addGraph: OnnxGraph = {
  name: "add",
  inputs: [
    { name: "a", shape: ["N", 3] },
    { name: "b", shape: ["M", 3] },
  ],
  outputs: [{ name: "y", shape: ["L", 3] }],
  nodes: [{ op: "Add", inputs: ["a", "b"], outputs: ["y"] }],
};

/** Picks bytes by index: uint8 and int64 in, uint8 out. */
const pickGraph: OnnxGraph = {
  name: "pick",
  inputs: [
    { name: "bytes", shape: [4], elementType: 2 },
    { name: "indices", shape: ["K"], elementType: 7 },
  ],
  outputs: [{ name: "picked", shape: ["K"], elementType: 2 }],
  nodes: [{ op: "Gather", inputs: ["bytes", "indices"], outputs: ["picked"] }],
};

const doubleGraph: OnnxGraph = {
  name: "double",
  inputs: [{ name: "x", shape: [1], elementType: 11 }],
  outputs: [{ name: "y", shape: [1], elementType: 11 }],
  nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
};

const unknownOp: OnnxGraph = {
  ...doubleGraph,
  name: "unknown",
  nodes: [{ op: "NoSuchOperator", inputs: ["x"], outputs: ["y"] }],
};

const row = (...values: number[]): Tensor => ({
  data: Float32Array.from(values),
  shape: [values.length / 3, 3],
});
const bytesOf = ({ buffer, byteOffset, byteLength }: TensorData): number[] => [
  ...new Uint8Array(buffer, byteOffset, byteLength),
];
const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;

/** What every engine promises; run against real ONNX Runtime. */
export function describeEngineContract(name: string, open: () => Promise<Engine>): void {
  describe(`Engine contract: ${name}`, () => {
    let engine: Engine;
    let add: EngineSession;
    beforeAll(async () => {
      engine = await open();
      add = await engine.openSession({ name: "add.onnx", model: onnxModel(addGraph) });
    });
    afterAll(async () => {
      await engine[Symbol.asyncDispose]();
    });

    test("says which library runs, in which version, on which provider", () => {
      expect(engine.info.name).toBe(name);
      expect(engine.info.library).toMatch(/onnxruntime/);
      expect(engine.info.version).toMatch(/^1\.\d+\.\d+/);
      expect(add.provider).toBe("cpu");
    });

    test("describes inputs and outputs, open dimensions by name", async () => {
      const session = await engine.openSession({ name: "o", model: onnxModel(observeGraph) });
      expect(session.inputs).toEqual([
        { name: "proprio", type: "float32", shape: [1, 12] },
        { name: "action", type: "float32", shape: [1, 4] },
        { name: "state_in", type: "float32", shape: [1, 5] },
      ]);
      expect(session.outputs).toEqual([{ name: "state_out", type: "float32", shape: [1, 5] }]);
      expect(add.inputs[0]?.shape).toEqual(["N", 3]);
    });

    test.each([
      ["plain buffers", (length: number) => new Float32Array(length)],
      [
        "a SharedArrayBuffer",
        (length: number) => new Float32Array(new SharedArrayBuffer(4 * length)),
      ],
      [
        "a window of a larger buffer",
        (length: number) => new Float32Array(new ArrayBuffer(8 * length), 4 * length, length),
      ],
    ])("runs over %s and reads inputs anew each time", async (_, make) => {
      const [a, b, y] = [make(3), make(3), make(3)];
      const shape = [1, 3];
      using binding = add.bind(
        { a: { data: a, shape }, b: { data: b, shape } },
        { y: { data: y, shape } },
      );
      for (const offset of [0, 10, -7.5]) {
        a.set([1 + offset, 2, 3]);
        b.set([0.5, 0.25, offset]);
        await binding.run();
        expect([...y]).toEqual([1.5 + offset, 2.25, 3 + offset]);
      }
    });

    test("keeps small buffers in place while the garbage collector works", async () => {
      const [a, b, y] = [row(1, 2, 3), row(4, 5, 6), row(0, 0, 0)];
      using binding = add.bind({ a, b }, { y });
      for (let i = 0; i < 200; i += 1) {
        Array.from({ length: 2000 }, (_, j) => new Float32Array([i, j]));
        a.data[0] = i;
        await binding.run();
        expect(y.data[0]).toBe(i + 4);
      }
    });

    test("holds several bindings of different sizes on one session", async () => {
      const one = { a: row(1, 1, 1), b: row(2, 2, 2), y: row(0, 0, 0) };
      const two = { a: row(1, 2, 3, 4, 5, 6), b: row(1, 1, 1), y: row(0, 0, 0, 0, 0, 0) };
      using first = add.bind({ a: one.a, b: one.b }, { y: one.y });
      using second = add.bind({ a: two.a, b: two.b }, { y: two.y });
      await second.run();
      await first.run();
      expect([...one.y.data]).toEqual([3, 3, 3]);
      expect([...two.y.data]).toEqual([2, 3, 4, 5, 6, 7]);
    });

    const carried: [TensorType, number, TensorData][] = [
      ["float32", 1, Float32Array.of(1.5, -0, Infinity)],
      ["float16", 10, Uint16Array.of(0x3c00, 0xfbff, 0x7e01)],
      ["uint8", 2, Uint8Array.of(0, 128, 255)],
      ["int32", 6, Int32Array.of(-1, 2 ** 31 - 1, -(2 ** 31))],
      ["int64", 7, BigInt64Array.of(-1n, 2n ** 63n - 1n, -(2n ** 63n))],
      ["bool", 9, Uint8Array.of(1, 0, 1)],
      ["bfloat16", 16, Uint16Array.of(0x3f80, 0xff7f, 0x7fc1)],
    ];
    // onnxruntime-node has no name for bfloat16.
    test.each(carried.filter(([type]) => name === "ort-ffi" || type !== "bfloat16"))(
      "carries %s unchanged",
      async (type, elementType, data) => {
        const model = onnxModel(passGraph(elementType));
        const session = await engine.openSession({ name: "pass", model });
        expect(session.inputs).toEqual([{ name: "x", type, shape: ["N"] }]);
        const y = new elementTypes[type].array(data.length);
        using binding = session.bind({ x: { data, shape: [3] } }, { y: { data: y, shape: [3] } });
        await binding.run();
        expect(bytesOf(y)).toEqual(bytesOf(data));
      },
    );

    test("carries uint8 and int64", async () => {
      const session = await engine.openSession({ name: "pick", model: onnxModel(pickGraph) });
      const picked = new Uint8Array(3);
      using binding = session.bind(
        {
          bytes: { data: Uint8Array.of(10, 20, 30, 255), shape: [4] },
          indices: { data: BigInt64Array.of(3n, 0n, 2n), shape: [3] },
        },
        { picked: { data: picked, shape: [3] } },
      );
      await binding.run();
      expect([...picked]).toEqual([255, 10, 30]);
    });

    const good = { a: row(1, 2, 3), b: row(1, 2, 3) };
    test.each([
      ["a missing input", { a: good.a }, { y: row(0, 0, 0) }, /input b is not given/],
      [
        "an unknown name",
        { ...good, c: row(1, 2, 3) },
        { y: row(0, 0, 0) },
        /no input is named c; it has a, b/,
      ],
      [
        "another element type",
        { ...good, a: { data: new Uint8Array(3), shape: [1, 3] } },
        { y: row(0, 0, 0) },
        /input a is uint8 or bool, expected float32/,
      ],
      [
        "a wrong fixed dimension",
        { ...good, a: { data: new Float32Array(4), shape: [1, 4] } },
        { y: row(0, 0, 0) },
        /input a has shape \[1, 4\], expected \[N, 3\]/,
      ],
      [
        "a buffer shorter than its shape",
        { ...good, a: { data: new Float32Array(3), shape: [2, 3] } },
        { y: row(0, 0, 0) },
        /input a has 3 elements, its shape says 6/,
      ],
      ["a missing output", good, {}, /output y is not given/],
    ] as [string, Record<string, Tensor>, Record<string, Tensor>, RegExp][])(
      "refuses to bind %s",
      (_, inputs, outputs, text) => {
        expect(() => add.bind(inputs, outputs)).toThrow(text);
        expect(() => add.bind(inputs, outputs)).toThrow(code("model/shape"));
      },
    );

    test("reports a run that fails in ONNX Runtime's words, and runs on", async () => {
      const bad = { a: row(1, 2, 3, 4, 5, 6), b: row(1, 2, 3, 4, 5, 6, 7, 8, 9) };
      using failing = add.bind(bad, { y: row(0, 0, 0) });
      const run = async (): Promise<void> => {
        await failing.run();
      };
      await expect(run()).rejects.toThrow(code("engine/run"));
      await expect(run()).rejects.toThrow(/add\.onnx.*(broadcast|BroadcastIterator|dimension)/i);
      const y = row(0, 0, 0);
      using working = add.bind(good, { y });
      await working.run();
      expect([...y.data]).toEqual([2, 4, 6]);
    });

    test.each([
      ["too small", [1, 3]],
      ["too large", [4, 3]],
    ])("never writes into an output buffer that is %s for the result", async (_, shape) => {
      const guard = new Float32Array(64).fill(7);
      const length = shape[0]! * shape[1]!;
      const y = { data: guard.subarray(0, length), shape };
      using binding = add.bind({ a: row(1, 2, 3, 4, 5, 6), b: row(1, 2, 3) }, { y });
      const run = async (): Promise<void> => {
        await binding.run();
      };
      await expect(run()).rejects.toThrow(code("engine/run"));
      expect([...guard]).toEqual(Array<number>(64).fill(7));
    });

    test.each([
      ["bytes that are no model", new Uint8Array(64).fill(7), /broken\.onnx/],
      ["an empty file", new Uint8Array(0), /broken\.onnx/],
      ["an operator nobody has", onnxModel(unknownOp), /NoSuchOperator/],
      ["an element type the port does not carry", onnxModel(doubleGraph), /expected float32/],
    ])("refuses to open %s", async (_, model, text) => {
      const opening = engine.openSession({ name: "broken.onnx", model });
      await expect(opening).rejects.toThrow(code("engine/session"));
      await expect(opening).rejects.toThrow(text);
    });

    test("takes the external data of a graph as bytes", async () => {
      const externalData = new Map([["weights.bin", externalBytes(externalWeights)]]);
      const model = onnxModel(externalGraph);
      const session = await engine.openSession({ name: "external", model, externalData });
      const y = new Float32Array(8);
      using binding = session.bind(
        { x: { data: new Float32Array(8).fill(10), shape: [8] } },
        { y: { data: y, shape: [8] } },
      );
      await binding.run();
      expect([...y]).toEqual([11, 12, 13, 14, 15, 16, 17, 18]);
    });

    test.each([
      ["is missing", new Map<string, Uint8Array>()],
      ["is too short", new Map([["weights.bin", new Uint8Array(16)]])],
    ])("refuses a graph whose external data %s", async (_, externalData) => {
      const model = onnxModel(externalGraph);
      const opening = engine.openSession({ name: "external.onnx", model, externalData });
      await expect(opening).rejects.toThrow(code("engine/session"));
    });

    test("writes a profile and says where, once", async () => {
      const folder = await mkdtemp(join(tmpdir(), "kairos-profile-"));
      try {
        const options = { name: "add", model: onnxModel(addGraph) };
        const profilePrefix = join(folder, "add");
        const session = await engine.openSession({ ...options, profilePrefix });
        using binding = session.bind({ a: row(1, 2, 3), b: row(1, 2, 3) }, { y: row(0, 0, 0) });
        await binding.run();
        const path = session.endProfiling() ?? "";
        expect(path.startsWith(profilePrefix)).toBe(true);
        const events = JSON.parse(await readFile(path, "utf8")) as { name: string }[];
        expect(events.map((event) => event.name)).toContain("model_run");
        expect(session.endProfiling()).toBeUndefined();
        expect(add.endProfiling()).toBeUndefined();
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    test("keeps a state in two device tensors that two bindings swap", async () => {
      const session = await engine.openSession({ name: "c", model: onnxModel(countingGraph(5)) });
      using even = session.createDeviceTensor("float32", [1, 5]);
      using odd = session.createDeviceTensor("float32", [1, 5]);
      using forth = session.bind({ x: even }, { y: odd });
      using back = session.bind({ x: odd }, { y: even });
      for (let turn = 0; turn < 10; turn += 1) await (turn % 2 === 0 ? forth : back).run();
      const state = new Float32Array(5);
      even.download(state);
      expect([...state]).toEqual([10, 10, 10, 10, 10]);
      odd.download(state);
      expect([...state]).toEqual([9, 9, 9, 9, 9]);
    });

    test("mixes host and device tensors, and repeats a state over a batch", async () => {
      const session = await engine.openSession({ name: "c", model: onnxModel(countingGraph(2)) });
      using one = session.createDeviceTensor("float32", [1, 2]);
      using batch = session.createDeviceTensor("float32", [3, 2]);
      expect(batch).toMatchObject({ type: "float32", shape: [3, 2], byteLength: 24 });
      one.upload(Float32Array.of(4, 7));
      batch.copyFrom(one);
      const y = new Float32Array(6);
      using binding = session.bind({ x: batch }, { y: { data: y, shape: [3, 2] } });
      await binding.run();
      expect([...y]).toEqual([5, 8, 5, 8, 5, 8]);
      one.upload(Float32Array.of(-1, 0));
      batch.copyFrom(one);
      await binding.run();
      expect([...y]).toEqual([0, 1, 0, 1, 0, 1]);
    });

    test("refuses what does not fit a device tensor", async () => {
      const session = await engine.openSession({ name: "c", model: onnxModel(countingGraph(2)) });
      using tensor = session.createDeviceTensor("float32", [1, 2]);
      using three = session.createDeviceTensor("float32", [3, 1]);
      using ints = session.createDeviceTensor("int32", [1, 2]);
      const misfits = [
        () => session.createDeviceTensor("float32", [0, 2]),
        () => session.createDeviceTensor("float32", [1.5]),
        () => {
          tensor.upload(new Float32Array(3));
        },
        () => {
          tensor.upload(new Int32Array(2));
        },
        () => {
          tensor.download(new Float32Array(1));
        },
        () => {
          tensor.copyFrom(three);
        },
        () => {
          tensor.copyFrom(ints);
        },
        () => session.bind({ x: ints }, { y: tensor }),
        () => session.bind({ x: three }, { y: tensor }),
      ];
      for (const misfit of misfits) expect(misfit).toThrow(code("model/shape"));
    });

    test("lists its providers and devices", () => {
      expect(engine.info.providers).toContain("cpu");
      const devices = engine.devices();
      expect(devices.map((device) => device.provider)).toContain("CPUExecutionProvider");
    });

    test("refuses a provider it cannot open, and names what there is", async () => {
      const model = onnxModel(addGraph);
      const opening = engine.openSession({ name: "add", model, provider: { name: "nowhere" } });
      await expect(opening).rejects.toThrow(code("engine/provider"));
      await expect(opening).rejects.toThrow(/nowhere.*cpu/);
    });

    test("refuses what was closed and closes twice without harm", async () => {
      const session = await engine.openSession({ name: "add", model: onnxModel(addGraph) });
      const binding = session.bind(good, { y: row(0, 0, 0) });
      const other = session.bind(good, { y: row(0, 0, 0) });
      binding[Symbol.dispose]();
      binding[Symbol.dispose]();
      expect(() => binding.run()).toThrow(code("model/closed"));
      await session[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
      expect(() => other.run()).toThrow(code("model/closed"));
      expect(() => session.bind(good, { y: row(0, 0, 0) })).toThrow(code("model/closed"));
    });

    test("closing the engine closes its sessions and refuses new ones", async () => {
      const other = await open();
      const session = await other.openSession({ name: "add", model: onnxModel(addGraph) });
      const binding = session.bind(good, { y: row(0, 0, 0) });
      await binding.run();
      await other[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      expect(() => binding.run()).toThrow(code("model/closed"));
      const late = other.openSession({ name: "add", model: onnxModel(addGraph) });
      await expect(late).rejects.toThrow(code("model/closed"));
    });
  });
}
