import { describe, expect, test } from "vitest";
import { initialState } from "../../../models/programs/initial-states.ts";
import { sessionOptions } from "../../../models/programs/open-graphs.ts";
import { toleranceOf } from "../../../models/verify-package.ts";
import type { ModelPackage } from "../../../models/package/load-package.ts";
import type { State } from "../../../models/package/graph-schema.ts";
import {
  listFiles,
  loadContents,
  tinyContents,
  tinyManifest,
  withManifest,
  without,
  type Contents,
  type Json,
} from "../../fakes/tiny-package.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function packageWith(
  files: Contents,
  observe: Json,
  others: Json = {},
): Promise<ModelPackage> {
  const tiny = without(tinyContents(), "manifest.json");
  const contents = { ...tiny, ...files };
  const base = tinyManifest(contents);
  const graphs = base["graphs"] as Record<string, Json>;
  return await loadContents(
    withManifest(contents, {
      ...base,
      ...others,
      files: listFiles(contents),
      graphs: { ...graphs, observe: { ...graphs["observe"], ...observe } },
    }),
  );
}

describe("a session of a package's graph", () => {
  test.each([
    ["1.30.0", "native"],
    ["1.25.1", "native"],
    ["1.25.0", "observe"],
    ["1.9.9", "observe"],
  ])("with ONNX Runtime %s is of the %s graph where the twin needs 1.25.1", async (ort, used) => {
    const twin = { file: "graphs/native.onnx", ort: ">=1.25.1", external_data: ["graphs/w.bin"] };
    const files = { "graphs/native.onnx": bytes("native"), "graphs/w.bin": bytes("w") };
    const pack = await packageWith(files, { providers: { cpu: twin } });
    for (const provider of [undefined, { name: "cpu" }]) {
      const options = sessionOptions(pack, "observe", provider, ort);
      expect(options.name).toBe(`graphs/${used}.onnx`);
      expect([...(options.externalData?.keys() ?? [])]).toEqual(used === "native" ? ["w.bin"] : []);
    }
  });

  test("that the CPU serves in a provider's place is of the CPU's twin", async () => {
    const providers = { cuda: { use: false }, cpu: { file: "graphs/native.onnx" } };
    const pack = await packageWith({ "graphs/native.onnx": bytes("native") }, { providers });
    const options = sessionOptions(pack, "observe", { name: "cuda" });
    expect(options.name).toBe("graphs/native.onnx");
    expect(options).not.toHaveProperty("provider");
  });

  test("gets its data files under the names the graph has for them", async () => {
    const files = { "graphs/observe.data": bytes("one"), "weights/shared.bin": bytes("two") };
    const pack = await packageWith(files, { external_data: Object.keys(files) });
    const { externalData } = sessionOptions(pack, "observe");
    expect([...externalData!.keys()]).toEqual(["observe.data", "../weights/shared.bin"]);
    expect(Buffer.from(externalData!.get("observe.data")!).toString()).toBe("one");
    expect(sessionOptions(pack, "rollout")).not.toHaveProperty("externalData");
  });

  test("is of the package's twin for the provider, tuned by both, the operator's word last", async () => {
    const hints = {
      tensorrt: {
        file: "graphs/plain.onnx",
        options: { trt_fp16_enable: "1", trt_builder_optimization_level: "3" },
      },
      openvino: { use: false },
    };
    const pack = await packageWith({ "graphs/plain.onnx": bytes("twin") }, { providers: hints });
    const options = { trt_builder_optimization_level: "5", device_id: "0" };
    const tensorrt = sessionOptions(pack, "observe", { name: "tensorrt", options });
    expect(tensorrt.name).toBe("graphs/plain.onnx");
    expect(Buffer.from(tensorrt.model).toString()).toBe("twin");
    expect(tensorrt.provider).toEqual({
      name: "tensorrt",
      options: { trt_fp16_enable: "1", trt_builder_optimization_level: "5", device_id: "0" },
    });
    expect(sessionOptions(pack, "observe", { name: "cuda" })).toMatchObject({
      name: "graphs/observe.onnx",
      provider: { name: "cuda" },
    });
    expect(sessionOptions(pack, "observe", { name: "openvino" })).not.toHaveProperty("provider");
    expect(() => sessionOptions(pack, "toString")).toThrow(
      expect.objectContaining({ code: "model/missing" }),
    );
  });
});

test.each([
  ["cpu", 1e-4],
  ["cuda", 0.02],
  ["toString", 0.5],
])("on %s a package may differ by what it says: %d", async (provider, expected) => {
  const atol = { cpu: 1e-4, cuda: 0.02, default: 0.5 };
  const pack = await packageWith({}, {}, { verify: { golden: "golden.json", atol } });
  expect(toleranceOf(pack, provider)).toBe(expected);
});

describe("what a state starts from", () => {
  const state = (changes: Partial<State>): State => ({
    name: "core",
    kind: "carried",
    dtype: "float32",
    shape: [1, 5],
    init: "zeros",
    lifetime: "trajectory",
    commit: "on_success",
    snapshot: true,
    aliasing: "double_buffer",
    ...changes,
  });
  const content = Buffer.from(Float32Array.of(1, 2, 3, 4, 5).buffer);

  test.each([
    ["zeros", { init: "zeros" as const }, Float32Array.of(0, 0, 0, 0, 0)],
    ["values", { init: { values: [1, 2, 3, 4, 5] } }, Float32Array.of(1, 2, 3, 4, 5)],
    ["a file", { init: { file: "state.bin" } }, Float32Array.of(1, 2, 3, 4, 5)],
    [
      "values in half precision",
      { dtype: "float16" as const, init: { values: [0, 1, -2, 0.5, 65504] } },
      Uint16Array.of(0, 0x3c00, 0xc000, 0x3800, 0x7bff),
    ],
    [
      "whole numbers",
      { dtype: "int64" as const, init: { values: [1, -2, 3, 0, 7] } },
      BigInt64Array.of(1n, -2n, 3n, 0n, 7n),
    ],
  ])("is %s", async (_, changes, expected) => {
    const pack = await packageWith({ "state.bin": content }, {});
    expect(initialState(pack, state(changes))).toEqual(expected);
  });

  test("is refused from a file of another length", async () => {
    const pack = await packageWith({ "state.bin": content }, {});
    const wider = state({ shape: [1, 6], init: { file: "state.bin" } });
    expect(() => initialState(pack, wider)).toThrow(
      expect.objectContaining({ code: "model/shape" }),
    );
  });
});
