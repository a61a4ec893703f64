import { z } from "zod";
import { count, name, path } from "./manifest-parts.ts";
import { ortRange } from "./ort-range.ts";

/** Graph input or output name to role. */
const Roles = z.record(name, name);
const shape = z.array(z.int().positive()).min(1).max(8);

/**
 * A package tunes a provider; it names no file of the host, loads no library and chooses no cache.
 * Those keys belong to the operator's configuration.
 */
const optionKey = z
  .string()
  .regex(/^[A-Za-z0-9_.]{1,100}$/)
  .refine((key) => !/path|dir|file|lib|cache|context|prefix|dump|stream/i.test(key), {
    error: "options that name files, caches or handles are not a package's to set",
  });

export const ProviderHint = z
  .strictObject({
    /** False: the author knows that this provider does not serve this graph. */
    use: z.boolean().default(true),
    /** A twin of the graph for this provider: same inputs and outputs, other operators. */
    file: path.optional(),
    external_data: z.array(path).default([]),
    /** Oldest ONNX Runtime that runs the twin, e.g. `>=1.25.1`; an older one runs the graph's own file. */
    ort: ortRange.optional(),
    /** In ONNX Runtime's spelling, e.g. `trt_fp16_enable`: `1`. The operator's configuration wins. */
    options: z
      .record(
        optionKey,
        z
          .string()
          .max(200)
          .regex(/^[^/\\]*$/, { error: "expected no path" }),
      )
      .default({}),
  })
  .refine(({ file, ort }) => file !== undefined || ort === undefined, {
    error: "ort says when `file` is run, and there is none",
    path: ["ort"],
  });

export const Graph = z.strictObject({
  file: path,
  /** Files the graph keeps large weights in; relative to the graph, as ONNX has it. */
  external_data: z.array(path).default([]),
  in: Roles,
  out: Roles,
  /** Shapes of open inputs for engines that are built for a range, e.g. TensorRT. */
  profile: z.record(name, z.strictObject({ min: shape, opt: shape, max: shape })).optional(),
  /** By the bridge's provider name: tensorrt, cuda, openvino, … */
  providers: z.record(name, ProviderHint).default({}),
});
export type Graph = Readonly<z.infer<typeof Graph>>;

/** A state the graphs carry: read and written as `state:<name>`. */
export const State = z.strictObject({
  name,
  kind: z.literal("carried").default("carried"),
  dtype: z.enum(["float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool"]),
  /** First axis is the batch, 1 for the live state. */
  shape: z.array(count).min(2).max(8),
  /** What a trajectory starts from: zeros, the row-major little-endian content of a file, or values. */
  init: z
    .union([
      z.literal("zeros"),
      z.strictObject({ file: path }),
      z.strictObject({ values: z.array(z.number()).min(1).max(65_536) }),
    ])
    .default("zeros"),
  /** `trajectory`: until reset. The wider and narrower lifetimes belong to samplers. */
  lifetime: z.literal("trajectory").default("trajectory"),
  commit: z.literal("on_success").default("on_success"),
  snapshot: z.literal(true).default(true),
  aliasing: z.literal("double_buffer").default("double_buffer"),
});
export type State = Readonly<z.infer<typeof State>>;

/** The last `window` values of a role, kept by the host: read as `ring:<name>`, [N, window, ...]. */
export const Ring = z.strictObject({
  name,
  kind: z.literal("ring"),
  of: z.enum(["latent.obs", "proprio.cur", "action.cur", "action.next"]),
  window: count.max(1024),
  /** Until the window is full: its oldest row repeated. */
  fill: z.literal("repeat").default("repeat"),
});
export type Ring = Readonly<z.infer<typeof Ring>>;

/** One graph run of `observe`. `when`: only if the stream has a picture; its outputs are zero otherwise. */
export const ObserveStep = z.strictObject({
  run: name,
  when: z
    .string()
    .regex(/^has_frame:.+$/, { error: "expected has_frame:<stream>" })
    .optional(),
});
