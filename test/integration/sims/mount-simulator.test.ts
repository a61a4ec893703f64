import { describe, expect, it } from "vitest";
import { defaultDynamics, randomDynamics } from "../../../sims/embedded/mount-dynamics.ts";
import { mountMjcf } from "../../../sims/embedded/mount-mjcf.ts";
import { MountSimulator, openMountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { compileMjcf } from "../../../sims/embedded/mujoco.ts";
import { sceneLayout } from "../../../sims/embedded/scene-layout.ts";
import { makeSceneAt, writeScenePoses } from "../../../sims/embedded/scene.ts";
import { makeTelemetry, phoneMount, stowedRad } from "../../unit/sims/phone-mount.ts";

const device = phoneMount;
const standard = defaultDynamics(device);

/** Final state after a second of moving about. */
function wander(simulator: MountSimulator): Float64Array {
  const targets = Float64Array.from(device.homeRad);
  for (let i = 0; i < 50; i += 1) {
    targets[1] = Math.sin(0.1 * i);
    targets[2] = 0.3 * Math.cos(0.17 * i);
    targets[3] = 0.4 * Math.sin(0.23 * i);
    simulator.setTargets(targets);
    simulator.step(20);
  }
  const state = new Float64Array(simulator.stateWidth);
  simulator.save(state);
  return state;
}

describe("dynamics", () => {
  it("put in place move the mount exactly as compiled in", async () => {
    const dynamics = randomDynamics(device, 77);
    using compiled = await openMountSimulator({ device, dynamics, seed: 3 });
    using changed = await openMountSimulator({ device, seed: 1 });
    wander(changed);
    changed.reset(3, { dynamics });
    expect(wander(changed)).toEqual(wander(compiled));
  });

  it("stay over a reset that does not name them, as does the start pose", async () => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    const dynamics = randomDynamics(device, 5);
    simulator.reset(1, { dynamics, startPosRad: stowedRad });
    simulator.reset(2);
    const state = makeTelemetry();
    simulator.readState(state);
    expect(simulator.dynamics).toBe(dynamics);
    expect(Array.from(state.posRad)).toEqual(stowedRad);
  });

  it("delay commands by the latency, to the step", async () => {
    const dynamics = { ...standard, commandLatencyMs: 40 };
    using simulator = await openMountSimulator({ device, dynamics, seed: 1 });
    simulator.setTargets(Float64Array.from([2.1, 0.3, 0, 0.1]));
    const state = makeTelemetry();
    let firstPushMs = 0;
    while (firstPushMs < 100 && Math.abs(state.effortNm[1]!) < 1e-3) {
      simulator.step(1);
      simulator.readState(state);
      firstPushMs = Math.round(state.stampMs);
    }
    expect(firstPushMs).toBe(41);
  });

  it("saturate: a heavy phone deploys at full torque and late, a light one does not", async () => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    const [lightLagRad, lightPeakNm] = deploy(simulator, 0.05);
    const [heavyLagRad, heavyPeakNm] = deploy(simulator, 0.6);
    expect(lightPeakNm).toBeLessThan(1.2);
    expect(heavyPeakNm).toBe(1.5);
    expect(heavyLagRad).toBeGreaterThan(1.3 * lightLagRad);
  });

  function deploy(simulator: MountSimulator, payloadMassKg: number): [number, number] {
    simulator.reset(1, { dynamics: { ...standard, payloadMassKg }, startPosRad: stowedRad });
    const targets = new Float64Array(4);
    const state = makeTelemetry();
    let lagRad = 0;
    let peakNm = 0;
    for (let ms = 1; ms <= 1600; ms += 1) {
      const s = ms / 1600;
      targets[0] = 2.1 * s * s * (3 - 2 * s);
      simulator.setTargets(targets);
      simulator.step(1);
      simulator.readState(state);
      lagRad = Math.max(lagRad, targets[0] - state.posRad[0]!);
      peakNm = Math.max(peakNm, Math.abs(state.effortNm[0]!));
    }
    return [lagRad, peakNm];
  }
});

