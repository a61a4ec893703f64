import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../../bridge/contract/engine.ts";
import { errorText } from "../../../bridge/contract/errors.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { migraphxOptions } from "../../../models/engine/ort-ffi/migraphx-options.ts";
import { countingGraph } from "../../fakes/engine-graphs.ts";
import { onnxModel } from "../../fakes/onnx-writer.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;
const builtIn = ["cuda", "tensorrt", "openvino", "cann", "qnn", "migraphx", "webgpu", "xnnpack"];

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ engine: "ort-ffi" });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});
const open = (name: string, options?: Record<string, string>): Promise<unknown> =>
  engine.openSession({
    name: "counting.onnx",
    model: onnxModel(countingGraph(4)),
    provider: { name, ...(options === undefined ? {} : { options }) },
  });

describe("a provider this machine does not have", () => {
  test.each(builtIn)("%s either serves or is engine/provider, at once", async (name) => {
    const startMs = performance.now();
    const error = await open(name).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    expect(error).toEqual(code("engine/provider"));
    expect(errorText(error)).toContain(name);
    // Generous: it takes about a millisecond, and a start may be slower by half a second.
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  test.each(["openvino", "cann", "qnn", "migraphx", "xnnpack"])(
    "%s, not compiled in, names what is",
    async (name) => {
      if (engine.info.providers.includes(name)) return;
      await expect(open(name)).rejects.toThrow(`no provider ${name}; it has `);
      await expect(open(name)).rejects.toThrow(engine.info.providers.join(", "));
    },
  );

  test("cuda, compiled in, names the file that is missing", async () => {
    const outcome = await open("cuda").catch((error: unknown) => String(error));
    if (typeof outcome !== "string") return;
    expect(outcome).toMatch(/libonnxruntime_providers_(cuda|shared)\.so/);
  });
});

describe("options of a provider", () => {
  test("that it does not know are refused in the runtime's words", async () => {
    await expect(open("cuda", { no_such_option: "1" })).rejects.toThrow(code("engine/provider"));
    await expect(open("tensorrt", { trt_nothing: "1" })).rejects.toThrow(code("engine/provider"));
  });

  test("of MIGraphX lie where the struct has them", () => {
    const options = {
      device_id: "3",
      migraphx_fp16_enable: "1",
      migraphx_exhaustive_tune: "1",
      migraphx_save_model_path: "/tmp/saved",
    };
    const { struct, texts } = migraphxOptions(options);
    const view = new DataView(struct.buffer);
    expect(struct).toHaveLength(88);
    expect([view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true)]).toEqual([
      3, 1, 0,
    ]);
    expect(view.getUint8(64)).toBe(1);
    expect(view.getBigUint64(72, true)).toBe(2n ** 64n - 1n);
    expect(view.getBigUint64(40, true)).not.toBe(0n);
    expect(texts.map((text) => Buffer.from(text).toString())).toEqual(["/tmp/saved\0"]);
  });

  test("of MIGraphX that the struct does not have are refused", () => {
    expect(() => migraphxOptions({ migraphx_nothing: "1" })).toThrow(code("engine/provider"));
  });
});
