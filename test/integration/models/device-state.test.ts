import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  DeviceTensor,
  Engine,
  EngineSession,
  TensorData,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import type { ModelPackage } from "../../../models/package/load-package.ts";
import { openProgram } from "../../../models/programs/open-program.ts";
import type { Program } from "../../../models/programs/program.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";
import { observationAt } from "../../contract/models/world-model-contract.ts";
import {
  loadContents,
  spikingObserveGraph,
  tinyContents,
  tinyGolden,
  type Json,
} from "../../fakes/tiny-package.ts";
import { repeatContents } from "../../fakes/tiny-repeat-package.ts";
import { seeingContents } from "../../fakes/tiny-seeing-package.ts";

/** What went over the border between host and device. */
interface Traffic {
  uploads: number;
  downloads: number;
  deviceCopies: number;
  tensors: number;
}

/**
 * ONNX Runtime on the CPU, whose sessions say that their device is another place than the host, each
 * graph's as `deviceOf` names it. Tensors on it are real; crossings are counted.
 */
function engineWithDevice(
  engine: Engine,
  traffic: Traffic,
  deviceOf: (graph: string) => string | undefined,
): Engine {
  return {
    info: engine.info,
    devices: (request) => engine.devices(request),
    openSession: async (options) => {
      const session = await engine.openSession(options);
      const name = deviceOf(options.name);
      return name === undefined ? session : withDevice(session, name, traffic);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function withDevice(session: EngineSession, name: string, traffic: Traffic): EngineSession {
  return new Proxy(session, {
    get: (target, key) => {
      if (key === "device") return { name, isHost: false };
      if (key === "createDeviceTensor" && name === "full") {
        return () => {
          throw new BridgeError(ErrorCode.EngineDevice, "nothing is left on this device");
        };
      }
      if (key === "createDeviceTensor") {
        return (...args: Parameters<EngineSession["createDeviceTensor"]>) => {
          traffic.tensors += 1;
          return counted(target.createDeviceTensor(...args), traffic);
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Counts on the tensor itself: a session binds no object but those it made. */
function counted(tensor: DeviceTensor, traffic: Traffic): DeviceTensor {
  const upload = tensor.upload.bind(tensor);
  const download = tensor.download.bind(tensor);
  const copyFrom = tensor.copyFrom.bind(tensor);
  return Object.assign(tensor, {
    upload: (data: TensorData) => {
      traffic.uploads += 1;
      upload(data);
    },
    download: (out: TensorData) => {
      traffic.downloads += 1;
      download(out);
    },
    copyFrom: (other: DeviceTensor) => {
      traffic.deviceCopies += 1;
      copyFrom(other);
    },
  });
}

async function observe(program: Program, t: number): Promise<void> {
  for (const stream of program.streams) {
    (stream.tensor.data as Float32Array).fill(0.1 * t);
    stream.hasFrame = true;
  }
  const q = [0.1, 0.2, -0.1, 0].map((value) => value + 0.05 * t);
  await program.observe(
    [...q, ...Array<number>(8).fill(0)],
    q.map((value) => value + 0.1),
  );
}

const size = { candidateCount: 3, horizonSteps: 4 };
const actions = Float32Array.from({ length: 48 }, (_, i) => 0.02 * i);
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ engine: "ort-ffi" });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

describe.each([
  ["a rollout graph", tinyContents, 4],
  ["a repeated step", repeatContents, 4],
  ["encode, step and decode", seeingContents, 4],
] as const)("the state of %s", (_, contents, tensorsAtLeast) => {
  let pack: ModelPackage;
  beforeAll(async () => {
    pack = await loadContents(contents());
  });

  async function play(program: Program): Promise<unknown> {
    for (let t = 0; t < 5; t += 1) await observe(program, t);
    const first = await program.predict(actions, size);
    await observe(program, 5);
    const kept = program.snapshot();
    await observe(program, 6);
    program.restore(kept);
    return [first, await program.predict(actions, size), program.snapshot()];
  }

  test("stays on a device that is not the host, and predicts the same", async () => {
    const traffic: Traffic = { uploads: 0, downloads: 0, deviceCopies: 0, tensors: 0 };
    const onDevice = engineWithDevice(engine, traffic, () => "fake:0");
    await using program = await openProgram(onDevice, pack);
    await using plain = await openProgram(engine, pack);
    expect(await play(program)).toEqual(await play(plain));
    expect(traffic.tensors).toBeGreaterThanOrEqual(tensorsAtLeast);
    Object.assign(traffic, { uploads: 0, downloads: 0, deviceCopies: 0 });
    await observe(program, 7);
    await program.predict(actions, size);
    expect(traffic).toMatchObject({ uploads: 0, downloads: 0, deviceCopies: 1 });
  });

  test("passes through the host where graphs lie on different devices", async () => {
    const traffic: Traffic = { uploads: 0, downloads: 0, deviceCopies: 0, tensors: 0 };
    const split = engineWithDevice(engine, traffic, (graph) =>
      graph.includes("observe") ? "fake:0" : "fake:1",
    );
    await using program = await openProgram(split, pack);
    await using plain = await openProgram(engine, pack);
    expect(await play(program)).toEqual(await play(plain));
  });

  test("stays on the host where the device has no place for it", async () => {
    const traffic: Traffic = { uploads: 0, downloads: 0, deviceCopies: 0, tensors: 0 };
    const full = engineWithDevice(engine, traffic, () => "full");
    await using program = await openProgram(full, pack);
    await using plain = await openProgram(engine, pack);
    expect(await play(program)).toEqual(await play(plain));
    expect(traffic.tensors).toBe(0);
  });
});

test("a state that went bad on its device shows in a prediction, and is forgotten", async () => {
  const golden = { ...tinyGolden() };
  golden["observations"] = (golden["observations"] as unknown[]).slice(0, 3);
  const manifest = (json: Json): Json => ({ ...json, verify: { golden: "golden.json", atol: 10 } });
  const pack = await loadContents(tinyContents({ observe: spikingObserveGraph, golden, manifest }));
  const traffic: Traffic = { uploads: 0, downloads: 0, deviceCopies: 0, tensors: 0 };
  const onDevice = engineWithDevice(engine, traffic, () => "fake:0");
  await using model = await OnnxWorldModel.open({ engine: onDevice, pack });
  const request = { actionsRad: new Float32Array(8), candidateCount: 1, horizonSteps: 2 };
  // Nobody fetches the state to look at it, so the fourth observation is taken.
  for (let t = 0; t < 4; t += 1) await model.observe(observationAt(t));
  await expect(model.predict(request)).rejects.toThrow(
    expect.objectContaining({ code: "model/output" }),
  );
  expect(model.resetCount).toBe(1);
  await model.observe(observationAt(4));
  expect((await model.predict(request)).stateSequence).toBe(1);
});