describe("the default mount", () => {
  it("follows a steady ramp 60 to 120 ms late", async () => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    const targets = Float64Array.from(device.homeRad);
    const state = makeTelemetry();
    for (let ms = 1; ms <= 1500; ms += 1) {
      targets[1] = 0.001 * ms;
      simulator.setTargets(targets);
      simulator.step(1);
    }
    simulator.readState(state);
    const lagMs = (targets[1]! - state.posRad[1]!) / 0.001;
    expect(lagMs).toBeGreaterThan(60);
    expect(lagMs).toBeLessThan(120);
  });

  it("sags under a heavy phone, the light one less", async () => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    const sagRad = (payloadMassKg: number): number => {
      simulator.reset(1, {
        dynamics: { ...standard, payloadMassKg },
        startPosRad: [2.1, 0, 0.5, 0],
      });
      simulator.step(3000);
      const state = makeTelemetry();
      simulator.readState(state);
      return state.posRad[2]! - 0.5;
    };
    expect(sagRad(0.6)).toBeGreaterThan(0.02);
    expect(sagRad(0.6)).toBeLessThan(0.1);
    expect(sagRad(0.05)).toBeLessThan(sagRad(0.6) / 3);
  });
});

describe("random mounts", () => {
  it("come to rest from any pose, however they were thrown about", async () => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    const state = makeTelemetry();
    const targets = new Float64Array(4);
    const restless: string[] = [];
    for (let seed = 0; seed < 60; seed += 1) {
      const startPosRad = seed % 2 === 0 ? device.homeRad : stowedRad;
      simulator.reset(seed, { dynamics: randomDynamics(device, seed), startPosRad });
      for (let move = 0; move < 5; move += 1) {
        device.axes.forEach((axis, index) => {
          const ratio = 0.5 + 0.5 * Math.sin(seed + 3 * move + 5 * index);
          targets[index] = axis.lowerRad + ratio * (axis.upperRad - axis.lowerRad);
        });
        simulator.setTargets(targets);
        simulator.step(300);
      }
      simulator.step(5000);
      simulator.readState(state);
      const speed = Math.max(...state.velRadPerS.map(Math.abs));
      if (!(speed < 0.01)) restless.push(`seed ${seed}: ${speed} rad/s`);
    }
    expect(restless).toEqual([]);
  });
});

describe("a saved state", () => {
  it("is gone back to exactly, with the setpoints still under way", async () => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    wander(simulator);
    const saved = new Float64Array(simulator.stateWidth);
    simulator.save(saved);
    const first = wander(simulator);
    simulator.setTargets(new Float64Array(4));
    simulator.step(700);
    simulator.restore(saved);
    const again = new Float64Array(simulator.stateWidth);
    simulator.save(again);
    expect(again).toEqual(saved);
    expect(wander(simulator)).toEqual(first);
  });

  it("moves to another simulator of the same dynamics", async () => {
    using here = await openMountSimulator({ device, seed: 1 });
    using there = await openMountSimulator({ device, seed: 1 });
    there.restore(wander(here));
    expect(wander(there)).toEqual(wander(here));
  });
});

describe("pose snapshots", () => {
  it("out of MuJoCo are those computed from joints and time alone", async () => {
    using simulator = await openMountSimulator({ device, seed: 21 });
    wander(simulator);
    const state = makeTelemetry();
    simulator.readState(state);
    const found = new Float64Array(simulator.poseSnapshotWidth);
    simulator.writePoses(found);
    const expected = new Float64Array(simulator.poseSnapshotWidth);
    writeScenePoses(makeSceneAt(device, 21), state.posRad, simulator.timeS, expected);
    const largest = found.reduce(
      (max, value, i) => Math.max(max, Math.abs(value - expected[i]!)),
      0,
    );
    expect(largest).toBeLessThan(1e-8);
  });

  it("do not disturb the motion", async () => {
    using watched = await openMountSimulator({ device, seed: 1 });
    using alone = await openMountSimulator({ device, seed: 1 });
    const row = new Float64Array(watched.poseSnapshotWidth);
    for (let i = 0; i < 30; i += 1) {
      for (const simulator of [watched, alone]) {
        simulator.setTargets(Float64Array.from([2.1, 0.02 * i, 0, 0.1]));
        simulator.step(17);
      }
      watched.writePoses(row);
    }
    expect(wander(watched)).toEqual(wander(alone));
  });
});

