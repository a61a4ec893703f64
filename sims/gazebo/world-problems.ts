import type { JointStateOutcome } from "./joint-state-reader.ts";
import type { GzTransport } from "./transport/gz-transport.ts";
import { isSameMessage, typeName } from "./transport/release.ts";
import { Model } from "./messages/joints.ts";
import type { WorldNames } from "./world-names.ts";

const maxShownTopics = 12;

/** Why no joint states come, in words somebody can act on. */
export function describeAbsence(transport: GzTransport, names: WorldNames): string {
  const { partition, address, release } = transport.settings;
  const where = `partition ${partition} on ${address}`;
  const topics = transport.topics();
  if (topics.length === 0) {
    return `nobody publishes anything in ${where}: start Gazebo with the same GZ_PARTITION and GZ_IP (IGN_ for Fortress)`;
  }
  const same = topics.find(({ topic }) => topic === names.jointState);
  const expected = typeName(release, Model);
  if (same !== undefined) {
    if (same.type === expected) return `${names.jointState} is published but nothing arrives`;
    return isSameMessage(same.type, expected)
      ? `${names.jointState} has type ${same.type}, release ${release} expects ${expected}: set gazebo.release`
      : `${names.jointState} has type ${same.type}, expected ${expected}`;
  }
  const shown = topics.slice(0, maxShownTopics).map(({ topic }) => topic);
  const more = topics.length > shown.length ? ` and ${topics.length - shown.length} more` : "";
  return `nobody publishes ${names.jointState} in ${where}; there are ${shown.join(", ")}${more}`;
}

/** What a joint state message that cannot be used says about the world. */
export function describeOutcome(
  outcome: JointStateOutcome,
  names: WorldNames,
  axisNames: readonly string[],
): string {
  switch (outcome) {
    case "no-axis":
      return `joint states of ${names.model} carry no axis1: world ${names.world} runs without a physics system (add gz-sim-physics-system)`;
    case "missing-joint":
      return `joint states of ${names.model} do not have all of ${axisNames.join(", ")}`;
    case "not-finite":
      return `the physics of world ${names.world} has blown up: a joint state is not finite`;
    case "damaged":
      return `joint states of ${names.model} cannot be read`;
    case "ok":
      return "";
    default:
      return outcome satisfies never;
  }
}
