import { readFileSync } from "node:fs";
import { z } from "zod";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";

/** Written with ten digits in the profiles; a mistaken component is off by far more. */
const unitTolerance = 1e-6;

const finite = z.number();
const positive = finite.positive();
const name = z.string().regex(/^[a-z][a-z0-9_]*$/, "expected lower case letters, digits and _");
const vector = z.tuple([finite, finite, finite]);
const unitVector = vector.refine((v) => isUnit(v), "expected length 1");
const unitQuaternion = z
  .tuple([finite, finite, finite, finite])
  .refine((q) => isUnit(q), "expected a unit quaternion x, y, z, w");

const Axis = z.strictObject({
  name,
  lowerRad: finite,
  upperRad: finite,
  maxVelocityRadPerS: positive,
  maxAccelerationRadPerS2: positive,
  maxJerkRadPerS3: positive,
  maxEffortNm: positive,
  provenance: z.enum(["measured", "datasheet", "assumed"]),
});

const Joint = z.strictObject({
  axisName: name,
  frameId: name,
  translationM: vector,
  fixedXyzw: unitQuaternion,
  axis: unitVector,
});

const Profile = z
  .strictObject({
    id: z.string().min(1),
    profile: z.string().min(1),
    axes: z.array(Axis).min(1),
    homeRad: z.array(finite),
    interlock: z.strictObject({ axis: name, readyRad: finite }).exactOptional(),
    baseFrameId: name,
    chain: z.array(Joint),
    camera: z.strictObject({
      frameId: name,
      translationM: vector,
      fixedXyzw: unitQuaternion,
      verticalFovRad: positive.max(Math.PI),
    }),
  })
  .check((context) => {
    for (const { path, message } of crossChecks(context.value)) {
      context.issues.push({ code: "custom", input: context.value, path: [...path], message });
    }
  });

type Profile = z.infer<typeof Profile>;
interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** @throws BridgeError `device/profile` if the file cannot be read, or with every problem in it. */
export function loadProfile(path: string): DeviceDescription {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new BridgeError(ErrorCode.DeviceProfile, `${path}: ${errorText(error)}`, {
      cause: error,
      details: { path },
    });
  }
  return parseProfile(json, path);
}

/** @throws BridgeError `device/profile` with every problem and its path; `source` is named in it. */
export function parseProfile(json: unknown, source: string): DeviceDescription {
  const result = Profile.safeParse(json);
  if (result.success) return result.data;
  throw new BridgeError(
    ErrorCode.DeviceProfile,
    `${source} is not a device profile:\n${z.prettifyError(result.error)}`,
    { details: { source, issues: result.error.issues } },
  );
}

function crossChecks(profile: Profile): Problem[] {
  return [
    ...axisProblems(profile),
    ...homeProblems(profile),
    ...interlockProblems(profile),
    ...chainProblems(profile),
  ];
}

function axisProblems({ axes }: Profile): Problem[] {
  return axes.flatMap((axis, index) => {
    const problems: Problem[] = [];
    if (axis.lowerRad >= axis.upperRad) {
      const message = `${axis.lowerRad} rad is not below upperRad ${axis.upperRad} rad`;
      problems.push({ path: ["axes", index, "lowerRad"], message });
    }
    if (axes.findIndex((other) => other.name === axis.name) !== index) {
      problems.push({ path: ["axes", index, "name"], message: `"${axis.name}" is there twice` });
    }
    return problems;
  });
}

function homeProblems({ axes, homeRad }: Profile): Problem[] {
  if (homeRad.length !== axes.length) {
    const message = `has ${homeRad.length} angles, expected one for each of ${axes.length} axes`;
    return [{ path: ["homeRad"], message }];
  }
  return axes.flatMap((axis, index) => {
    const home = homeRad[index] ?? 0;
    if (home >= axis.lowerRad && home <= axis.upperRad) return [];
    const range = `${axis.name} range ${axis.lowerRad}...${axis.upperRad} rad`;
    return [{ path: ["homeRad", index], message: `${home} rad is outside the ${range}` }];
  });
}

function interlockProblems({ axes, interlock }: Profile): Problem[] {
  if (interlock === undefined) return [];
  const axis = axes.find((candidate) => candidate.name === interlock.axis);
  if (axis === undefined) {
    const names = axes.map((candidate) => candidate.name).join(", ");
    const message = `"${interlock.axis}" is no axis, expected one of ${names}`;
    return [{ path: ["interlock", "axis"], message }];
  }
  if (interlock.readyRad >= axis.lowerRad && interlock.readyRad <= axis.upperRad) return [];
  const message = `${interlock.readyRad} rad is outside the ${axis.name} range ${axis.lowerRad}...${axis.upperRad} rad`;
  return [{ path: ["interlock", "readyRad"], message }];
}

function chainProblems({ axes, chain }: Profile): Problem[] {
  const names = new Set(axes.map((axis) => axis.name));
  const unknown = chain.flatMap((joint, index) =>
    names.has(joint.axisName)
      ? []
      : [{ path: ["chain", index, "axisName"], message: `"${joint.axisName}" is no axis` }],
  );
  const uncovered = axes.flatMap((axis) => {
    const count = chain.filter((joint) => joint.axisName === axis.name).length;
    if (count === 1) return [];
    return [
      { path: ["chain"], message: `axis "${axis.name}" is in it ${count} times, expected 1` },
    ];
  });
  return [...unknown, ...uncovered];
}

function isUnit(components: readonly number[]): boolean {
  const square = components.reduce((sum, component) => sum + component * component, 0);
  return Math.abs(square - 1) < unitTolerance;
}
