import { describe, expect, test } from "vitest";
import { BridgeError } from "../../../bridge/contract/errors.ts";
import { parseGolden } from "../../../models/package/golden.ts";
import { parseManifest } from "../../../models/package/manifest.ts";
import { tinyManifest } from "../../fakes/tiny-package.ts";

type Json = Record<string, unknown>;
const names = ["graphs/observe.onnx", "graphs/rollout.onnx", "golden.json", "model-card.md"];
const valid = (): Json =>
  tinyManifest(Object.fromEntries(names.map((name) => [name, new Uint8Array(3)])));

/** The manifest with the value at a dotted path replaced, or removed when undefined. */
function changed(path: string, value: unknown): Json {
  const manifest = structuredClone(valid());
  const keys = path.split(".");
  const last = keys.pop()!;
  let parent: Json = manifest;
  for (const key of keys) parent = parent[key] as Json;
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return manifest;
}

function problemsOf(manifest: unknown): BridgeError {
  try {
    parseManifest(JSON.stringify(manifest), "manifest.json");
  } catch (error) {
    if (error instanceof BridgeError) return error;
  }
  throw new Error("the manifest was accepted");
}

describe("a package manifest", () => {
  test("of the tiny package is accepted, with defaults filled in", () => {
    const manifest = parseManifest(JSON.stringify(valid()), "manifest.json");
    expect(manifest.action_conditioned).toBe(true);
    expect(manifest.license.files).toEqual([]);
    expect(manifest.metrics).toEqual({});
  });

  test.each([
    ["another format", "format", "zip", "format"],
    ["a version nobody here knows", "version", "1.1", "version"],
    ["a family nobody knows", "family", "ssm-discrete", "family"],
    ["a key nobody knows", "surprise", 1, ""],
    ["a key nobody knows further down", "timing.surprise", 1, "timing"],
    [
      "a feature that is not understood",
      "requires.features",
      ["time_travel"],
      "requires.features.0",
    ],
    ["a required version in words", "requires.ort", "newest", "requires.ort"],
    ["a sha256 in capitals", "files.0.sha256", "A".repeat(64), "files.0.sha256"],
    ["a short sha256", "files.0.sha256", "ab", "files.0.sha256"],
    ["a negative size", "files.0.bytes", -1, "files.0.bytes"],
    ["no joint", "embodiment.joints", [], "embodiment.joints"],
    [
      "another action space",
      "embodiment.action.space",
      "joint_velocity",
      "embodiment.action.space",
    ],
    [
      "actions in another order",
      "embodiment.action.order",
      ["yaw", "deploy", "roll", "pitch"],
      "embodiment.action.order",
    ],
    [
      "a proprio value of no joint",
      "embodiment.proprio.order.3",
      "q.elbow",
      "embodiment.proprio.order.3",
    ],
    [
      "a proprio value of no kind",
      "embodiment.proprio.order.3",
      "x.yaw",
      "embodiment.proprio.order.3",
    ],
    ["a step of no length", "timing.step_s", 0, "timing.step_s"],
    ["training beyond the horizon", "timing.horizon.trained", 33, "timing.horizon.trained"],
    [
      "a zscore of the wrong width",
      "normalization.action",
      { kind: "zscore", mean: [0], std: [1] },
      "normalization.action.mean",
    ],
    [
      "a zscore that divides by zero",
      "normalization.action",
      { kind: "zscore", mean: [0, 0, 0, 0], std: [1, 1, 1, 0] },
      "normalization.action.std.3",
    ],
    ["a graph that is not in files", "graphs.observe.file", "other.onnx", "graphs.observe.file"],
    ["a golden file that is not in files", "verify.golden", "other.json", "verify.golden"],
    ["a licence text that is not in files", "license.files", ["LICENSE"], "license.files.0"],
    ["a model card that is not in files", "model_card", "other.md", "model_card"],
    ["a state with a batch of two", "states.0.shape", [2, 5], "states.0.shape"],
    [
      "a state nobody declared",
      "graphs.observe.in.state_in",
      "state:other",
      "graphs.observe.in.state_in",
    ],
    ["a role nobody knows", "graphs.rollout.in.action", "action.next", "graphs.rollout.in.action"],
    ["a role given twice", "graphs.rollout.in.action", "actions", "graphs.rollout.in.actions"],
    ["no predicted deviation", "graphs.rollout.out.std", undefined, "graphs.rollout.out"],
    ["an uncertainty of no output", "uncertainty.outputs", ["pred.other"], "uncertainty.outputs.0"],
    ["an exact golden rollout", "verify.atol", 0, "verify.atol"],
  ])("with %s is refused at its path", (_, path, value, problemPath) => {
    const error = problemsOf(changed(path, value));
    expect(error.code).toBe("model/manifest");
    expect(error.details["paths"]).toContain(problemPath);
  });

  test.each([
    ["climbs out", "../secret"],
    ["climbs out later", "graphs/../../secret"],
    ["is absolute", "/etc/passwd"],
    ["is absolute elsewhere", "C:/model.onnx"],
    ["has backslashes", "graphs\\observe.onnx"],
    ["has an empty part", "graphs//observe.onnx"],
    ["is hidden", ".ssh/key"],
    ["ends in a slash", "graphs/"],
    ["is empty", ""],
  ])("with a file path that %s is refused", (_, path) => {
    expect(problemsOf(changed("files.0.path", path)).details["paths"]).toContain("files.0.path");
  });

  test.each(["model.onnx", "graphs/observe.onnx", "a/b/c/model-1_2.v3.onnx"])(
    "may list %s",
    (path) => {
      const files = [...(valid()["files"] as Json[]), { path, sha256: "a".repeat(64), bytes: 1 }];
      if (names.includes(path)) files.pop();
      expect(() => parseManifest(JSON.stringify({ ...valid(), files }), "m")).not.toThrow();
    },
  );

  test("lists a file once, and not itself", () => {
    const files = valid()["files"] as Json[];
    const twice = problemsOf({ ...valid(), files: [...files, files[0]] });
    expect(twice.message).toContain("graphs/observe.onnx is listed twice");
    const itself = problemsOf({
      ...valid(),
      files: [...files, { ...files[0], path: "manifest.json" }],
    });
    expect(itself.message).toContain("the manifest cannot hold its own hash");
  });

  test("with several problems names all of them at once", () => {
    const manifest = { ...changed("timing.step_s", -1), format: "zip", model_card: 7 };
    const paths = problemsOf(manifest).details["paths"];
    expect(paths).toEqual(expect.arrayContaining(["timing.step_s", "format", "model_card"]));
  });

  test.each(["", "{", "[]", "null", '"text"'])("that reads %j is refused", (text) => {
    expect(() => parseManifest(text, "manifest.json")).toThrow(
      expect.objectContaining({ code: "model/manifest" }),
    );
  });
});

test.each([
  ["no observation", { observations: [] }],
  ["text for a number", { mean: [["0"]] }],
  ["a key nobody knows", { surprise: 1 }],
])("a golden rollout with %s is refused", (_, changes) => {
  const good = {
    observations: [{ proprio: [0], action: [0] }],
    actionsRad: [[0]],
    mean: [[0]],
    std: [[0]],
  };
  expect(() => parseGolden(JSON.stringify(good), "golden.json")).not.toThrow();
  expect(() => parseGolden(JSON.stringify({ ...good, ...changes }), "golden.json")).toThrow(
    expect.objectContaining({ code: "model/manifest" }),
  );
});
