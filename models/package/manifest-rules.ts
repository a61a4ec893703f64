/** The parts of a manifest the rules read; the schema in manifest.ts is the authority on their form. */
interface Checked {
  readonly license: { readonly files: readonly string[] };
  readonly files: readonly { readonly path: string }[];
  readonly model_card: string;
  readonly verify: { readonly golden: string };
  readonly embodiment: {
    readonly joints: readonly { readonly name: string }[];
    readonly action: { readonly order: readonly string[] };
    readonly proprio: { readonly order: readonly string[] };
  };
  readonly timing: { readonly horizon: { readonly max: number; readonly trained: number } };
  readonly normalization: Readonly<Record<"proprio" | "action", Normalization>>;
  readonly graphs: Readonly<Record<"observe" | "rollout", Graph>>;
  readonly states: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly uncertainty: { readonly outputs: readonly string[] };
}
interface Graph {
  readonly file: string;
  readonly in: Readonly<Record<string, string>>;
  readonly out: Readonly<Record<string, string>>;
}
interface Normalization {
  readonly kind: string;
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
}

export interface ManifestProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What a schema cannot say: that the parts of the manifest agree with each other. */
export function* manifestProblems(manifest: Checked): Generator<ManifestProblem> {
  yield* fileProblems(manifest);
  yield* embodimentProblems(manifest);
  yield* normalizationProblems(manifest);
  yield* stateProblems(manifest);
  yield* roleProblems(manifest);
}

function* fileProblems(manifest: Checked): Generator<ManifestProblem> {
  const listed = new Set<string>();
  for (const [index, { path }] of manifest.files.entries()) {
    if (listed.has(path))
      yield { path: ["files", index, "path"], message: `${path} is listed twice` };
    if (path === "manifest.json") {
      yield { path: ["files", index, "path"], message: "the manifest cannot hold its own hash" };
    }
    listed.add(path);
  }
  const used: [string, (string | number)[]][] = [
    [manifest.graphs.observe.file, ["graphs", "observe", "file"]],
    [manifest.graphs.rollout.file, ["graphs", "rollout", "file"]],
    [manifest.verify.golden, ["verify", "golden"]],
    [manifest.model_card, ["model_card"]],
    ...manifest.license.files.map((file, index): [string, (string | number)[]] => [
      file,
      ["license", "files", index],
    ]),
  ];
  for (const [file, path] of used) {
    if (!listed.has(file)) yield { path, message: `${file} is not in files` };
  }
}

function* embodimentProblems(manifest: Checked): Generator<ManifestProblem> {
  const { joints, action, proprio } = manifest.embodiment;
  const names = joints.map((joint) => joint.name);
  if (new Set(names).size !== names.length) {
    yield { path: ["embodiment", "joints"], message: "a joint name appears twice" };
  }
  if (action.order.join() !== names.join()) {
    const message = `expected the joints in their order: ${names.join(", ")}`;
    yield { path: ["embodiment", "action", "order"], message };
  }
  for (const [index, entry] of proprio.order.entries()) {
    const joint = /^(?:q|qd|tau)\.(.+)$/.exec(entry)?.[1];
    if (joint === undefined || !names.includes(joint)) {
      const message = `${entry} is not q., qd. or tau. of a joint`;
      yield { path: ["embodiment", "proprio", "order", index], message };
    }
  }
  const { max, trained } = manifest.timing.horizon;
  if (trained > max) {
    const message = `trained for ${trained} steps, but max is ${max}`;
    yield { path: ["timing", "horizon", "trained"], message };
  }
}

function* normalizationProblems(manifest: Checked): Generator<ManifestProblem> {
  const widths = {
    proprio: manifest.embodiment.proprio.order.length,
    action: manifest.embodiment.joints.length,
  };
  for (const part of ["proprio", "action"] as const) {
    const { mean, std } = manifest.normalization[part];
    for (const [key, values] of Object.entries({ mean, std })) {
      if (values === undefined || values.length === widths[part]) continue;
      const message = `has ${values.length} numbers, expected ${widths[part]}`;
      yield { path: ["normalization", part, key], message };
    }
  }
}

function* stateProblems(manifest: Checked): Generator<ManifestProblem> {
  const seen = new Set<string>();
  for (const [index, state] of manifest.states.entries()) {
    if (seen.has(state.name)) {
      yield { path: ["states", index, "name"], message: `${state.name} is declared twice` };
    }
    seen.add(state.name);
    if (state.shape[0] !== 1) {
      const message = `the batch axis is ${state.shape[0] ?? 0}, expected 1`;
      yield { path: ["states", index, "shape"], message };
    }
  }
}

/** Roles of the recurrent-latent family: what each graph must and may have. */
function* roleProblems(manifest: Checked): Generator<ManifestProblem> {
  const states = manifest.states.map((state) => `state:${state.name}`);
  const now = ["proprio.cur", "action.cur"];
  const predicted = ["pred.proprio.mean", "pred.proprio.std"];
  const { observe, rollout } = manifest.graphs;
  yield* expectRoles(["graphs", "observe", "in"], observe.in, states, now);
  yield* expectRoles(["graphs", "observe", "out"], observe.out, states, []);
  yield* expectRoles(["graphs", "rollout", "in"], rollout.in, ["actions"], [...now, ...states]);
  yield* expectRoles(["graphs", "rollout", "out"], rollout.out, predicted, []);
  for (const [index, output] of manifest.uncertainty.outputs.entries()) {
    if (!Object.values(rollout.out).includes(output)) {
      const message = `${output} is no output of the rollout graph`;
      yield { path: ["uncertainty", "outputs", index], message };
    }
  }
}

function* expectRoles(
  path: readonly string[],
  map: Readonly<Record<string, string>>,
  required: readonly string[],
  optional: readonly string[],
): Generator<ManifestProblem> {
  const roles = Object.values(map);
  for (const role of required) {
    if (!roles.includes(role)) yield { path, message: `no entry has the role ${role}` };
  }
  const seen = new Set<string>();
  for (const [name, role] of Object.entries(map)) {
    if (!required.includes(role) && !optional.includes(role)) {
      const expected = [...required, ...optional].join(", ");
      yield { path: [...path, name], message: `${role} is not a role here, expected ${expected}` };
    }
    if (seen.has(role)) yield { path: [...path, name], message: `${role} appears twice` };
    seen.add(role);
  }
}
