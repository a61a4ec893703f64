import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine, TensorData } from "../../../bridge/contract/engine.ts";
import { fromHalf, toHalf } from "../../../models/engine/half.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { castGraph } from "../../fakes/engine-graphs.ts";
import { onnxModel } from "../../fakes/onnx-writer.ts";

const elementType = { float32: 1, float16: 10, bfloat16: 16 } as const;

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ engine: "ort-ffi" });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** What ONNX Runtime's Cast makes of it. */
async function castTo<T extends TensorData>(
  from: keyof typeof elementType,
  to: keyof typeof elementType,
  x: TensorData,
  y: T,
): Promise<T> {
  const model = onnxModel(castGraph(elementType[from], elementType[to]));
  await using session = await engine.openSession({ name: "cast", model });
  const shape = [x.length];
  await session.bind({ x: { data: x, shape } }, { y: { data: y, shape } }).run();
  return y;
}

/** Every float32 exponent with fractions about every rounding border of both types. */
function borders(): Float32Array {
  const tails = [0, 1, 0xfff, 0x1000, 0x1001, 0x1fff, 0x2000, 0x2fff, 0x3000, 0x3001, 0x7fff];
  const more = [0x8000, 0x8001, 0x17fff, 0x18000, 0x18001, 0x3ff000, 0x7fe000, 0x7fefff, 0x7ff000];
  const bits: number[] = [];
  for (let exponent = 0; exponent < 255; exponent += 1) {
    for (const tail of [...tails, ...more, 0x7fffff]) {
      bits.push((exponent << 23) | tail, 0x80000000 | (exponent << 23) | tail);
    }
  }
  bits.push(0x7f800000, 0xff800000);
  return new Float32Array(Uint32Array.from(bits).buffer);
}

test.each(["float16", "bfloat16"] as const)(
  "%s bits are those that ONNX Runtime casts to",
  async (type) => {
    const values = borders();
    const expected = await castTo("float32", type, values, new Uint16Array(values.length));
    const found = new Uint16Array(values.length);
    toHalf(type, values, found);
    expect(found).toEqual(expected);
  },
);

test.each(["float16", "bfloat16"] as const)(
  "every one of the 65536 %s patterns reads as ONNX Runtime reads it",
  async (type) => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const expected = await castTo(type, "float32", all, new Float32Array(all.length));
    const found = new Float32Array(all.length);
    fromHalf(type, all, found);
    expect(found).toEqual(expected);
  },
);

test.each(["float16", "bfloat16"] as const)("not-a-number stays not-a-number as %s", (type) => {
  const bits = new Uint16Array(2);
  toHalf(type, [Number.NaN, -Number.NaN], bits);
  const back = new Float32Array(2);
  fromHalf(type, bits, back);
  expect([...back]).toEqual([Number.NaN, Number.NaN]);
});
