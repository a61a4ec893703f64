import type { InspectedDevice } from "../parts/device-tools.ts";
import { facts, number3, table } from "./table.ts";

type Device = InspectedDevice["device"];
type Axis = Device["axes"][number];

/** Axes, limits and where they come from, frames, and how the device is reached. */
export function inspectDeviceText({ device, driver }: InspectedDevice): string {
  const { profile, title, notes = [], id, interlock, camera, baseFrameId, chain } = device;
  const about = facts([
    ["profile", profile],
    ["device id", id],
    ["what", title],
    ...notes.map((note, index) => [index === 0 ? "notes" : "", note] as const),
    [
      "driver",
      "problem" in driver ? `(will not do) ${driver.problem.replaceAll("\n", " ")}` : driver.name,
    ],
    ["reached by", "problem" in driver ? undefined : driver.description],
    [
      "interlock",
      interlock &&
        `the others move only while ${interlock.axis} is at ${degrees(interlock.readyRad)} or beyond`,
    ],
    ["home", pose(device, device.homeRad)],
    ["stowed", device.stowRad && pose(device, device.stowRad)],
  ]);
  const frames = chain.map(({ frameId, axisName, translationM, axis }, index) => [
    frameId,
    chain[index - 1]?.frameId ?? baseFrameId,
    axisName,
    translationM.join(" "),
    axis.join(" "),
  ]);
  const carrier = camera.parentFrameId ?? chain.at(-1)?.frameId ?? baseFrameId;
  frames.push([camera.frameId, carrier, "", camera.translationM.join(" "), ""]);
  return [
    about,
    table(
      ["axis", "from", "to", "speed", "acceleration", "jerk", "effort", "provenance"],
      device.axes.map(axisRow),
    ),
    "  angles in degrees, speed in degrees/s, and so on; effort in N m",
    ...sourceLines(device.axes),
    "",
    table(["frame", "in", "turned by", "at, m", "about"], frames),
  ].join("\n");
}

function axisRow(axis: Axis): string[] {
  const { softMarginRad = 0, continuous = false } = axis;
  const margin = softMarginRad === 0 ? "" : `, ${degrees(softMarginRad)} kept free`;
  return [
    axis.name,
    continuous ? "endless" : inDegrees(axis.lowerRad),
    continuous ? "" : inDegrees(axis.upperRad),
    inDegrees(axis.maxVelocityRadPerS),
    inDegrees(axis.maxAccelerationRadPerS2),
    inDegrees(axis.maxJerkRadPerS3),
    number3(axis.maxEffortNm),
    axis.provenance + margin,
  ];
}

/** One line per document and limit: of which axes it gave it. */
function sourceLines(axes: readonly Axis[]): string[] {
  const axesOf = new Map<string, string[]>();
  for (const { name, sources = {} } of axes) {
    for (const [limit, document] of Object.entries(sources)) {
      const key = `  ${limit} from ${document}`;
      axesOf.set(key, [...(axesOf.get(key) ?? []), name]);
    }
  }
  return [...axesOf].map(([text, names]) =>
    names.length === axes.length ? text : `${text} (${names.join(", ")})`,
  );
}

const pose = ({ axes }: Device, posRad: readonly number[]): string =>
  axes.map(({ name }, index) => `${name} ${degrees(posRad[index] ?? 0)}`).join(", ");

const inDegrees = (rad: number): string => ((rad * 180) / Math.PI).toFixed(1);
const degrees = (rad: number): string => `${inDegrees(rad)}°`;
