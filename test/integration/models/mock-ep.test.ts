import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Engine,
  EngineSession,
  SessionOptions,
  Tensor,
} from "../../../bridge/contract/engine.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { onnxModel, type OnnxGraph } from "../../fakes/onnx-writer.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import {
  mockEpLibrary,
  mockProvider,
  readMockEpCounters,
  type MockEpCounters,
  type MockFailure,
} from "../../peers/mock-ep/mock-ep.ts";

const error = (code: string, text: RegExp): Error =>
  expect.objectContaining({ code, message: expect.stringMatching(text) as string }) as Error;

const value = (name: string, ...shape: (number | string)[]) => ({ name, shape });

/** y = (x + x) * gain, then tanh, then into a matrix: three of the four nodes are the provider's. */
const mixedGraph: OnnxGraph = {
  name: "mixed",
  inputs: [value("x", 2, 4)],
  outputs: [value("y", 2, 3)],
  initializers: [
    { name: "gain", shape: [4], data: [0.1, -0.2, 0.3, -0.4] },
    { name: "weights", shape: [4, 3], data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] },
  ],
  nodes: [
    { op: "Add", inputs: ["x", "x"], outputs: ["double"] },
    { op: "Mul", inputs: ["double", "gain"], outputs: ["scaled"] },
    { op: "Tanh", inputs: ["scaled"], outputs: ["bounded"] },
    { op: "MatMul", inputs: ["bounded", "weights"], outputs: ["y"] },
  ],
};

/** A recurrent step: a state of 1,000 numbers, an action of 1, a latent of 1. */
const stateLength = 1000;
const stepGraph: OnnxGraph = {
  name: "step",
  inputs: [value("state", 1, stateLength), value("action", 1, 1)],
  outputs: [value("next", 1, stateLength), value("latent", 1, 1)],
  initializers: [
    { name: "decay", shape: [1], data: [0.5] },
    {
      name: "mean",
      shape: [stateLength, 1],
      data: Array<number>(stateLength).fill(1 / stateLength),
    },
  ],
  nodes: [
    { op: "Mul", inputs: ["state", "decay"], outputs: ["kept"] },
    { op: "Add", inputs: ["kept", "action"], outputs: ["next"] },
    { op: "MatMul", inputs: ["next", "mean"], outputs: ["latent"] },
  ],
};

const x = { data: Float32Array.from([1, 2, 3, 4, -1, -2, -3, -4]), shape: [2, 4] };

/** What a session on the mixed graph makes of `x`. */
function runMixed(session: EngineSession): Float32Array {
  const y = { data: new Float32Array(6), shape: [2, 3] };
  using binding = session.bind({ x }, { y });
  void binding.run();
  return y.data;
}

