import type { DeviceDescription } from "../../bridge/contract/device.ts";
import {
  mjcfGeom,
  mjcfMaterial,
  mjcfOptions,
  robotBodies,
  robotSensors,
  robotServos,
} from "../description/robot-mjcf.ts";
import { robotOf } from "../description/robot.ts";
import type { MountDynamics } from "./mount-dynamics.ts";
import type { PushableBody } from "./scene-bodies.ts";
import type { SceneGeom } from "./scene-geom.ts";
import { sceneLayout, type SceneLayout } from "./scene-layout.ts";
import { worldFrame } from "./scene-room.ts";
import { sceneGeoms } from "./scene.ts";
import { xmlText } from "../xml-text.ts";

/**
 * MuJoCo lets two geoms touch when one's type meets the other's affinity: pushables meet each other
 * and all the rest, the rest do not meet among themselves.
 */
const touched = { type: 2, affinity: 0 } as const;
const touching = { type: 1, affinity: 3 } as const;
/** Sliding, torsional (m), rolling (m): dry plastic on wood; a ball comes to rest. */
export const defaultContactFriction = 0.5;
const turningFrictionM = [0.003, 0.0003] as const;

/**
 * The device, its servos and the scene as MJCF text: the device of `robotMjcf` in a room. Things that
 * can be pushed touch everything; nothing else touches anything, so without them contacts are off.
 *
 * The device comes first among the bodies with joints: its hinges have the first indices.
 */
export function mountMjcf(
  device: DeviceDescription,
  dynamics: MountDynamics,
  layout: SceneLayout = sceneLayout("targets"),
): string {
  const robot = robotOf(device, dynamics);
  const geoms = sceneGeoms(device, layout);
  const contact = layout.pushables.length === 0 ? `contact="disable" ` : "";
  return `<mujoco model="${xmlText(device.id)}">
${mjcfOptions(contact)}
<default><geom mass="0" contype="${touched.type}" conaffinity="${touched.affinity}" friction="0.1"/></default>
<asset>
${geoms.map(mjcfMaterial).join("\n")}
</asset>
<worldbody>
<light pos="0.3 -0.6 2.2" dir="0.1 0.3 -1" diffuse="0.7 0.7 0.7"/>
${geomTexts(geoms.filter((each) => each.frameId === worldFrame))}
${robotBodies(robot)}
${layout.scripted.map(({ name, geoms }) => `<body name="${name}" mocap="true">\n${geomTexts(geoms)}\n</body>`).join("\n")}
${layout.pushables.map(pushable).join("\n")}
</worldbody>
${robotServos(device, robot)}
${robotSensors(robot)}
</mujoco>
`;
}

/** A free body whose first geom has all its mass, as a solid of that shape; every geom can be touched. */
function pushable({ name, massKg, positionM, geoms }: PushableBody): string {
  const friction = [defaultContactFriction, ...turningFrictionM].join(" ");
  const contact = `contype="${touching.type}" conaffinity="${touching.affinity}" friction="${friction}"`;
  const parts = geoms.map((each, index) => {
    // What rolls needs rolling friction to come to rest; it costs solver rows, so a box has none.
    const condim = each.shape === "box" ? 3 : 6;
    return mjcfGeom(each, `${contact} condim="${condim}" mass="${index === 0 ? massKg : 0}"`);
  });
  return `<body name="${name}" pos="${positionM.join(" ")}">
<freejoint name="${name}"/>
${parts.join("\n")}
</body>`;
}

function geomTexts(geoms: readonly SceneGeom[]): string {
  return geoms.map((each) => mjcfGeom(each)).join("\n");
}
