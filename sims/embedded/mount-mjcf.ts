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
const untouched = { type: 0, affinity: 0 } as const;
/** Dry plastic on wood. */
export const defaultContactFriction = 0.5;
/**
 * N s/m and Nm s/rad of a loose thing: what rolls comes to rest within seconds. Rolling friction would
 * do so too, with 10 solver rows a contact instead of 4.
 */
const looseDamping = 1e-4;

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

/** A free body whose first geom has all its mass, as a solid of that shape. */
function pushable({ name, massKg, positionM, geoms }: PushableBody): string {
  const friction = `condim="3" friction="${defaultContactFriction}"`;
  const parts = geoms.map((each, index) =>
    mjcfGeom(each, `${contactOf(each, touching)} ${friction} mass="${index === 0 ? massKg : 0}"`),
  );
  return `<body name="${name}" pos="${positionM.join(" ")}">
<joint name="${name}" type="free" damping="${looseDamping}"/>
${parts.join("\n")}
</body>`;
}

function geomTexts(geoms: readonly SceneGeom[]): string {
  return geoms.map((each) => mjcfGeom(each, contactOf(each, touched))).join("\n");
}

function contactOf(geom: SceneGeom, touchable: typeof touched | typeof touching): string {
  const { type, affinity } = geom.isTouchable === false ? untouched : touchable;
  return `contype="${type}" conaffinity="${affinity}"`;
}
