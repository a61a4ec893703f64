import { describe, expect, test } from "vitest";
import { BridgeError } from "../../../bridge/contract/errors.ts";
import { parseManifest } from "../../../models/package/manifest.ts";
import { jepaContents } from "../../fakes/tiny-jepa-package.ts";
import { sealed, tinyContents, type Contents, type Json } from "../../fakes/tiny-package.ts";
import { repeatContents } from "../../fakes/tiny-repeat-package.ts";
import { seeingContents } from "../../fakes/tiny-seeing-package.ts";
import { wamContents } from "../../fakes/wam-manifest.ts";

const textOf = (contents: Contents): string => Buffer.from(contents["manifest.json"]!).toString();

/** The manifest with the value at a path replaced, or removed when undefined. */
function changed(contents: Contents, path: string, value: unknown): string {
  const manifest = JSON.parse(textOf(contents)) as Json;
  const keys = path.split("/");
  const last = keys.pop()!;
  let parent = manifest;
  for (const key of keys) parent = parent[key] as Json;
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return JSON.stringify(manifest);
}

function problemsOf(text: string): BridgeError {
  try {
    parseManifest(text, "manifest.json");
  } catch (error) {
    if (error instanceof BridgeError) return error;
    throw error;
  }
  throw new Error("the manifest was accepted");
}

const families = {
  whole: tinyContents(),
  repeat: repeatContents(),
  seeing: seeingContents(),
  jepa: jepaContents(),
  wam: wamContents(),
} as const;

test.each(Object.entries(families))("the manifest of the %s package is accepted", (_, contents) => {
  expect(() => parseManifest(textOf(contents), "manifest.json")).not.toThrow();
});

const rows = (length: number): number[] => Array<number>(length).fill(1);
type Case = readonly [string, keyof typeof families, string, unknown, string];
const cases: readonly Case[] = [
  // Graphs and what providers are told
  [
    "an external file that is not listed",
    "whole",
    "graphs/observe/external_data",
    ["w.bin"],
    "graphs.observe.external_data.0",
  ],
  [
    "a twin that is not listed",
    "whole",
    "graphs/observe/providers",
    { tensorrt: { file: "x.onnx" } },
    "graphs.observe.providers.tensorrt.file",
  ],
  [
    "a provider option that names a path",
    "whole",
    "graphs/observe/providers",
    { tensorrt: { options: { trt_engine_cache_path: "x" } } },
    "graphs.observe.providers.tensorrt.options.trt_engine_cache_path",
  ],
  [
    "a provider option with a path in it",
    "whole",
    "graphs/observe/providers",
    { tensorrt: { options: { trt_op: "/etc" } } },
    "graphs.observe.providers.tensorrt.options.trt_op",
  ],
  [
    "a profile of no input",
    "whole",
    "graphs/rollout/profile",
    { x: { min: [1], opt: [1], max: [1] } },
    "graphs.rollout.profile.x",
  ],
  [
    "a profile that shrinks",
    "whole",
    "graphs/rollout/profile",
    { state: { min: [4, 5], opt: [1, 5], max: [8, 5] } },
    "graphs.rollout.profile.state",
  ],
  [
    "a graph that nothing runs",
    "whole",
    "graphs/other",
    { file: "graphs/observe.onnx", in: {}, out: {} },
    "graphs.other",
  ],
  ["a program of no graph", "whole", "programs/predict/run", "dream", "programs.predict.run"],
  ["a tolerance for some providers only", "whole", "verify/atol", { cuda: 1 }, "verify.atol"],
  // States
  [
    "a state from a file that is not listed",
    "whole",
    "states/0/init",
    { file: "state.bin" },
    "states.0.init.file",
  ],
  [
    "a state from too few values",
    "whole",
    "states/0/init",
    { values: [1, 2] },
    "states.0.init.values",
  ],
  ["a state too large to hold", "whole", "states/0/shape", [1, 2 ** 31], "states.0.shape"],
  ["a state that nothing writes", "whole", "graphs/observe/out", {}, "programs.observe"],
  // Wiring
  [
    "a picture of no stream",
    "seeing",
    "graphs/encode/in/image",
    "stream:cam1",
    "graphs.encode.in.image",
  ],
  [
    "a run that waits for no stream",
    "seeing",
    "programs/observe/0/when",
    "has_frame:cam1",
    "programs.observe.0.when",
  ],
  [
    "a latent read before it is made",
    "seeing",
    "programs/observe",
    [{ run: "step" }, { run: "encode" }],
    "graphs.step.in.z",
  ],
  [
    "nothing fed for its has_frame",
    "seeing",
    "programs/predict/feed",
    { "latent.cur": "pred.latent.mean", "proprio.cur": "pred.proprio.mean" },
    "programs.predict.feed",
  ],
  [
    "nothing fed for its frame_age",
    "seeing",
    "graphs/step/in/seen",
    "frame_age:cam0",
    "programs.predict.feed",
  ],
  [
    "the age of no stream's picture",
    "seeing",
    "graphs/step/in/seen",
    "frame_age:cam1",
    "graphs.step.in.seen",
  ],
  [
    "an oldest version for no twin",
    "whole",
    "graphs/observe/providers",
    { cpu: { ort: ">=1.25.1" } },
    "graphs.observe.providers.cpu.ort",
  ],
  [
    "an oldest version that is none",
    "whole",
    "graphs/observe/providers",
    { cpu: { file: "rollout.onnx", ort: "1.25.1" } },
    "graphs.observe.providers.cpu.ort",
  ],
  [
    "a feed of what it does not read",
    "seeing",
    "programs/predict/feed/goal.cur",
    "pred.latent.mean",
    "programs.predict.feed.goal.cur",
  ],
  [
    "a feed of what it does not make",
    "seeing",
    "programs/predict/feed/latent.cur",
    "pred.latent.std",
    "programs.predict.feed.latent.cur",
  ],
  [
    "joints fed with a latent",
    "seeing",
    "programs/predict/feed/proprio.cur",
    "pred.latent.mean",
    "programs.predict.feed.proprio.cur",
  ],
  [
    "a preview of no stream",
    "seeing",
    "graphs/decode/out/image",
    "preview.cam1",
    "graphs.decode.out.image",
  ],
  [
    "a first step that observe does not predict",
    "repeat",
    "programs/predict/first",
    "observe",
    "programs.predict.first",
  ],
  [
    "a step that keeps its state to itself",
    "repeat",
    "graphs/step/out/state_out",
    "ignored",
    "graphs.step.out",
  ],
  // Uncertainty
  ["a deviation in another form", "repeat", "uncertainty/kind", "gaussian_std", "graphs.step.out"],
  [
    "a table of other length",
    "repeat",
    "uncertainty/calibration/scale/pred.proprio",
    rows(31),
    "uncertainty.calibration.scale.pred.proprio",
  ],
  [
    "a table of other width",
    "repeat",
    "uncertainty/calibration/scale/pred.proprio",
    Array(32).fill(rows(7)),
    "uncertainty.calibration.scale.pred.proprio.0",
  ],
  [
    "no table for the joints",
    "repeat",
    "uncertainty/calibration/scale",
    {},
    "uncertainty.calibration.scale",
  ],
  ["a score that no graph makes", "whole", "uncertainty/ood", { kind: "graph" }, "uncertainty.ood"],
  ["a score that nobody declares", "seeing", "uncertainty/ood", undefined, "uncertainty.ood"],
  [
    "a deviation table for a graph's own",
    "seeing",
    "uncertainty/kind",
    "table",
    "uncertainty.calibration.method",
  ],
  // Windows
  [
    "a window that is not read",
    "jepa",
    "graphs/predictor/in/x",
    "proprio.cur",
    "graphs.predictor.in",
  ],
  ["two windows of one name", "jepa", "states/1/name", "latents", "states.1.name"],
  ["latents that nothing makes", "jepa", "graphs/encoder/out/tokens", "ignored", "states.0.of"],
  ["nobody who moves the joints", "jepa", "transforms", {}, "transforms.proprio"],
  ["gains of other joints", "jepa", "transforms/proprio/gain", [0.5], "transforms.proprio.gain"],
  [
    "a transform nobody knows",
    "jepa",
    "transforms/proprio/kind",
    "wish",
    "transforms.proprio.kind",
  ],
  ["a goal encoder that is not run", "jepa", "programs/goal/run", "decoder", "programs.goal.run"],
  // Diffusion
  ["a sampler of no graph", "wam", "samplers/action/graph", "dream", "samplers.action.graph"],
  ["a sampler of another variable", "wam", "samplers/action/var", "latents", "samplers.action.var"],
  ["a sampler of another output", "wam", "samplers/action/output", "x0", "samplers.action.output"],
  ["a sampler nobody knows", "wam", "samplers/video/kind", "ddim", "samplers.video.kind"],
  ["a shift by tokens without a latent", "wam", "latent", undefined, "samplers.video.shift"],
  ["no sampler", "wam", "samplers", {}, "samplers"],
  [
    "a cache of no graph",
    "wam",
    "caches/text_context/graph",
    "vision_tower",
    "caches.text_context.graph",
  ],
  ["a tokenizer that is not listed", "wam", "tokenizer/file", "other.json", "tokenizer.file"],
  [
    "a part nobody knows",
    "wam",
    "graphs/dreamer",
    { file: "text.onnx", in: {}, out: {} },
    "graphs",
  ],
];

