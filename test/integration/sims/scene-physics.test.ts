import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { TargetScript } from "../../../bridge/contract/simulator.ts";
import { defaultDynamics } from "../../../sims/embedded/mount-dynamics.ts";
import { openMountSimulator, type MountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { maxPushes } from "../../../sims/embedded/push-list.ts";
import { geomPoseOffset } from "../../../sims/embedded/scene.ts";
import { sceneLayout, sceneNames, type SceneName } from "../../../sims/embedded/scene-layout.ts";
import { makeTelemetry, phoneMount } from "../../unit/sims/phone-mount.ts";

const device = phoneMount;
const open = async (scene: SceneName, seed = 1): Promise<MountSimulator> =>
  await openMountSimulator({ device, scene, seed });

/** World position of a body's first geom. */
function positionM(simulator: MountSimulator, body: string): number[] {
  const row = new Float64Array(simulator.poseSnapshotWidth);
  simulator.writePoses(row);
  const at = geomPoseOffset(simulator.geoms.findIndex(({ name }) => name === body));
  return Array.from(row.slice(at, at + 3));
}

const distanceM = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, k) => value - b[k]!));

/** Hash of a second of moving about, pushes included. */
function wanderHash(simulator: MountSimulator): string {
  const hash = createHash("sha256");
  const targets = Float64Array.from(device.homeRad);
  const state = new Float64Array(simulator.stateWidth);
  for (let i = 0; i < 50; i += 1) {
    targets[1] = Math.sin(0.1 * i);
    targets[3] = 0.4 * Math.sin(0.23 * i);
    simulator.setTargets(targets);
    const [body] = simulator.pushableBodies;
    if (i % 20 === 5) simulator.push(body!, [0.3, 0.2, 0.4], 0.03);
    simulator.step(20);
    simulator.save(state);
    hash.update(new Uint8Array(state.buffer));
  }
  return hash.digest("hex");
}

describe.each(sceneNames.map((name) => [name]))("the scene %s", (name) => {
  it("does the same for the same seed, bit for bit, and something else for another", async () => {
    using simulator = await open(name);
    const run = (seed: number): string => {
      simulator.reset(seed);
      return wanderHash(simulator);
    };
    expect(run(4)).toBe(run(4));
    expect(run(4)).not.toBe(run(5));
  });

  it("goes on from a saved state bit for bit, with things tumbling and a push under way", async () => {
    using simulator = await open(name);
    wanderHash(simulator);
    for (const body of simulator.pushableBodies.slice(0, 4)) simulator.push(body, [1, -1, 2], 0.2);
    simulator.step(50);
    const saved = new Float64Array(simulator.stateWidth);
    simulator.save(saved);
    const first = wanderHash(simulator);
    simulator.reset(77);
    simulator.step(300);
    simulator.restore(saved);
    expect(wanderHash(simulator)).toBe(first);
  });

  it("is at rest: what lies on the desk stays there", async () => {
    using simulator = await open(name);
    simulator.step(300);
    const bodies = sceneLayout(name).pushables.map((body) => body.name);
    const before = bodies.map((body) => positionM(simulator, body));
    // The targets fly above the things; nothing else moves.
    simulator.step(2000);
    bodies.forEach((body, index) => {
      expect(distanceM(positionM(simulator, body), before[index]!), body).toBeLessThan(2e-3);
      expect(before[index]![2], body).toBeGreaterThan(0.01);
    });
  });
});

describe("the mount", () => {
  it("moves among things as it does without them", async () => {
    using alone = await open("targets");
    using among = await open("desk");
    const [a, b] = [makeTelemetry(), makeTelemetry()];
    const targets = Float64Array.from(device.homeRad);
    for (let i = 0; i < 100; i += 1) {
      targets[1] = Math.sin(0.07 * i);
      for (const simulator of [alone, among]) {
        simulator.setTargets(targets);
        simulator.step(20);
      }
      alone.readState(a);
      among.readState(b);
      a.posRad.forEach((rad, axis) => {
        expect(Math.abs(rad - b.posRad[axis]!)).toBeLessThan(1e-6);
      });
    }
  });
});

