/** How one world and the device in it are called in Gazebo. Empty topics = what its plugins default to. */
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

/** Defaults of gz-sim's joint state publisher, controllers and server; the camera's is our model's. */
export function worldNames(options: GazeboWorldOptions): WorldNames {
  const { world, model, jointStateTopic, cameraTopic, trajectoryTopic } = options;
  return {
    world,
    model,
    jointState: orElse(jointStateTopic, `/world/${world}/model/${model}/joint_state`),
    camera: orElse(cameraTopic, `/model/${model}/camera`),
    trajectory: orElse(trajectoryTopic, `/model/${model}/joint_trajectory`),
    clock: `/world/${world}/clock`,
    statistics: `/world/${world}/stats`,
    control: `/world/${world}/control`,
    setPose: `/world/${world}/set_pose`,
    command: (joint) => `/model/${model}/joint/${joint}/0/cmd_pos`,
  };
}

function orElse(text: string | undefined, fallback: string): string {
  return text === undefined || text === "" ? fallback : text;
}
