import type { PushableBody, ScriptedBody } from "./scene-bodies.ts";
import { clutter } from "./scene-clutter.ts";
import type { SceneGeom } from "./scene-geom.ts";
import { ball, block, book, bottle, decoys, mug } from "./scene-pushables.ts";
import { roomGeoms } from "./scene-room.ts";
import { face, plainTargets } from "./scene-targets.ts";

/**
 * - `targets`: three targets on scripted paths. Nothing can touch anything: the fastest, and what
 *   training and evaluation step.
 * - `desk`: the same with five things on the desk that can be pushed.
 * - `face`: one thing that looks like a face, moving as a head does, and two things on the desk.
 * - `cluttered`: the targets among many things, some of which look like them or hide them.
 */
export const sceneNames = ["targets", "desk", "face", "cluttered"] as const;
export type SceneName = (typeof sceneNames)[number];

/** What a scene has beside the device. */
export interface SceneLayout {
  readonly name: SceneName;
  readonly fixed: readonly SceneGeom[];
  readonly scripted: readonly ScriptedBody[];
  readonly pushables: readonly PushableBody[];
}

export function sceneLayout(name: SceneName): SceneLayout {
  return layouts[name];
}

const layouts: Readonly<Record<SceneName, SceneLayout>> = {
  targets: { name: "targets", fixed: roomGeoms, scripted: plainTargets, pushables: [] },
  desk: {
    name: "desk",
    fixed: roomGeoms,
    scripted: plainTargets,
    pushables: [ball, mug, book, bottle, block],
  },
  face: { name: "face", fixed: roomGeoms, scripted: [face], pushables: [mug, book] },
  cluttered: {
    name: "cluttered",
    fixed: [...roomGeoms, ...clutter],
    scripted: plainTargets,
    pushables: [ball, mug, book, bottle, block, ...decoys],
  },
};