describe("a push", () => {
  it("throws a light thing as far as its impulse says, and nothing else", async () => {
    using simulator = await open("desk");
    simulator.step(300);
    const others = ["mug", "book", "bottle", "ball"];
    const before = [...others, "block"].map((body) => positionM(simulator, body));
    // Straight up against gravity: 0.12 kg, so 3 N lift it with 15.2 m/s^2 for 0.1 s.
    simulator.push("block", [0, 0, 3], 0.1);
    simulator.step(100);
    const [, , z] = positionM(simulator, "block");
    expect(z! - before.at(-1)![2]!).toBeCloseTo(0.5 * (3 / 0.12 - 9.81) * 0.01, 2);
    others.forEach((body, index) => {
      expect(distanceM(positionM(simulator, body), before[index]!)).toBeLessThan(1e-3);
    });
  });

  it("ends after its time: a thing slides no further than friction lets it", async () => {
    using simulator = await open("desk");
    simulator.step(300);
    const before = positionM(simulator, "block");
    // 2 N for 0.1 s: 11.8 m/s^2 against friction of 4.9, then v^2 / 2 / 4.9.
    simulator.push("block", [0, 2, 0], 0.1);
    simulator.step(1500);
    const [, y] = positionM(simulator, "block");
    const speedMPerS = (2 / 0.12 - 0.5 * 9.81) * 0.1;
    const expectedM = 0.5 * speedMPerS * 0.1 + speedMPerS ** 2 / (2 * 0.5 * 9.81);
    expect((y! - before[1]!) / expectedM).toBeGreaterThan(0.8);
    expect((y! - before[1]!) / expectedM).toBeLessThan(1.2);
  });

  it("on a link of the mount is felt by its joint, which comes back", async () => {
    using simulator = await open("targets");
    const state = makeTelemetry();
    simulator.step(1500);
    simulator.readState(state);
    const restRad = state.posRad[2]!;
    // To the left, 5 cm above the roll axis.
    simulator.push("phone_link", [0, 3, 0], 0.3);
    simulator.step(300);
    simulator.readState(state);
    expect(state.posRad[2]! - restRad).toBeLessThan(-0.02);
    simulator.step(3000);
    simulator.readState(state);
    expect(Math.abs(state.posRad[2]! - restRad)).toBeLessThan(0.01);
  });

  it("adds to another of the same body", async () => {
    using one = await open("desk");
    using two = await open("desk");
    one.push("block", [0, 0, 4], 0.1);
    two.push("block", [0, 0, 1], 0.1);
    two.push("block", [0, 0, 3], 0.1);
    for (const simulator of [one, two]) simulator.step(200);
    expect(positionM(one, "block")).toEqual(positionM(two, "block"));
  });

  it.each([
    ["a wall", "wall_left", [1, 0, 0], 1],
    ["a target on a path", "target_box", [1, 0, 0], 1],
    ["no force", "block", [Number.NaN, 0, 0], 1],
    ["no time", "block", [1, 0, 0], 0],
    ["a minute and more", "block", [1, 0, 0], 61],
  ] as const)("of %s is refused", async (_, body, forceN, durationS) => {
    using simulator = await open("desk");
    expect(() => {
      simulator.push(body, [...forceN], durationS);
    }).toThrow(/^\[sim\/model\] push/);
  });

  it(`more than ${maxPushes} at once are refused, and there is room again when they end`, async () => {
    using simulator = await open("desk");
    for (let i = 0; i < maxPushes; i += 1) simulator.push("block", [0.01, 0, 0], 0.01);
    expect(() => {
      simulator.push("block", [0.01, 0, 0], 0.01);
    }).toThrow(/at once/);
    simulator.step(10);
    simulator.push("block", [0.01, 0, 0], 0.01);
  });
});

describe("a payload changed in mid-motion", () => {
  it("neither moves the joints nor stops them, and sags more", async () => {
    using simulator = await openMountSimulator({
      device,
      seed: 1,
      startPosRad: [2.1, 0, 0.5, 0],
    });
    const state = makeTelemetry();
    simulator.step(2000);
    simulator.readState(state);
    const [posRad, velRadPerS] = [state.posRad.slice(), state.velRadPerS.slice()];
    simulator.setPayloadKg(0.6);
    simulator.readState(state);
    expect(state.posRad).toEqual(posRad);
    expect(state.velRadPerS).toEqual(velRadPerS);
    simulator.step(2000);
    simulator.readState(state);
    expect(state.posRad[2]! - posRad[2]!).toBeGreaterThan(0.01);
  });

  it("goes with a saved state", async () => {
    using simulator = await open("targets");
    simulator.step(100);
    const saved = new Float64Array(simulator.stateWidth);
    simulator.save(saved);
    const first = wanderHash(simulator);
    simulator.restore(saved);
    simulator.setPayloadKg(0.6);
    expect(wanderHash(simulator)).not.toBe(first);
    simulator.restore(saved);
    expect(simulator.dynamics.payloadMassKg).toBe(0.2);
    expect(wanderHash(simulator)).toBe(first);
  });

  it.each([0, -1, 6, Number.NaN])("of %f kg is refused", async (massKg) => {
    using simulator = await open("targets");
    expect(() => {
      simulator.setPayloadKg(massKg);
    }).toThrow(/^\[sim\/model\]/);
    expect(simulator.dynamics.payloadMassKg).toBe(0.2);
  });
});

