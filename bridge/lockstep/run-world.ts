import { defaultDynamics, randomDynamics } from "../../sims/embedded/mount-dynamics.ts";
import type { MountSimulator } from "../../sims/embedded/mount-simulator.ts";
import type { Scenario } from "../../sims/scenario/scenario.ts";
import type { Telemetry } from "../contract/actuator-driver.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import type { SceneControl, Simulator } from "../contract/simulator.ts";

/** A simulated world that runs can happen in, one after the other. */
export interface RunWorld {
  /** For people. */
  readonly name: string;
  readonly simulator: Simulator;
  /** Absent where nothing but the joints can be commanded. */
  readonly scene?: SceneControl;
  /** Back to the start of a scenario, everything random in the world drawn from `seed`. */
  begin(scenario: Scenario, seed: number): void | Promise<void>;
}

/** The simulator in this process: it can do everything a scenario knows. */
export function embeddedWorld(simulator: MountSimulator): RunWorld {
  const { device } = simulator;
  return {
    name: `MuJoCo ${simulator.engineVersion}`,
    simulator,
    scene: simulator,
    begin: (scenario, seed) => {
      const isRandom = scenario.dynamics === "random";
      simulator.setTargetScripts(scenario.targets);
      simulator.reset(seed, {
        dynamics: isRandom ? randomDynamics(device, seed) : defaultDynamics(device),
        startPosRad: startPose(device, scenario),
      });
    },
  };
}

export interface JointsOnlyWorldOptions {
  readonly name: string;
  readonly device: DeviceDescription;
  readonly simulator: Simulator;
}

/** Any other simulator: after a reset its servos take the joints to where the scenario starts. */
export function jointsOnlyWorld({ name, device, simulator }: JointsOnlyWorldOptions): RunWorld {
  return {
    name,
    simulator,
    begin: async (scenario, seed) => {
      await simulator.reset(seed);
      await driveTo(simulator, startPose(device, scenario), name);
    },
  };
}

/** The world of config section `gazebo`, for people. */
export const gazeboWorldName = (world: string): string => `Gazebo world ${world}`;

/**
 * For a world without scene control.
 *
 * @throws BridgeError `config/invalid` naming everything in the scenario that takes more than joints.
 */
export function requireScene(scenario: Scenario, worldName: string): void {
  const { name, pushes, payload, targets, dynamics } = scenario;
  const steps = [
    ...pushes.map(({ body, atS }, index) => `pushes[${index}] (${body} at ${atS} s)`),
    ...payload.map(({ massKg, atS }, index) => `payload[${index}] (${massKg} kg at ${atS} s)`),
    ...targets.map(({ target }, index) => `targets[${index}] (the path of ${target})`),
    ...(dynamics === "random" ? ["dynamics: random"] : []),
  ];
  if (steps.length === 0) return;
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    `scenario ${name} cannot run on ${worldName}, where only the joints can be commanded: it has ${steps.join(", ")}; leave these out or run it with sim.backend embedded`,
    { details: { scenario: name, world: worldName, steps } },
  );
}

const startTriesS = 0.25;
const startLimitS = 8;
/** Servos without an integral part sag a little under their load. */
const startWithinRad = 0.05;
const startSpeedRadPerS = 0.01;

async function driveTo(simulator: Simulator, goalRad: readonly number[], name: string) {
  const axisCount = goalRad.length;
  const state: Telemetry = {
    stampMs: 0,
    posRad: new Float64Array(axisCount),
    velRadPerS: new Float64Array(axisCount),
    effortNm: new Float64Array(axisCount),
  };
  simulator.setTargets(Float64Array.from(goalRad));
  for (let takenS = 0; takenS < startLimitS; takenS += startTriesS) {
    await simulator.step(Math.round(startTriesS / simulator.stepS));
    simulator.readState(state);
    const isThere = goalRad.every(
      (goal, axis) =>
        Math.abs((state.posRad[axis] ?? NaN) - goal) < startWithinRad &&
        Math.abs(state.velRadPerS[axis] ?? NaN) < startSpeedRadPerS,
    );
    if (isThere) return;
  }
  const found = Array.from(state.posRad, (rad) => rad.toFixed(3)).join(", ");
  const expected = goalRad.map((rad) => rad.toFixed(3)).join(", ");
  throw new BridgeError(
    ErrorCode.SimFault,
    `${name}: the joints are at ${found} rad ${startLimitS} s after they were sent to the start, expected ${expected} rad at rest`,
  );
}

function startPose(device: DeviceDescription, { start }: Pick<Scenario, "start">) {
  return start === "stowed" ? device.axes.map(() => 0) : device.homeRad;
}
