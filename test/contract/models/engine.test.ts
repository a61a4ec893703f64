import { expect, test } from "vitest";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { onnxModel } from "../../fakes/onnx-writer.ts";
import { observeGraph } from "../../fakes/tiny-package.ts";
import { describeEngineContract } from "./engine-contract.ts";

describeEngineContract("ort-ffi", () => openEngine({ engine: "ort-ffi" }));
describeEngineContract("ort-node", () => openEngine({ engine: "ort-node" }));

test.each([
  ["ort-ffi", "before run returns", true],
  ["ort-node", "when the promise resolves", false],
] as const)("%s has the outputs %s", async (kind, _, isSync) => {
  await using engine = await openEngine({ engine: kind });
  const session = await engine.openSession({ name: "o", model: onnxModel(observeGraph) });
  const stateOut = new Float32Array(5);
  const binding = session.bind(
    {
      proprio: { data: new Float32Array(12), shape: [1, 12] },
      action: { data: new Float32Array(4), shape: [1, 4] },
      state_in: { data: new Float32Array(5), shape: [1, 5] },
    },
    { state_out: { data: stateOut, shape: [1, 5] } },
  );
  const pending = binding.run();
  expect(pending === undefined).toBe(isSync);
  expect(stateOut[4]).toBe(isSync ? 1 : 0);
  await pending;
  expect(stateOut[4]).toBe(1);
});
