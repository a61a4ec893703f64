import { gazeboTopics } from "../description/robot-sdf.ts";

/** How one world and the device in it are called in Gazebo. Empty topics = those of the model we write. */
export interface GazeboWorldOptions {
  readonly world: string;
  readonly model: string;
  readonly jointStateTopic?: string;
  readonly cameraTopic?: string;
  readonly trajectoryTopic?: string;
}

export interface WorldNames {
  readonly world: string;
  readonly model: string;
  readonly jointState: string;
  readonly camera: string;
  readonly trajectory: string;
  readonly clock: string;
  readonly statistics: string;
  readonly control: string;
  readonly setPose: string;
  /** Of one joint's position controller. */
  command(joint: string): string;
}

/** Topics of the model that `robotSdf` writes, and of gz-sim's server. */
export function worldNames(options: GazeboWorldOptions): WorldNames {
  const { world, model, jointStateTopic, cameraTopic, trajectoryTopic } = options;
  return {
    world,
    model,
    jointState: orElse(jointStateTopic, gazeboTopics.jointState(model)),
    camera: orElse(cameraTopic, gazeboTopics.camera(model)),
    trajectory: orElse(trajectoryTopic, `/model/${model}/joint_trajectory`),
    clock: `/world/${world}/clock`,
    statistics: `/world/${world}/stats`,
    control: `/world/${world}/control`,
    setPose: `/world/${world}/set_pose`,
    command: (joint) => gazeboTopics.command(model, joint),
  };
}

function orElse(text: string | undefined, fallback: string): string {
  return text === undefined || text === "" ? fallback : text;
}
