import type { Engine, ProviderRequest, TensorData } from "../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import { parseGolden, type Golden } from "./package/golden.ts";
import { packageFile, type ModelPackage } from "./package/load-package.ts";
import { headNames } from "./package/uncertainty.ts";
import { openProgram } from "./programs/open-program.ts";
import type { GraphOpener } from "./programs/open-graphs.ts";
import type { Program, ProgramPrediction, StreamInput } from "./programs/program.ts";

/** How far one predicted quantity was from the recorded rollout. */
export interface RoleError {
  /** `mean`, `std`, `pred.bearing.mean`, …, `ood`. */
  readonly role: string;
  /** Largest absolute difference of all steps, in the quantity's own unit. */
  readonly worst: number;
  /** Step (1-based) and column of it, what was found and what was recorded. */
  readonly at: { readonly step: number; readonly column: number };
  readonly found: number;
  readonly expected: number;
  /** Largest difference per step; index 0 is step 1. */
  readonly perStep: readonly number[];
}

export interface VerifyReport {
  /** Providers of the package's sessions, as they were opened. */
  readonly providers: readonly string[];
  readonly atol: number;
  readonly isWithin: boolean;
  readonly roles: readonly RoleError[];
}

export interface VerifyOptions {
  readonly provider?: ProviderRequest;
  /** In place of the engine's own opening of every graph on `provider`. */
  readonly open?: GraphOpener;
}

/**
 * Replays the package's recorded rollout on a provider and measures.
 *
 * @throws BridgeError when the package does not open there, or `model/golden` for a recording that
 * does not fit the package.
 */
export async function verifyPackage(
  engine: Engine,
  pack: ModelPackage,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  await using program = await openProgram(engine, pack, options);
  return await replayGolden(pack, program);
}

/**
 * Runs the recorded rollout on an open program and refuses the program when it differs. It catches
 * what loads but computes something else: a wrong provider, half precision that overflows, states
 * that alias. The program is reset before and after.
 *
 * @throws BridgeError `model/golden` with the largest difference and where it is.
 */
export async function checkGolden(pack: ModelPackage, program: Program): Promise<void> {
  const { roles, atol, isWithin } = await replayGolden(pack, program);
  if (isWithin) return;
  const worst = roles.reduce((most, each) => (isWorse(each, most) ? each : most));
  throw new BridgeError(
    ErrorCode.ModelGolden,
    `${worst.role} at step ${worst.at.step}, column ${worst.at.column} is ${worst.found}, ` +
      `the golden rollout says ${worst.expected}; allowed difference ${atol}`,
    { details: { difference: worst.worst, atol, role: worst.role } },
  );
}

const isWorse = (a: RoleError, b: RoleError): boolean => !(a.worst <= b.worst);

/** Measures an open program against the recorded rollout. It is reset before and after. */
export async function replayGolden(pack: ModelPackage, program: Program): Promise<VerifyReport> {
  const path = pack.manifest.verify.golden;
  const golden = parseGolden(new TextDecoder().decode(packageFile(pack, path)), path);
  checkWidths(pack, golden);
  const frames = recordedFrames(pack, golden, program.streams);
  program.reset();
  for (const {
    proprio,
    action,
    frames: shown = {},
    frame_age_s: agesS = {},
  } of golden.observations) {
    for (const [stream, index] of Object.entries(shown)) {
      frames.get(stream)?.(index, agesS[stream] ?? 0);
    }
    await program.observe(proprio, action);
  }
  const size = { candidateCount: 1, horizonSteps: golden.actionsRad.length };
  const found = await program.predict(golden.actionsRad.flat(), size);
  program.reset();
  const roles = [...compareAll(golden, found)];
  const providers = [...new Set([...program.sessions.values()].map((each) => each.provider))];
  const atol = Math.max(...providers.map((provider) => toleranceOf(pack, provider)));
  return { providers, atol, isWithin: roles.every((role) => role.worst <= atol), roles };
}

/** What the package allows on this provider. */
export function toleranceOf({ manifest }: ModelPackage, provider: string): number {
  const { atol } = manifest.verify;
  if (typeof atol === "number") return atol;
  return (Object.hasOwn(atol, provider) ? atol[provider] : undefined) ?? atol["default"] ?? 0;
}

