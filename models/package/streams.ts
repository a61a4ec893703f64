import { z } from "zod";

const pixels = z.int().min(1).max(8192);
const byte = z.int().min(0).max(255);
const perChannel = z.union([z.array(z.number()).length(1), z.array(z.number()).length(3)]);

/**
 * One entry of a manifest's `streams`: how a camera picture becomes the tensor of role
 * `stream:<name>`. It records what training did, and the host repeats it to the last bit:
 * picture → rgb8 → window and resampling to `size`, still 8 bits → colour → number.
 */
export const Stream = z
  .strictObject({
    /** Width, height of the tensor, px. */
    size: z.tuple([pixels, pixels]),
    /**
     * How the picture is laid over `size`: `stretch` ignores its aspect; `letterbox` keeps all of it
     * between bars of `pad`; `crop` keeps the largest middle part of the right aspect; `intrinsics`
     * takes the part that a camera with `intrinsics` would have seen.
     */
    resize: z.enum(["stretch", "letterbox", "crop", "intrinsics"]),
    /** `bilinear`: four taps, no antialiasing, cost independent of the camera. `area`: box average. */
    resampler: z.enum(["bilinear", "area"]).default("bilinear"),
    color: z.enum(["rgb", "bgr", "gray"]).default("rgb"),
    layout: z.enum(["CHW", "HWC"]).default("CHW"),
    dtype: z.enum(["float32", "float16", "uint8"]).default("float32"),
    /** What bytes 0 and 255 become, before mean and deviation. Not for `uint8`, which stays 0..255. */
    range: z.tuple([z.number(), z.number()]).optional(),
    /** One for all channels or one each, in units of `range`, in the tensor's channel order. */
    mean: perChannel.optional(),
    std: perChannel.optional(),
    /** rgb of what the picture does not cover. */
    pad: z.tuple([byte, byte, byte]).default([0, 0, 0]),
    /**
     * The camera of the training pictures at `size`, px, without distortion; 0, 0 is the corner of
     * the picture (ROS's `K` puts 0, 0 half a pixel further in).
     */
    intrinsics: z
      .strictObject({
        fx: z.number().positive(),
        fy: z.number().positive(),
        cx: z.number(),
        cy: z.number(),
      })
      .optional(),
    /** With `intrinsics`: least part of the tensor the camera must see; the rest is `pad`. */
    min_coverage: z.number().gt(0).max(1).default(0.95),
    /** Older pictures count as missing; default `timing.max_obs_age_s`. */
    max_age_s: z.number().positive().optional(),
    /** Which camera, where a robot has several: 0 is the first. */
    order: z.int().nonnegative().default(0),
  })
  .superRefine((stream, context) => {
    const problem = (path: string, message: string): void => {
      context.addIssue({ code: "custom", path: [path], message });
    };
    if (stream.resize === "intrinsics" && stream.intrinsics === undefined) {
      problem("intrinsics", "resize intrinsics needs the training camera's");
    }
    if (stream.dtype === "uint8") {
      for (const key of ["range", "mean", "std"] as const) {
        if (stream[key] !== undefined) problem(key, "a uint8 tensor holds 0..255 as they are");
      }
    }
    if (stream.std?.some((value) => value <= 0)) problem("std", "expected numbers above 0");
    for (const key of ["mean", "std"] as const) {
      const length = stream[key]?.length ?? 1;
      if (stream.color === "gray" && length > 1) problem(key, "gray has one channel");
    }
  });

export type StreamSpec = Readonly<z.infer<typeof Stream>>;

/** Every camera of a manifest, by name. */
export const Streams = z.record(z.string().min(1).max(200), Stream);