describePeer("ort-ffi with a plugin execution provider", await mockEpLibrary(), (built) => {
  const { library, failingAtLoad } = built;
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ engine: "ort-ffi" });
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  type Options = Readonly<Record<string, string>>;
  const open = (
    graph: OnnxGraph,
    name: string,
    options: Options = {},
    more: Partial<SessionOptions> = {},
  ): Promise<EngineSession> =>
    engine.openSession({
      name: graph.name,
      model: onnxModel(graph),
      provider: { name, options, library },
      ...more,
    });

  /** What the counters grew by. */
  const grown = (before: MockEpCounters): MockEpCounters => {
    const after = readMockEpCounters(library);
    const entries = Object.entries(after) as [keyof MockEpCounters, number][];
    return Object.fromEntries(
      entries.map(([name, count]) => [name, count - before[name]]),
    ) as unknown as MockEpCounters;
  };

  test("lists its devices once it is registered, however often", () => {
    const request = { name: mockProvider.device, library };
    const own = (): string[] =>
      engine
        .devices(request)
        .filter((device) => device.type === "cpu")
        .map((device) => device.provider);
    expect(own()).toEqual(expect.arrayContaining([mockProvider.device, mockProvider.host]));
    expect(own()).toHaveLength(new Set(own()).size);
  });

  describe.each(Object.values(mockProvider))("%s", (name) => {
    test("computes what the CPU computes, and its nodes are counted", async () => {
      await using cpu = await open(mixedGraph, "cpu", {}, { provider: { name: "cpu" } });
      await using session = await open(mixedGraph, name);
      expect(session.provider).toBe(name);
      expect(session.assignment).toEqual(
        expect.arrayContaining([
          { provider: name, nodeCount: 3 },
          { provider: "CPUExecutionProvider", nodeCount: 1 },
        ]),
      );
      const before = readMockEpCounters(library);
      const found = runMixed(session);
      expect(grown(before).computedNodes).toBe(3);
      const expected = runMixed(cpu);
      expect(expected[0]).not.toBe(0);
      for (const [index, each] of expected.entries()) expect(found[index]).toBeCloseTo(each, 5);
    });

    test("takes only the operators its options name", async () => {
      await using session = await open(mixedGraph, name, { ops: "MatMul" });
      expect(session.assignment).toContainEqual({ provider: name, nodeCount: 1 });
      const before = readMockEpCounters(library);
      runMixed(session);
      expect(grown(before).computedNodes).toBe(1);
    });

    test("must be whole: a graph with a node for the CPU is refused, another is not", async () => {
      const whole = { mustBeWhole: true };
      await expect(open(mixedGraph, name, {}, whole)).rejects.toThrow(
        error("engine/session", /fallback/i),
      );
      await using session = await open(stepGraph, name, {}, whole);
      expect(session.assignment).toEqual([{ provider: name, nodeCount: 3 }]);
    });

    test("is released with its session", async () => {
      const before = readMockEpCounters(library);
      const session = await open(mixedGraph, name);
      runMixed(session);
      expect(grown(before).openProviders).toBe(1);
      await session[Symbol.asyncDispose]();
      expect(grown(before)).toMatchObject({ openProviders: 0, bytesAllocated: 0 });
    });
  });

  describe("memory of its own", () => {
    test("holds device tensors: what goes up comes down, and copies stay there", async () => {
      await using session = await open(stepGraph, mockProvider.device);
      expect(session.device).toEqual({ name: "Mock device", isHost: false });
      using one = session.createDeviceTensor("float32", [1, 4]);
      using two = session.createDeviceTensor("float32", [2, 4]);
      const before = readMockEpCounters(library);
      one.upload(Float32Array.from([1, 2, 3, 4]));
      expect(grown(before)).toMatchObject({ bytesToDevice: 16, bytesFromDevice: 0 });
      two.copyFrom(one);
      expect(grown(before)).toMatchObject({
        bytesToDevice: 16,
        bytesFromDevice: 0,
        bytesOnDevice: 32,
      });
      const out = new Float32Array(8);
      two.download(out);
      expect(out).toEqual(Float32Array.from([1, 2, 3, 4, 1, 2, 3, 4]));
      expect(grown(before)).toMatchObject({ bytesToDevice: 16, bytesFromDevice: 32 });
    });

    test("a state that stays there costs only the action's and the latent's bytes a step", async () => {
      await using session = await open(stepGraph, mockProvider.device, {}, { mustBeWhole: true });
      const action = { data: Float32Array.from([1]), shape: [1, 1] };
      const latent = { data: new Float32Array(1), shape: [1, 1] };
      using a = session.createDeviceTensor("float32", [1, stateLength]);
      using b = session.createDeviceTensor("float32", [1, stateLength]);
      using there = session.bind({ state: a, action }, { next: b, latent });
      using back = session.bind({ state: b, action }, { next: a, latent });
      const before = readMockEpCounters(library);
      for (let step = 0; step < 10; step++) {
        void (step % 2 === 0 ? there : back).run();
      }
      // 1 + 1/2 + 1/4 + ... over ten steps.
      expect(latent.data[0]).toBeCloseTo(2 - 2 ** -9, 4);
      expect(grown(before)).toMatchObject({ bytesToDevice: 40, bytesFromDevice: 40 });
    });

    test.each([undefined, 0])(
      "what is written into a bound host tensor is what the next run reads (graph %s)",
      async (graphId) => {
        await using session = await open(stepGraph, mockProvider.device);
        using state = session.createDeviceTensor("float32", [1, stateLength]);
        using next = session.createDeviceTensor("float32", [1, stateLength]);
        const action = { data: new Float32Array(1), shape: [1, 1] };
        const latent = { data: new Float32Array(1), shape: [1, 1] };
        const options = graphId === undefined ? {} : { graphId };
        using binding = session.bind({ state, action }, { next, latent }, options);
        for (const each of [1, -2, 3]) {
          action.data[0] = each;
          void binding.run();
          expect(latent.data[0]).toBeCloseTo(each, 4);
        }
      },
    );

    test("a state in host memory crosses at every step, both ways", async () => {
      await using session = await open(stepGraph, mockProvider.device);
      const tensor = (length: number): Tensor => ({
        data: new Float32Array(length),
        shape: [1, length],
      });
      const [state, next] = [tensor(stateLength), tensor(stateLength)];
      const [action, latent] = [tensor(1), tensor(1)];
      using binding = session.bind({ state, action }, { next, latent });
      const before = readMockEpCounters(library);
      void binding.run();
      const bytes = 4 * (stateLength + 1);
      expect(grown(before)).toMatchObject({ bytesToDevice: bytes, bytesFromDevice: bytes });
    });
  });

  describe("told to fail", () => {
    const failing = (
      fail: MockFailure,
      options: Options = {},
      graph = mixedGraph,
    ): Promise<EngineSession> => open(graph, mockProvider.device, { ...options, fail });

    test("at load, is an error with the plugin's words", async () => {
      const provider = { name: mockProvider.device, library: failingAtLoad };
      const opening = open(mixedGraph, mockProvider.device, {}, { provider });
      await expect(opening).rejects.toThrow(error("engine/provider", /told to fail at load/));
    });

    test.each(["create", "compile"] as const)("at %s, refuses the session", async (fail) => {
      const before = readMockEpCounters(library);
      const text = new RegExp(`told to fail in ${fail}`);
      await expect(failing(fail)).rejects.toThrow(error("engine/session", text));
      expect(grown(before)).toMatchObject({ openProviders: 0, bytesAllocated: 0 });
    });

    test("in compute, opens and fails every run", async () => {
      await using session = await failing("compute");
      for (let run = 0; run < 2; run++) {
        expect(() => runMixed(session)).toThrow(error("engine/run", /told to fail in compute/));
      }
    });

    test("in compute after a while, runs until then", async () => {
      await using session = await failing("compute", { after: "7" });
      runMixed(session);
      runMixed(session);
      expect(() => runMixed(session)).toThrow(error("engine/run", /told to fail in compute/));
    });

    test("in numerics, adds one to every result", async () => {
      await using session = await failing("numerics", { ops: "MatMul" });
      await using right = await open(mixedGraph, mockProvider.device);
      const expected = runMixed(right).map((each) => each + 1);
      for (const [index, each] of runMixed(session).entries()) {
        expect(each).toBeCloseTo(expected[index]!, 5);
      }
    });

    test("at the deadline, takes its time over every node", async () => {
      await using session = await failing("deadline", { delay_ms: "40" });
      const beforeMs = performance.now();
      runMixed(session);
      expect(performance.now() - beforeMs).toBeGreaterThanOrEqual(120);
    });

    test("by hanging, stands until it is let go, and then gives way to a terminator", async () => {
      await using session = await failing("hang", {}, stepGraph);
      const tensor = (length: number): Tensor => ({
        data: new Float32Array(length),
        shape: [1, length],
      });
      using binding = session.bind(
        { state: tensor(stateLength), action: tensor(1) },
        { next: tensor(stateLength), latent: tensor(1) },
      );
      const beforeMs = performance.now();
      const rescuer = rescueAfter(300, session.terminateHandle);
      expect(() => binding.run()).toThrow(error("engine/terminated", /terminat/i));
      expect(performance.now() - beforeMs).toBeGreaterThanOrEqual(250);
      await rescuer;
    });

    test("in a way it does not know, refuses the session rather than run", async () => {
      const opening = open(mixedGraph, mockProvider.device, { fail: "sometimes" });
      await expect(opening).rejects.toThrow(error("engine/session", /unknown failure sometimes/));
    });
  });

  /** Asks the run to stop from another thread, then ends the hang: ORT looks between two nodes. */
  async function rescueAfter(delayMs: number, terminateHandle: bigint): Promise<void> {
    const dist = new URL("../../../dist/", import.meta.url).href;
    const code = `
      const { workerData } = require("node:worker_threads");
      const { ort, library, terminateHandle, delayMs, dist } = workerData;
      setTimeout(async () => {
        const { openTerminator } = await import(dist + "models/engine/ort-ffi/terminator.js");
        const { endMockEpHangs } = await import(dist + "test/peers/mock-ep/mock-ep.js");
        openTerminator(ort).terminate(terminateHandle);
        endMockEpHangs(library);
      }, delayMs);`;
    const workerData = { ort: engine.info.library, library, terminateHandle, delayMs, dist };
    const worker = new Worker(code, { eval: true, workerData });
    await new Promise((resolve, reject) => {
      worker.once("exit", resolve);
      worker.once("error", reject);
    });
  }
});
