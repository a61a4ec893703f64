import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine, EngineSession, ProviderRequest } from "../../../bridge/contract/engine.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { OrtApi } from "../../../models/engine/ort-ffi/ort-api.ts";
import { OrtFfiEngine } from "../../../models/engine/ort-ffi/ort-ffi-engine.ts";
import { elementTypes } from "../../../models/engine/tensors.ts";
import { countingGraph } from "../../fakes/engine-graphs.ts";
import { onnxModel, type OnnxGraph } from "../../fakes/onnx-writer.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { mockEpLibrary, mockProvider, readMockEpCounters } from "../../peers/mock-ep/mock-ep.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;
const width = 256;

/** Two nodes the plugin takes and one it does not know. */
const mixedGraph: OnnxGraph = {
  name: "mixed",
  inputs: [{ name: "x", shape: [4] }],
  outputs: [{ name: "y", shape: [4] }],
  nodes: [
    { op: "Add", inputs: ["x", "x"], outputs: ["two"] },
    { op: "Neg", inputs: ["two"], outputs: ["minus"] },
    { op: "Mul", inputs: ["minus", "x"], outputs: ["y"] },
  ],
};

describePeer("a plugin execution provider", await mockEpLibrary(), (libraries) => {
  const { library } = libraries;
  const device: ProviderRequest = { name: mockProvider.device, library };
  const host: ProviderRequest = { name: mockProvider.host, library };
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ engine: "ort-ffi" });
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  const openCounting = (provider: ProviderRequest): Promise<EngineSession> =>
    engine.openSession({ name: "counting", model: onnxModel(countingGraph(width)), provider });

  test("is registered once and listed with its devices", () => {
    const before = engine.devices(device).map((each) => each.provider);
    expect(before).toEqual(
      expect.arrayContaining(["CPUExecutionProvider", ...Object.values(mockProvider)]),
    );
    expect(engine.devices(device).map((each) => each.provider)).toEqual(before);
  });

  test("serves a graph alone, and the session says so", async () => {
    await using session = await openCounting(device);
    expect(session.provider).toBe(mockProvider.device);
    expect(session.assignment).toEqual([{ provider: mockProvider.device, nodeCount: 1 }]);
    expect(session.device.isHost).toBe(false);
  });

  test("leaves to the CPU what it does not take, and the counts show it", async () => {
    const model = onnxModel(mixedGraph);
    await using session = await engine.openSession({ name: "mixed", model, provider: host });
    const counts = new Map(session.assignment?.map((each) => [each.provider, each.nodeCount]));
    expect(counts.get(mockProvider.host)).toBe(2);
    expect(counts.get("CPUExecutionProvider")).toBe(1);
    const y = new Float32Array(4);
    const x = Float32Array.of(1, 2, 3, 4);
    void session.bind({ x: { data: x, shape: [4] } }, { y: { data: y, shape: [4] } }).run();
    expect([...y]).toEqual([-2, -8, -18, -32]);
  });

  test("refuses a graph that must be whole and is not", async () => {
    const model = onnxModel(mixedGraph);
    const options = { name: "mixed.onnx", model, provider: host, mustBeWhole: true };
    await expect(engine.openSession(options)).rejects.toThrow(code("engine/session"));
    await expect(engine.openSession(options)).rejects.toThrow(/mixed\.onnx.*fallback/is);
    const whole = { ...options, name: "whole", model: onnxModel(countingGraph(4)) };
    await (await engine.openSession(whole))[Symbol.asyncDispose]();
  });

  test("keeps a state on its device: nothing crosses but what is read at the end", async () => {
    await using session = await openCounting(device);
    using even = session.createDeviceTensor("float32", [1, width]);
    using odd = session.createDeviceTensor("float32", [1, width]);
    using forth = session.bind({ x: even }, { y: odd });
    using back = session.bind({ x: odd }, { y: even });
    const before = readMockEpCounters(library);
    for (let turn = 0; turn < 100; turn += 1) void (turn % 2 === 0 ? forth : back).run();
    const after = readMockEpCounters(library);
    expect(after.bytesToDevice - before.bytesToDevice).toBe(0);
    expect(after.bytesFromDevice - before.bytesFromDevice).toBe(0);
    const state = new Float32Array(width);
    even.download(state);
    expect(new Set(state)).toEqual(new Set([100]));
    expect(readMockEpCounters(library).bytesFromDevice - after.bytesFromDevice).toBe(4 * width);
  });

  test("takes a host-bound state across and back at every step", async () => {
    await using session = await openCounting(device);
    const shape = [1, width];
    const [even, odd] = [new Float32Array(width), new Float32Array(width)];
    using forth = session.bind({ x: { data: even, shape } }, { y: { data: odd, shape } });
    using back = session.bind({ x: { data: odd, shape } }, { y: { data: even, shape } });
    const before = readMockEpCounters(library);
    for (let turn = 0; turn < 100; turn += 1) void (turn % 2 === 0 ? forth : back).run();
    const after = readMockEpCounters(library);
    expect(new Set(even)).toEqual(new Set([100]));
    expect(after.bytesToDevice - before.bytesToDevice).toBe(100 * 4 * width);
    expect(after.bytesFromDevice - before.bytesFromDevice).toBe(100 * 4 * width);
  });

  test("stages host tensors of a captured graph in fixed device memory", async () => {
    await using session = await openCounting(device);
    const shape = [1, width];
    const [x, y] = [new Float32Array(width), new Float32Array(width)];
    const before = readMockEpCounters(library).bytesAllocated;
    const tensors = [{ x: { data: x, shape } }, { y: { data: y, shape } }] as const;
    const binding = session.bind(...tensors, { graphId: 0 });
    const bound = readMockEpCounters(library).bytesAllocated;
    expect(bound - before).toBeGreaterThanOrEqual(2 * 4 * width);
    for (const value of [3, -1, 8]) {
      x.fill(value);
      void binding.run();
      expect(new Set(y)).toEqual(new Set([value + 1]));
    }
    binding[Symbol.dispose]();
    expect(readMockEpCounters(library).bytesAllocated).toBeLessThan(bound);
  });

  test("reads a state on its device where the graph wants it on the host", async () => {
    const negate: OnnxGraph = {
      name: "negate",
      inputs: [{ name: "x", shape: [4] }],
      outputs: [{ name: "y", shape: [4] }],
      nodes: [{ op: "Neg", inputs: ["x"], outputs: ["y"] }],
    };
    const model = onnxModel(negate);
    await using session = await engine.openSession({ name: "negate", model, provider: device });
    using even = session.createDeviceTensor("float32", [4]);
    using odd = session.createDeviceTensor("float32", [4]);
    even.upload(Float32Array.of(1, 2, 3, 4));
    using forth = session.bind({ x: even }, { y: odd });
    using back = session.bind({ x: odd }, { y: even });
    const found = new Float32Array(4);
    void forth.run();
    odd.download(found);
    expect([...found]).toEqual([-1, -2, -3, -4]);
    void back.run();
    even.download(found);
    expect([...found]).toEqual([1, 2, 3, 4]);
  });

  test("repeats a state over a batch without leaving its device", async () => {
    await using session = await openCounting(device);
    using one = session.createDeviceTensor("float32", [1, width]);
    using batch = session.createDeviceTensor("float32", [8, width]);
    const row = Float32Array.from({ length: width }, (_, i) => i / 7);
    one.upload(row);
    const before = readMockEpCounters(library);
    for (let round = 0; round < 3; round += 1) batch.copyFrom(one);
    const after = readMockEpCounters(library);
    expect(after.bytesOnDevice - before.bytesOnDevice).toBe(3 * 8 * 4 * width);
    expect(after.bytesToDevice - before.bytesToDevice).toBe(0);
    const y = new Float32Array(8 * width);
    void session.bind({ x: batch }, { y: { data: y, shape: [8, width] } }).run();
    for (let candidate = 0; candidate < 8; candidate += 1) {
      const found = y.subarray(candidate * width, (candidate + 1) * width);
      expect(found).toEqual(row.map((value) => value + 1));
    }
  });

  test.each(["float32", "float16", "int32", "bool"] as const)(
    "copies %s through a session of its own where the library has no CopyTensors",
    async (type) => {
      const api = OrtApi.load(engine.info.library);
      const functions = { ...api.functions, CopyTensors: undefined };
      const older = Object.create(api, { functions: { value: functions } }) as OrtApi;
      await using other = OrtFfiEngine.over(older, "npm package");
      await using session = await other.openSession({
        name: "counting",
        model: onnxModel(countingGraph(width)),
        provider: device,
      });
      const { array } = elementTypes[type];
      const data = new array(4);
      data.set([1, 0, 1, 1] as never);
      using one = session.createDeviceTensor(type, [1, 4]);
      using batch = session.createDeviceTensor(type, [3, 4]);
      one.upload(data);
      batch.copyFrom(one);
      const found = new array(12);
      batch.download(found);
      expect([...found]).toEqual([1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1]);
    },
  );

  test("frees its memory and its providers when sessions go", async () => {
    const before = readMockEpCounters(library);
    for (let round = 0; round < 5; round += 1) {
      await using session = await openCounting(device);
      const one = session.createDeviceTensor("float32", [1, width]);
      const batch = session.createDeviceTensor("float32", [4, width]);
      batch.copyFrom(one);
      void session.bind({ x: one }, { y: session.createDeviceTensor("float32", [1, width]) }).run();
    }
    const after = readMockEpCounters(library);
    expect(after.bytesAllocated).toBe(before.bytesAllocated);
    expect(after.openProviders).toBe(before.openProviders);
  });

  test("a device tensor is refused by another engine's session, and when it is gone", async () => {
    await using session = await openCounting(device);
    const cpu = await engine.openSession({ name: "c", model: onnxModel(countingGraph(width)) });
    const tensor = session.createDeviceTensor("float32", [1, width]);
    const onHost = cpu.createDeviceTensor("float32", [1, width]);
    expect(() => {
      tensor.copyFrom(onHost);
    }).toThrow(code("engine/device"));
    expect(() => {
      onHost.copyFrom(tensor);
    }).toThrow(code("engine/device"));
    tensor[Symbol.dispose]();
    tensor[Symbol.dispose]();
    expect(() => {
      tensor.upload(new Float32Array(width));
    }).toThrow(code("model/closed"));
    expect(() => session.bind({ x: tensor }, { y: onHost })).toThrow(code("model/closed"));
  });

  test.each([
    ["create", "engine/session"],
    ["compile", "engine/session"],
  ])("that fails at %s makes no session, in its own words", async (fail, expected) => {
    const opening = openCounting({ ...device, options: { fail } });
    await expect(opening).rejects.toThrow(code(expected));
    await expect(opening).rejects.toThrow(/counting.*mock/is);
  });

  test("that fails in a run is reported, and the session can be closed", async () => {
    const options = { fail: "compute", after: "1" };
    await using session = await openCounting({ ...device, options });
    using state = session.createDeviceTensor("float32", [1, width]);
    using next = session.createDeviceTensor("float32", [1, width]);
    using binding = session.bind({ x: state }, { y: next });
    void binding.run();
    expect(() => binding.run()).toThrow(code("engine/run"));
  });

  test.each([
    ["that refuses to load", () => ({ name: "MockEP", library: libraries.failingAtLoad })],
    ["that does not exist", () => ({ name: "MockEP", library: "/nonexistent/libplugin.so" })],
    ["that is no plugin", () => ({ name: "MockEP", library: engine.info.library })],
  ])("a library %s is engine/provider, with its path", async (_, request) => {
    const opening = openCounting(request());
    await expect(opening).rejects.toThrow(code("engine/provider"));
    await expect(opening).rejects.toThrow(request().library.split("/").at(-1));
  });

  test("a name that its library does not have is engine/provider, with those it has", async () => {
    const opening = openCounting({ name: "OtherEP", library });
    await expect(opening).rejects.toThrow(code("engine/provider"));
    await expect(opening).rejects.toThrow(/OtherEP.*MockEP/);
  });
});