function checkWidths(pack: ModelPackage, golden: Golden): void {
  const { joints, proprio } = pack.manifest.embodiment;
  const { max } = pack.manifest.timing.horizon;
  const wrong = [
    ...golden.observations.filter((row) => row.proprio.length !== proprio.order.length),
    ...golden.observations.filter((row) => row.action.length !== joints.length),
    ...golden.actionsRad.filter((row) => row.length !== joints.length),
  ];
  if (wrong.length > 0) {
    refuse(
      `${wrong.length} golden rows do not fit ${proprio.order.length} proprio values and ${joints.length} joints`,
    );
  }
  if (golden.actionsRad.length > max) {
    refuse(`the golden rollout has ${golden.actionsRad.length} steps, the horizon is ${max}`);
  }
}

/** Shows a stream its recorded picture of some index. */
function recordedFrames(
  pack: ModelPackage,
  golden: Golden,
  streams: readonly StreamInput[],
): ReadonlyMap<string, (index: number, ageS: number) => void> {
  const shows = new Map<string, (index: number, ageS: number) => void>();
  for (const [name, { file, count }] of Object.entries(golden.streams ?? {})) {
    const stream = streams.find((each) => each.name === name);
    if (stream === undefined) return refuse(`no graph reads the golden stream ${name}`);
    const bytes = bytesOf(stream.tensor.data);
    const content = packageFile(pack, file);
    if (content.byteLength !== count * bytes.byteLength) {
      refuse(
        `${file} has ${content.byteLength} bytes, ${count} pictures need ${count * bytes.byteLength}`,
      );
    }
    shows.set(name, (index, ageS) => {
      if (index >= count) refuse(`picture ${index} of ${name} is asked for, ${file} has ${count}`);
      bytes.set(content.subarray(index * bytes.byteLength, (index + 1) * bytes.byteLength));
      stream.hasFrame = true;
      stream.frameAgeS = ageS;
    });
  }
  for (const name of golden.observations.flatMap((row) => Object.keys(row.frames ?? {}))) {
    if (!shows.has(name)) refuse(`golden frames of ${name} have no entry in streams`);
  }
  return shows;
}

const bytesOf = (data: TensorData): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function* compareAll(golden: Golden, found: ProgramPrediction): Generator<RoleError> {
  const proprio = found.heads.get("pred.proprio");
  yield compare("mean", golden.mean, proprio?.mean);
  yield compare("std", golden.std, proprio?.std);
  for (const head of headNames) {
    for (const part of ["mean", "std"] as const) {
      const role = `${head}.${part}` as keyof NonNullable<Golden["heads"]>;
      const expected = golden.heads?.[role];
      if (expected !== undefined) yield compare(role, expected, found.heads.get(head)?.[part]);
    }
  }
  if (golden.ood === undefined) return;
  const ood = found.ood === undefined ? undefined : Float32Array.of(found.ood);
  yield compare("ood", [[golden.ood]], ood);
}

function compare(
  role: string,
  rows: readonly (readonly number[])[],
  found: Float32Array | undefined,
): RoleError {
  const flat = rows.flat();
  if (found === undefined)
    return refuse(`the package predicts no ${role}, the golden rollout does`);
  if (flat.length !== found.length) {
    refuse(`${role} has ${found.length} numbers, the golden rollout has ${flat.length}`);
  }
  const width = flat.length / rows.length;
  const perStep = new Array<number>(rows.length).fill(0);
  let worst = { difference: 0, index: 0 };
  for (const [index, value] of flat.entries()) {
    const difference = Math.abs(value - (found[index] ?? Number.NaN));
    const step = Math.floor(index / width);
    if (!(difference <= (perStep[step] ?? 0))) perStep[step] = difference;
    if (!(difference <= worst.difference)) worst = { difference, index };
  }
  return {
    role,
    worst: worst.difference,
    at: { step: Math.floor(worst.index / width) + 1, column: worst.index % width },
    found: found[worst.index] ?? Number.NaN,
    expected: flat[worst.index] ?? Number.NaN,
    perStep,
  };
}

function refuse(text: string): never {
  throw new BridgeError(ErrorCode.ModelGolden, text);
}
