import { createHash } from "node:crypto";
import { tinyManifest, without, type Contents, type Json } from "./tiny-package.ts";

/** The manifest of a world-action model with the parts and figures of the released Kairos 3.0 robot model. */
export function wamManifest(contents: Contents): Json {
  const recurrent = ["states", "graphs", "programs", "uncertainty"];
  const base = without(tinyManifest(contents), ...recurrent);
  const context = { context: "context", mask: "context.mask" };
  return {
    ...base,
    id: "kairos-robot-4b",
    family: "diffusion-wam",
    action_conditioned: false,
    conditioning: ["text", "first_frame", "proprio"],
    license: { spdx: "Apache-2.0", components: { vae: "Apache-2.0" } },
    streams: { cam0: { size: [640, 480], resize: "stretch", range: [-1, 1] } },
    graphs: {
      text_encoder: {
        file: "text.onnx",
        in: { ids: "text.ids", attention: "text.mask" },
        out: { hidden: "context", mask: "context.mask" },
      },
      vae_encoder: {
        file: "vae-encoder.onnx",
        in: { frames: "stream:cam0" },
        out: { latent: "latent.obs" },
      },
      video_prefill: {
        file: "prefill.onnx",
        in: { latents: "latent.obs", ...context },
        out: { kv: "state:kv" },
      },
      video_denoise: {
        file: "video.onnx",
        in: { latents: "latents", timestep: "time", ...context },
        out: { x0: "x0" },
      },
      action_denoise: {
        file: "action.onnx",
        in: { noisy: "noisy_action", timestep: "time", ...context, kv: "state:kv" },
        out: { velocity: "velocity" },
      },
      vae_decoder: {
        file: "vae-decoder.onnx",
        in: { latent: "latents" },
        out: { frames: "preview.cam0" },
      },
    },
    states: [{ name: "kv", dtype: "float16", shape: [24, 2, 480, 2560], lifetime: "request" }],
    caches: {
      text_context: { graph: "text_encoder", key: "sha256(prompt)", lifetime: "session" },
    },
    tokenizer: {
      kind: "hf_tokenizer_json",
      file: "tokenizer.json",
      max_tokens: 1024,
      drop_tokens: 97,
    },
    latent: { shape: [16, 21, 60, 80] },
    samplers: {
      action: {
        kind: "flow_euler",
        steps: 10,
        shift: 5,
        init: "gaussian",
        graph: "action_denoise",
        var: "noisy_action",
        time: "time",
        output: "velocity",
      },
      video: {
        kind: "flow_dmd",
        timesteps: [1000, 800, 500, 100],
        shift: { kind: "exp_tokens", base: [256, 0.5], max: [8192, 0.9], mul: "sqrt_T" },
        graph: "video_denoise",
        var: "latents",
        time: "time",
        renoise: "fixed_seed",
        clamp: { latents: "latent.obs" },
      },
    },
  };
}

/** Every file the manifest names, empty: nothing of them is run. */
export function wamContents(change: (manifest: Json) => Json = (json) => json): Contents {
  const names = ["text", "vae-encoder", "prefill", "video", "action", "vae-decoder"];
  const files = [...names.map((name) => `${name}.onnx`), "tokenizer.json", "golden.json"];
  const contents = Object.fromEntries(
    [...files, "model-card.md"].map((path) => [path, Buffer.from(path)]),
  );
  const list = Object.entries(contents).map(([path, content]) => ({
    path,
    sha256: createHash("sha256").update(content).digest("hex"),
    bytes: content.byteLength,
  }));
  const manifest = change({ ...wamManifest(contents), files: list });
  return { ...contents, "manifest.json": Buffer.from(JSON.stringify(manifest)) };
}
