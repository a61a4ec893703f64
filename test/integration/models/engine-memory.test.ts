import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const dist = new URL("../../../dist/", import.meta.url).href;

/** Opens the tiny observe graph on ort-ffi in a process whose collector can be called, then runs `body`. */
async function runWithCollector(body: string): Promise<string> {
  const script = `
    const { openEngine } = await import("${dist}models/engine/open-engine.js");
    const { onnxModel } = await import("${dist}test/fakes/onnx-writer.js");
    const { observeGraph } = await import("${dist}test/fakes/tiny-package.js");
    const engine = await openEngine({ engine: "ort-ffi" });
    const session = await engine.openSession({ name: "observe", model: onnxModel(observeGraph) });
    const tensor = (width) => ({ data: new Float32Array(width), shape: [1, width] });
    const makeBinding = () => session.bind(
      { proprio: tensor(12), action: tensor(4), state_in: tensor(5) }, { state_out: tensor(5) });
    const binding = makeBinding();
    ${body}`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", "--input-type=module", "--eval", script],
    { env: { PATH: process.env["PATH"] } },
  );
  return stdout.trim();
}

test("a library stays loaded when everything that could be collected has been", async () => {
  const body = `
    for (let round = 0; round < 5; round += 1) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
      binding.run();
    }
    process.stdout.write("alive");`;
  expect(await runWithCollector(body)).toBe("alive");
});

test("a run allocates nothing", async () => {
  // The smallest object takes 16 bytes; what is left is the measurement itself.
  const body = `
    const runs = 20000;
    let bytesPerRun = Infinity;
    for (let round = 0; round < 5; round += 1) {
      gc();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < runs; i += 1) binding.run();
      bytesPerRun = Math.min(bytesPerRun, (process.memoryUsage().heapUsed - before) / runs);
    }
    process.stdout.write(String(bytesPerRun));`;
  expect(Number(await runWithCollector(body))).toBeLessThan(16);
});

test("bindings made and disposed again and again leave the process its size", async () => {
  const body = `
    const cycle = () => {
      for (let i = 0; i < 5000; i += 1) makeBinding()[Symbol.dispose]();
      gc();
      return process.memoryUsage().rss / 2 ** 20;
    };
    cycle();
    const before = cycle();
    cycle();
    process.stdout.write(String(cycle() - before));`;
  expect(Number(await runWithCollector(body))).toBeLessThan(10);
});
