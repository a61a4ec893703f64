import { expect, test } from "vitest";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { reportPackage } from "../../../models/inspect/package-report.ts";
import { sigmasOf, type Sampler } from "../../../models/package/samplers.ts";
import { openProgram } from "../../../models/programs/open-program.ts";
import { loadContents } from "../../fakes/tiny-package.ts";
import { wamContents } from "../../fakes/wam-manifest.ts";

const common = { graph: "g", var: "x", time: "t", time_scale: 1000, clamp: {}, cfg: null } as const;
const euler = (steps: number, shift: number): Sampler => ({
  ...common,
  kind: "flow_euler",
  steps,
  shift,
  init: "gaussian",
  output: "velocity",
});
const dmd: Sampler = {
  ...common,
  kind: "flow_dmd",
  timesteps: [1000, 800, 500, 100],
  shift: { kind: "exp_tokens", base: [256, 0.5], max: [8192, 0.9], mul: "sqrt_T" },
  init: "gaussian",
  output: "x0",
  renoise: "fixed_seed",
};

test.each([
  [4, 1, [1, 0.75, 0.5, 0.25]],
  // shift * s / (1 + (shift - 1) s) by hand
  [2, 5, [1, 2.5 / 3]],
])("%i Euler steps with shift %d visit %j", (steps, shift, expected) => {
  for (const [i, sigma] of sigmasOf(euler(steps, shift))!.entries())
    expect(sigma).toBeCloseTo(expected[i]!, 12);
});

// 480x640, 81 frames of the released distilled model: latent [16, 21, 60, 80], patches of 2x2.
test("the distilled video sampler visits the published levels at 480x640x81", () => {
  const sigmas = sigmasOf(dmd, { tokensPerFrame: 30 * 40, frameCount: 21 })!;
  for (const [i, expected] of [1.0, 0.969, 0.888, 0.468].entries())
    expect(sigmas[i]).toBeCloseTo(expected, 3);
  expect(sigmasOf(dmd)).toBeUndefined();
});

test("a diffusion package is read and described, and running it is refused by name", async () => {
  const pack = await loadContents(wamContents());
  const summary = reportPackage(pack);
  expect(summary).toMatchObject({ family: "diffusion-wam", actionConditioned: false });
  expect(summary.graphs.map((graph) => graph.name)).toContain("action_denoise");
  expect(summary.samplers).toMatchObject([
    { name: "action", kind: "flow_euler", stepCount: 10 },
    { name: "video", kind: "flow_dmd", stepCount: 4 },
  ]);
  expect(summary.samplers[1]!.sigmas![3]).toBeCloseTo(0.468, 3);
  expect(summary.caches).toEqual([
    { name: "text_context", graph: "text_encoder", key: "sha256(prompt)" },
  ]);
  expect(summary.states).toMatchObject([
    { name: "kv", type: "float16", shape: [24, 2, 480, 2560], lifetime: "request" },
  ]);
  await using engine = await openEngine();
  await expect(openProgram(engine, pack)).rejects.toThrow(
    expect.objectContaining({ code: "model/unsupported" }),
  );
  await expect(openProgram(engine, pack)).rejects.toThrow(/samplers are not implemented/);
});
