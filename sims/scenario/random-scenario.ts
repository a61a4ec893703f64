import { faultCatalogue, type FaultKind, type FaultPlace } from "../../bridge/core/faults/fault.ts";
import { seededRandom, streamSeed, uniform, type Random } from "../../bridge/core/seeded-random.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { checkScenario, type Scenario, type ScenarioInput } from "./scenario.ts";

const durationS = 4;
/** Places whose faults can reach the actuation; the camera and the model cannot move anything. */
const places: readonly FaultPlace[] = ["joints", "driver", "control", "main", "clock", "sim"];
const roles = ["controller", "controller", "supervisor", "viewer"] as const;
/** Stream of the scenario's own dice; the faults and the dynamics draw from others. */
const stream = 77;

/**
 * A run nobody thought of: one to three clients, good and bad, who command at random while up to four
 * faults strike. Everything follows from the seed.
 */
export function randomScenario(device: DeviceDescription, seed: number): Scenario {
  const random = seededRandom(streamSeed(seed, stream));
  const axisNames = device.axes.map((axis) => axis.name);
  const input: ScenarioInput = {
    name: "random",
    seed,
    durationS,
    start: random() < 0.8 ? "deployed" : "stowed",
    dynamics: "random",
    clients: Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) =>
      randomClient(device, random, index),
    ),
    pushes: some(random, 1, () => ({
      atS: uniform(random, 0.5, durationS - 1),
      body: pick(random, ["mount_yaw", "mount_roll", "mount_pitch"]),
      forceN: [uniform(random, -4, 4), uniform(random, -4, 4), uniform(random, -4, 4)],
      durationS: uniform(random, 0.02, 0.3),
    })),
    payload: some(random, 1, () => ({
      atS: uniform(random, 0.5, durationS - 1),
      massKg: uniform(random, 0.05, 0.6),
    })),
    faults: some(random, 4, () => randomFault(random, axisNames)),
  };
  const checked = checkScenario(input);
  if (!checked.ok) throw new Error(`random scenario ${seed}: ${checked.text}`);
  return checked.scenario;
}

type Client = NonNullable<ScenarioInput["clients"]>[number];
type Step = NonNullable<Client["does"]>[number];

function randomClient(device: DeviceDescription, random: Random, index: number): Client {
  const does: Step[] = [];
  const role = pick(random, roles);
  let atS = uniform(random, 0, 0.6);
  does.push(role === "supervisor" && random() < 0.5 ? { atS, take: true } : { atS, acquire: true });
  for (;;) {
    atS += uniform(random, 0.05, 0.9);
    if (atS >= durationS - 0.1) break;
    does.push(randomStep(device, random, atS));
  }
  return { name: `client${index}`, role, connectS: index === 0 ? 0 : uniform(random, 0, 1), does };
}

function randomStep(device: DeviceDescription, random: Random, atS: number): Step {
  const repeat = { repeatMs: uniform(random, 10, 120), forS: uniform(random, 0, 1.5) };
  const axes = (draw: (axis: number) => number): Record<string, number> => {
    const chosen = device.axes.flatMap(({ name }, axis) =>
      random() < 0.6 ? [[name, draw(axis)] as const] : [],
    );
    const [first] = device.axes;
    return chosen.length > 0 ? Object.fromEntries(chosen) : { [first?.name ?? ""]: draw(0) };
  };
  const speed = (axis: number): number =>
    uniform(random, -1.3, 1.3) * (device.axes[axis]?.maxVelocityRadPerS ?? 0);
  const angle = (axis: number): number => {
    const { lowerRad = 0, upperRad = 0 } = device.axes[axis] ?? {};
    return lowerRad + uniform(random, -0.1, 1.1) * (upperRad - lowerRad);
  };
  const dice = random();
  if (dice < 0.4) {
    return { atS, velocity: axes(speed), ttlMs: uniform(random, 20, 800), ...repeat };
  }
  if (dice < 0.62) {
    const expiry = random() < 0.5 ? { ttlMs: uniform(random, 50, 2000) } : {};
    return { atS, position: axes(angle), velocityRatio: uniform(random, 0.1, 1), ...expiry };
  }
  if (dice < 0.7) return { atS, stop: random() < 0.7 ? "hold" : "estop" };
  if (dice < 0.78) return { atS, reset: true };
  if (dice < 0.84) return { atS, acquire: true };
  if (dice < 0.87) return { atS, giveBack: true };
  if (dice < 0.91) return { atS, hang: true };
  if (dice < 0.95) return { atS, wake: true };
  if (dice < 0.98) return { atS, forge: axes(speed), ...repeat };
  return { atS, disconnect: true };
}

function randomFault(random: Random, axisNames: readonly string[]): string {
  const place = pick(random, places);
  const [kind, entry] = pick(random, Object.entries(faultCatalogue[place]));
  const axis = entry.perAxis === true && random() < 0.5 ? `:${pick(random, axisNames)}` : "";
  const start = `@${Math.round(uniform(random, 0, durationS * 1000))}ms`;
  const isShort = entry.once !== true && random() < 0.85;
  const length = isShort ? `+${Math.round(uniform(random, 10, 1800))}ms` : "";
  return `${place}${axis}.${kind}${randomValue(random, kind, entry)}${start}${length}`;
}

function randomValue(random: Random, kind: string, { unit, signed }: FaultKind): string {
  const number = (low: number, high: number): string => uniform(random, low, high).toFixed(3);
  switch (unit) {
    case "none":
      return "";
    case "ratio":
      return `=${number(0.02, 0.9)}`;
    case "rad":
      return `=${number(0, 1.5)}rad`;
    case "radPerS":
      return `=${number(0.02, 1.5)}rad/s`;
    case "ms": {
      if (signed === true) return `=${number(-2000, 2000)}ms`;
      const size = kind === "suspend" ? number(20, 3000) : number(1, 700);
      return kind === "delay" && random() < 0.5 ? `=${size}ms~${number(0, 100)}ms` : `=${size}ms`;
    }
    default:
      return unit satisfies never;
  }
}

function some<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: Math.floor(random() * (most + 1)) }, make);
}

function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[Math.floor(random() * from.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}
