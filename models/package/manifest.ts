import { z } from "zod";
import { BridgeError, errorText, ErrorCode } from "../../bridge/contract/errors.ts";
import { manifestProblems } from "./manifest-rules.ts";

/** What a package may require of its host. A name outside this list is refused: it is not understood. */
const supportedFeatures = ["dynamic_batch", "dynamic_horizon", "linear_attention"] as const;

const name = z.string().min(1).max(200);
const count = z.int().positive();
const numbers = z.array(z.number());
/** Relative, forward slashes, no `..`, no empty part, nothing a shell or another platform reads otherwise. */
const path = z
  .string()
  .max(200)
  .regex(/^(?!.*\/\/)[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/, {
    error: "expected a relative path of letters, digits, '.', '_', '-' and '/'",
  });

const File = z.strictObject({
  path,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: "expected 64 lower-case hex digits" }),
  bytes: z.int().nonnegative(),
});

const Joint = z.strictObject({
  name,
  unit: z.literal("rad"),
  limits: z.tuple([z.number(), z.number()]).optional(),
  vmax: z.number().positive().optional(),
  amax: z.number().positive().optional(),
});

const Embodiment = z.strictObject({
  name,
  /** The order here is the order of every joint array of the package. */
  joints: z.array(Joint).min(1),
  action: z.strictObject({
    space: z.literal("joint_position"),
    order: z.array(name).min(1),
    unit: z.literal("rad").default("rad"),
    hold: z.literal("last").optional(),
  }),
  proprio: z.strictObject({
    /** `q.<joint>` rad, `qd.<joint>` rad/s, `tau.<joint>` Nm. */
    order: z.array(name).min(1),
    units: z.array(name).optional(),
  }),
});

const Timing = z.strictObject({
  step_s: z.number().positive(),
  max_obs_age_s: z.number().positive(),
  state_ttl_s: z.number().positive(),
  horizon: z.strictObject({ max: count, trained: count }),
  obs_rate_hz: z.number().positive().optional(),
  action_rate_hz: z.number().positive().optional(),
  /** Steps between an action and the first motion it causes; documentation for planners. */
  action_delay_steps: z.number().nonnegative().optional(),
  action_delay_s: z.number().nonnegative().optional(),
});

const Normalization = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  /** The graph takes SI units and scales inside; the numbers are documentation. */
  z.strictObject({
    kind: z.literal("in-graph"),
    mean: numbers.optional(),
    std: numbers.optional(),
  }),
  /** The host gives (value - mean) / std and undoes it on predictions. */
  z.strictObject({
    kind: z.literal("zscore"),
    mean: numbers,
    std: z.array(z.number().positive()),
  }),
]);

/** Graph input or output name to role. */
const Roles = z.record(name, name);
const Graph = z.strictObject({ file: path, in: Roles, out: Roles });

const State = z.strictObject({
  name,
  dtype: z.literal("float32"),
  /** First axis is the batch, 1 for the live state. */
  shape: z.array(count).min(2),
  init: z.literal("zeros"),
  lifetime: z.literal("trajectory").optional(),
  commit: z.literal("on_success").optional(),
  snapshot: z.literal(true).optional(),
  aliasing: z.literal("double_buffer").optional(),
});

const Manifest = z
  .strictObject({
    format: z.literal("wmp"),
    version: z.literal("1.0"),
    id: name,
    revision: name,
    family: z.literal("recurrent-latent"),
    /** False: the graphs do not read actions, and candidate queries are refused. */
    action_conditioned: z.boolean().default(true),
    license: z.strictObject({
      spdx: name,
      files: z.array(path).default([]),
      components: z.record(name, name).optional(),
    }),
    provenance: z.strictObject({
      source: name,
      training_data: name,
      exporter: name,
      created: name,
      claims: z.array(name).default([]),
      commit: name.optional(),
      seed: z.int().optional(),
    }),
    requires: z.strictObject({
      /** Oldest ONNX Runtime, `>=1.21.0`. */
      ort: z.string().regex(/^>=\d+\.\d+(\.\d+)?$/, { error: "expected >=MAJOR.MINOR[.PATCH]" }),
      opsets: z.record(name, count),
      features: z.array(z.enum(supportedFeatures)).default([]),
    }),
    files: z.array(File).min(1),
    embodiment: Embodiment,
    timing: Timing,
    normalization: z.strictObject({ proprio: Normalization, action: Normalization }),
    graphs: z.strictObject({ observe: Graph, rollout: Graph }),
    states: z.array(State),
    programs: z.strictObject({
      observe: z.array(z.strictObject({ run: z.literal("observe") })).length(1),
      predict: z.strictObject({
        run: z.literal("rollout"),
        branch_from: z.literal("observe"),
        actions: z.literal("candidate"),
      }),
    }),
    uncertainty: z.strictObject({
      kind: z.literal("gaussian_std"),
      outputs: z.array(name).min(1),
      calibration: z.strictObject({
        /** `in-graph`: the graph's deviation is calibrated already. */
        method: z.enum(["in-graph", "none"]),
        coverage: z.number().gt(0).lt(1).optional(),
        data: name.optional(),
      }),
    }),
    verify: z.strictObject({ golden: path, atol: z.number().positive() }),
    /** Figures of the evaluation, free in form: for people and reports, not read by the host. */
    metrics: z.record(z.string(), z.json()).default({}),
    model_card: path,
  })
  .superRefine((manifest, context) => {
    for (const problem of manifestProblems(manifest)) {
      context.addIssue({ code: "custom", path: [...problem.path], message: problem.message });
    }
  });

/** A package's manifest after every check that needs no file but itself. */
export type Manifest = Readonly<z.infer<typeof Manifest>>;

const Golden = z.strictObject({
  /** Fed through `observe` from an empty state; SI units, proprio and action as the graphs order them. */
  observations: z.array(z.strictObject({ proprio: numbers, action: numbers })).min(1),
  /** Setpoints at steps 1..K. */
  actionsRad: z.array(numbers).min(1),
  /** What the exporter's own runtime predicted, per step: q then qd. */
  mean: z.array(numbers).min(1),
  std: z.array(numbers).min(1),
});

/** A recorded rollout every engine and provider must reproduce before it serves. */
export type Golden = Readonly<z.infer<typeof Golden>>;

/**
 * Parses and cross-checks a manifest.
 *
 * @throws BridgeError `model/manifest` naming every problem with its path.
 */
export function parseManifest(text: string, source: string): Manifest {
  return parseJson(Manifest, text, source);
}

/** @throws BridgeError `model/manifest` naming every problem with its path. */
export function parseGolden(text: string, source: string): Golden {
  return parseJson(Golden, text, source);
}

function parseJson<T>(schema: z.ZodType<T>, text: string, source: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const problem = `${source} is not JSON: ${errorText(cause)}`;
    throw new BridgeError(ErrorCode.ModelManifest, problem, { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const paths = result.error.issues.map((issue) => issue.path.join("."));
  throw new BridgeError(
    ErrorCode.ModelManifest,
    `${source} has ${paths.length} problem(s):\n${z.prettifyError(result.error)}`,
    { details: { paths } },
  );
}