test.each(cases)(
  "a manifest with %s is refused at its path",
  (_, family, path, value, expected) => {
    const error = problemsOf(changed(families[family], path, value));
    expect(error.code).toBe("model/manifest");
    expect(error.details["paths"]).toContain(expected);
  },
);

describe("problems of form and of agreement", () => {
  test("are named in one reading where they lie in different sections", () => {
    const manifest = JSON.parse(textOf(families.seeing)) as Json;
    const paths = problemsOf(
      JSON.stringify({
        ...manifest,
        id: 7,
        model_card: "other.md",
        states: [{ name: "memory", dtype: "float32", shape: [2, 4] }],
        timing: { ...(manifest["timing"] as Json), horizon: { max: 4, trained: 5 } },
      }),
    ).details["paths"];
    expect(paths).toEqual(
      expect.arrayContaining(["id", "model_card", "states.0.shape", "timing.horizon.trained"]),
    );
  });

  test("of an unknown family still name the rest", () => {
    const manifest = JSON.parse(textOf(families.whole)) as Json;
    const text = JSON.stringify({ ...manifest, family: "magic", timing: 3 });
    expect(problemsOf(text).details["paths"]).toEqual(expect.arrayContaining(["family", "timing"]));
  });
});

describe("a sealed manifest", () => {
  const text = textOf(sealed(families.whole));

  test("is accepted as it was sealed", () => {
    expect(parseManifest(text, "manifest.json").seal).toHaveLength(64);
  });

  test.each([
    ["a figure", '"step_s": 0.04', '"step_s": 0.05'],
    ["white space", '"id": "tiny"', '"id":  "tiny"'],
    ["a name", '"revision": "1"', '"revision": "2"'],
  ])("is refused when %s was changed after it", (_, from, to) => {
    expect(text).toContain(from);
    const damagedText = text.replace(from, to);
    expect(() => parseManifest(damagedText, "manifest.json")).toThrow(
      expect.objectContaining({ code: "model/hash" }),
    );
  });
});
