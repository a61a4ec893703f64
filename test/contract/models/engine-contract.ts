import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine, EngineSession, Tensor } from "../../../bridge/contract/engine.ts";
import { onnxModel, type OnnxGraph } from "../../fakes/onnx-writer.ts";
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
