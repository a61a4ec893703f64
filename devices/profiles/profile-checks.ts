import type { Profile } from "./profile-schema.ts";

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A turn written with four digits is one. */
const turnToleranceRad = 1e-3;

/** What no field can tell alone. */
export function profileProblems(profile: Profile): Problem[] {
  return [
    ...axisProblems(profile),
    ...poseProblems(profile, "homeRad", profile.homeRad),
    ...(profile.stowRad === undefined ? [] : poseProblems(profile, "stowRad", profile.stowRad)),
    ...interlockProblems(profile),
    ...chainProblems(profile),
    ...cameraProblems(profile),
  ];
}

function axisProblems({ axes }: Profile): Problem[] {
  return axes.flatMap((axis, index) => {
    const problems: Problem[] = [];
    if (axis.lowerRad >= axis.upperRad) {
      const message = `${axis.lowerRad} rad is not below upperRad ${axis.upperRad} rad`;
      problems.push({ path: ["axes", index, "lowerRad"], message });
    }
    const spanRad = axis.upperRad - axis.lowerRad;
    const marginRad = axis.softMarginRad ?? 0;
    if (spanRad > 0 && 2 * marginRad >= spanRad) {
      const message = `${marginRad} rad at either end leave nothing of a range of ${spanRad} rad`;
      problems.push({ path: ["axes", index, "softMarginRad"], message });
    }
    if (axis.continuous === true && Math.abs(spanRad - 2 * Math.PI) > turnToleranceRad) {
      const message = `is true and the range spans ${spanRad} rad, expected one turn (6.2832 rad)`;
      problems.push({ path: ["axes", index, "continuous"], message });
    }
    if (axes.findIndex((other) => other.name === axis.name) !== index) {
      problems.push({ path: ["axes", index, "name"], message: `"${axis.name}" is there twice` });
    }
    return problems;
  });
}

function poseProblems({ axes }: Profile, key: string, pose: readonly number[]): Problem[] {
  if (pose.length !== axes.length) {
    const message = `has ${pose.length} angles, expected one for each of ${axes.length} axes`;
    return [{ path: [key], message }];
  }
  return axes.flatMap((axis, index) => {
    const angle = pose[index] ?? 0;
    if (angle >= axis.lowerRad && angle <= axis.upperRad) return [];
    const range = `${axis.name} range ${axis.lowerRad}...${axis.upperRad} rad`;
    return [{ path: [key, index], message: `${angle} rad is outside the ${range}` }];
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

function cameraProblems({ camera, chain }: Profile): Problem[] {
  const { parentFrameId } = camera;
  if (parentFrameId === undefined) return [];
  const frames = chain.map(({ frameId }) => frameId);
  if (frames.includes(parentFrameId)) return [];
  const message = `"${parentFrameId}" is no frame of the chain, expected one of ${frames.join(", ")}`;
  return [{ path: ["camera", "parentFrameId"], message }];
}