describe("a scripted target", () => {
  const through: TargetScript = {
    target: "target_sphere",
    keyframes: [
      { timeS: 0.5, positionM: [0.6, 0.6, 0.05] },
      { timeS: 1.5, positionM: [0.64, 0.2, 0.05] },
    ],
  };

  it("is where its keyframes say, held before and after, smooth between", async () => {
    using simulator = await open("targets");
    simulator.setTargetScripts([through]);
    const at = (timeS: number): number[] => {
      simulator.step(Math.round((timeS - simulator.timeS) * 1000));
      return positionM(simulator, "target_sphere");
    };
    expect(distanceM(at(0.2), [0.6, 0.6, 0.05])).toBeLessThan(1e-9);
    expect(distanceM(at(1.0), [0.62, 0.4, 0.05])).toBeLessThan(1e-9);
    expect(distanceM(at(3), [0.64, 0.2, 0.05])).toBeLessThan(1e-9);
  });

  it("starts again when it repeats", async () => {
    using simulator = await open("targets");
    simulator.setTargetScripts([{ ...through, repeats: true }]);
    simulator.step(1000);
    const first = positionM(simulator, "target_sphere");
    simulator.step(1500);
    expect(distanceM(positionM(simulator, "target_sphere"), first)).toBeLessThan(1e-9);
  });

  it("pushes what lies in its way", async () => {
    using simulator = await open("desk");
    const before = positionM(simulator, "ball");
    simulator.setTargetScripts([through]);
    simulator.step(2500);
    expect(distanceM(positionM(simulator, "ball"), before)).toBeGreaterThan(0.05);
  });

  it("keeps its script over a reset; without one it follows the seed again", async () => {
    using simulator = await open("targets");
    const own = positionM(simulator, "target_sphere");
    simulator.setTargetScripts([through]);
    simulator.reset(1);
    expect(distanceM(positionM(simulator, "target_sphere"), [0.6, 0.6, 0.05])).toBeLessThan(1e-9);
    simulator.setTargetScripts([]);
    expect(positionM(simulator, "target_sphere")).toEqual(own);
  });

  it.each<[string, readonly TargetScript[]]>([
    ["a target that is not there", [{ ...through, target: "target_face" }]],
    ["a target twice", [through, through]],
    ["no keyframes", [{ ...through, keyframes: [] }]],
    ["times that do not rise", [{ ...through, keyframes: [...through.keyframes].reverse() }]],
    ["a place far away", [{ ...through, keyframes: [{ timeS: 0, positionM: [20, 0, 0] }] }]],
    [
      "a place that is no number",
      [{ ...through, keyframes: [{ timeS: 0, positionM: [NaN, 0, 0] }] }],
    ],
  ])("with %s is refused", async (_, scripts) => {
    using simulator = await open("targets");
    expect(() => {
      simulator.setTargetScripts(scripts);
    }).toThrow(/^\[sim\/model\] script/);
  });
});

describe("play in the gears", () => {
  it("lets the joint rest anywhere within it: a turn smaller than half of it moves nothing", async () => {
    const standard = defaultDynamics(device);
    const dynamics = {
      ...standard,
      axes: standard.axes.map((axis) => ({ ...axis, backlashRad: 0.02 })),
    };
    using simulator = await openMountSimulator({ device, dynamics, seed: 1 });
    const state = makeTelemetry();
    const settleAt = (yawRad: number): number => {
      simulator.setTargets(Float64Array.from([2.1, yawRad, 0, 0.1]));
      simulator.step(3000);
      simulator.readState(state);
      return state.posRad[1]!;
    };
    expect(Math.abs(settleAt(0.009))).toBeLessThan(1e-4);
    for (const yawRad of [0.1, -0.1]) {
      const shortRad = Math.abs(yawRad - settleAt(yawRad));
      expect(shortRad).toBeGreaterThan(0.002);
      expect(shortRad).toBeLessThan(0.0105);
    }
  });
});