describe("faults", () => {
  it.each([
    ["a position that is no number", [2.1, Number.NaN, 0, 0], [0, 0, 0, 0]],
    ["an infinite position", [2.1, Number.POSITIVE_INFINITY, 0, 0], [0, 0, 0, 0]],
    ["a velocity that is no number", [2.1, 0, 0, 0], [0, 0, Number.NaN, 0]],
    ["an impossible speed", [2.1, 0, 0, 0], [0, 1e6, 0, 0]],
  ])("%s is reported, again at each step, and a reset goes on", async (_, posRad, velRadPerS) => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    simulator.setJointState(posRad, velRadPerS);
    for (let i = 0; i < 2; i += 1) {
      expect(() => {
        simulator.step(1);
      }).toThrow(/^\[sim\/fault\]/);
    }
    simulator.reset(1);
    using fresh = await openMountSimulator({ device, seed: 1 });
    expect(wander(simulator)).toEqual(wander(fresh));
  });

  it.each([
    ["a start pose of 3 axes", { startPosRad: [0, 0, 0] }],
    ["a start pose with NaN", { startPosRad: [0, Number.NaN, 0, 0] }],
    ["a payload of 0 kg", { dynamics: { ...standard, payloadMassKg: 0 } }],
    [
      "a good payload beside a bad start pose",
      { dynamics: randomDynamics(device, 1), startPosRad: [0, 0, 0] },
    ],
  ])("%s is refused and changes nothing", async (_, changes) => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    expect(() => {
      simulator.reset(1, changes);
    }).toThrow(/^\[sim\/model\]/);
    expect(simulator.dynamics).toEqual(standard);
    simulator.step(10);
  });

  it.each([
    ["back", -0.5],
    ["ahead", 2],
  ])("time that jumps %s under the simulator is reported", async (_, jumpS) => {
    const layout = sceneLayout("targets");
    const model = await compileMjcf(mountMjcf(device, standard, layout));
    using simulator = new MountSimulator(model, layout, { device, dynamics: standard, seed: 1 });
    simulator.step(600);
    model.timeS += jumpS;
    expect(() => {
      simulator.step(1);
    }).toThrow(/^\[sim\/fault\] MuJoCo's time is/);
  });

  it("a thing on the desk that is nowhere is reported", async () => {
    using simulator = await openMountSimulator({ device, seed: 1, scene: "desk" });
    const state = new Float64Array(simulator.stateWidth);
    simulator.save(state);
    // seed, steps, payload, four hinges: the first number of the first loose thing.
    state[3 + 4] = Number.NaN;
    simulator.restore(state);
    expect(() => {
      simulator.step(1);
    }).toThrow(/^\[sim\/fault\]/);
  });

  it("targets of another number of axes are refused", async () => {
    using simulator = await openMountSimulator({ device, seed: 1 });
    expect(() => {
      simulator.setTargets(new Float64Array(3));
    }).toThrow(/^\[sim\/fault\] targets: 3 numbers, expected 4/);
  });

  it("five simulators side by side keep working while memory grows", async () => {
    const simulators: MountSimulator[] = [];
    for (let i = 0; i < 5; i += 1) simulators.push(await openMountSimulator({ device, seed: 1 }));
    const states = simulators.map(wander);
    for (const state of states) expect(state).toEqual(states[0]);
    for (const simulator of simulators) simulator[Symbol.dispose]();
  });
});
