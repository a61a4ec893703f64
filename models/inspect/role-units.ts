import type { Manifest } from "../package/manifest.ts";

/** Units of the values of a role, in the order of their columns; undefined where they have none. */
export function unitOf(role: string, manifest: Manifest): string | undefined {
  const { embodiment, normalization, streams } = manifest;
  const stream = /^stream:(.+)$/.exec(role)?.[1];
  if (stream !== undefined) return streams[stream] && streamUnit(streams[stream]);
  if (role.startsWith("has_frame:")) return "0 or 1";
  if (role.startsWith("frame_age:")) return "s";
  const isScaled = (part: keyof typeof normalization): boolean =>
    !["none", "in-graph"].includes(normalization[part].kind);
  if (role === "proprio.cur" || role.startsWith("pred.proprio.")) {
    if (isScaled("proprio")) return "normalised";
    return proprioUnits(role, embodiment);
  }
  if (role === "actions" || role.startsWith("action.")) {
    return isScaled("action") ? "normalised" : embodiment.action.unit;
  }
  if (role.startsWith("pred.bearing.")) return "rad";
  if (role.startsWith("pred.visibility.")) return "probability";
  return undefined;
}

/** What is predicted of the joints is position and velocity; what is read may hold torque too. */
function proprioUnits(role: string, { proprio }: Manifest["embodiment"]): string {
  if (role.startsWith("pred.")) return "rad, rad/s";
  const units = proprio.units ?? proprio.order.map(unitOfEntry);
  return [...new Set(units)].join(", ");
}

function unitOfEntry(entry: string): string {
  if (entry.startsWith("tau.")) return "Nm";
  return entry.startsWith("qd.") ? "rad/s" : "rad";
}

function streamUnit({ color, dtype, range, mean }: Manifest["streams"][string]): string {
  if (dtype === "uint8") return `${color} 0..255`;
  const [low, high] = range ?? [0, 1];
  return mean === undefined ? `${color} ${low}..${high}` : `${color}, normalised`;
}
