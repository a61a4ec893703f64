import { describe, expect, it } from "vitest";
import {
  DriverLink,
  type ActuatorDriver,
  type Setpoint,
  type Telemetry,
} from "../../../../bridge/contract/actuator-driver.ts";
import type { Frame } from "../../../../bridge/contract/frame.ts";
import type { Prediction, WorldModelDescription } from "../../../../bridge/contract/world-model.ts";
import { stampNs } from "../../../../bridge/contract/units.ts";
import { FaultPlan } from "../../../../bridge/core/faults/fault-plan.ts";
import { FaultyClock } from "../../../../bridge/core/faults/faulty-clock.ts";
import { FaultyDriver } from "../../../../bridge/core/faults/faulty-driver.ts";
import { FaultyFrames } from "../../../../bridge/core/faults/faulty-frames.ts";
import { FaultyLink } from "../../../../bridge/core/faults/faulty-link.ts";
import { LinkHealth } from "../../../../devices/drivers/link-health.ts";
import { FaultyModel } from "../../../../bridge/core/faults/faulty-model.ts";
import { FaultyObservations } from "../../../../bridge/core/faults/faulty-observations.ts";
import { parseFaults } from "../../../../bridge/core/faults/parse-fault.ts";
import { makeObservation } from "../../../../bridge/contract/observation.ts";

const axisNames = ["yaw", "pitch"];
function plan(texts: readonly string[], seed = 1): FaultPlan {
  const host = texts.some((text) => text.startsWith("camera")) ? "service" : "lockstep";
  const faults = parseFaults(texts, { axisNames, host });
  const made = FaultPlan.create({ faults, seed });
  made.begin(0);
  return made;
}

describe("a plan", () => {
  it("has a fault on from its start to its end, and not before or after", () => {
    const line = plan(["driver.timeout@100ms+50ms"]).at("driver");
    const on = [99, 100, 149, 150].map((nowMs) => line.active("timeout", nowMs) !== undefined);
    expect(on).toEqual([false, true, true, false]);
  });

  it("has nothing on before its run begins, and begins in every thread at once", () => {
    const faults = parseFaults(["driver.timeout"], { axisNames, host: "lockstep" });
    const here = FaultPlan.create({ faults, seed: 1 });
    const there = new FaultPlan(here.data);
    expect(there.at("driver").active("timeout", 1e9)).toBeUndefined();
    here.begin(500);
    expect(there.at("driver").active("timeout", 499)).toBeUndefined();
    expect(there.at("driver").active("timeout", 500)).toBeDefined();
  });

  it("draws the same for the same seed, whatever the other places do", () => {
    const losses = (seed: number, others: readonly string[]): boolean[] => {
      const made = plan(["joints.loss=50%", ...others], seed);
      for (let i = 0; i < 100; i += 1) made.at("driver").strikeByChance("loss", i);
      return Array.from({ length: 64 }, (_, i) => made.at("joints").strikeByChance("loss", i));
    };
    expect(losses(7, [])).toEqual(losses(7, ["driver.loss=50%"]));
    expect(losses(7, [])).not.toEqual(losses(8, []));
  });

  it("counts what struck", () => {
    const made = plan(["joints.loss=100%"]);
    made.at("joints").strikeByChance("loss", 1);
    made.at("joints").strikeByChance("loss", 2);
    expect(made.counts()).toEqual({ "joints.loss": 2 });
  });
});

describe("a link", () => {
  /** Sends 0, 1, 2 … every 10 ms; says what arrived when. */
  function arrivals(faults: readonly string[], count = 10): string[] {
    const link = new FaultyLink<number>({
      line: plan(faults).at("control"),
      overtakenMs: 15,
      lostDuring: ["dropout"],
      heldDuring: ["freeze"],
    });
    const seen: string[] = [];
    for (let nowMs = 0; nowMs < count * 10 + 200; nowMs += 5) {
      if (nowMs % 10 === 0 && nowMs < count * 10) link.send(nowMs / 10, nowMs);
      link.deliver(nowMs, (item) => seen.push(`${item}@${nowMs}`));
    }
    return seen;
  }

  it("without faults hands over at once", () => {
    expect(arrivals([], 3)).toEqual(["0@0", "1@10", "2@20"]);
  });
  it("delays", () => {
    expect(arrivals(["control.delay=25ms"], 3)).toEqual(["0@25", "1@35", "2@45"]);
  });
  it("loses", () => {
    expect(arrivals(["control.loss=100%@10ms+10ms"], 3)).toEqual(["0@0", "2@20"]);
    expect(arrivals(["control.dropout@10ms+10ms"], 3)).toEqual(["0@0", "2@20"]);
  });
  it("doubles", () => {
    expect(arrivals(["control.duplicate=100%@10ms+10ms"], 2)).toEqual(["0@0", "1@10", "1@10"]);
  });
  it("lets a later one overtake", () => {
    expect(arrivals(["control.reorder=100%@0ms+5ms"], 3)).toEqual(["1@10", "0@15", "2@20"]);
  });
  it("holds back and hands over in a bunch", () => {
    expect(arrivals(["control.freeze@10ms+25ms"], 5)).toEqual([
      "0@0",
      "1@35",
      "2@35",
      "3@35",
      "4@40",
    ]);
  });
  it("jitters without changing the order", () => {
    const items = arrivals(["control.jitter=60ms"], 40).map((text) => Number(text.split("@")[0]));
    expect(items).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });
});

class PlainDriver implements ActuatorDriver {
  readonly name = "plain";
  readonly axisCount = 2;
  readonly health = new LinkHealth(DriverLink.Up);
  readonly written: number[][] = [];
  stopCount = 0;
  nowMs = 0;
  writeSetpoint({ posRad }: Readonly<Setpoint>): void {
    this.written.push([...posRad]);
  }
  readTelemetry(out: Telemetry): boolean {
    out.stampMs = this.nowMs;
    out.posRad.set([this.nowMs / 1000, 1]);
    return true;
  }
  stop(): void {
    this.stopCount += 1;
  }
  setEnabled(): void {
    // Nothing to power.
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

describe("a driver", () => {
  function rig(faults: readonly string[]) {
    const inner = new PlainDriver();
    const made = plan(faults);
    const driver = new FaultyDriver(inner, {
      plan: made,
      axisNames,
      monotonicMs: () => inner.nowMs,
    });
    const read: Telemetry = {
      stampMs: Number.NaN,
      posRad: new Float64Array(2),
      velRadPerS: new Float64Array(2),
      effortNm: new Float64Array(2),
    };
    const run = (untilMs: number): void => {
      for (; inner.nowMs < untilMs; inner.nowMs += 5) {
        driver.readTelemetry(read);
        const posRad = Float64Array.of(inner.nowMs, 0);
        driver.writeSetpoint({ stampMs: inner.nowMs, posRad, velRadPerS: new Float64Array(2) });
      }
    };
    return { inner, driver, read, run };
  }

  it("without faults passes everything on", () => {
    const { inner, read, run } = rig([]);
    run(20);
    expect(inner.written.map(([pos]) => pos)).toEqual([0, 5, 10, 15]);
    expect(read.stampMs).toBe(15);
  });
  it("that times out hears nothing and says nothing, and comes back", () => {
    const { inner, read, run } = rig(["driver.timeout@10ms+10ms"]);
    run(20);
    expect(read.stampMs).toBe(5);
    run(30);
    expect(inner.written.map(([pos]) => pos)).toEqual([0, 5, 20, 25]);
    expect(read.stampMs).toBe(25);
  });
  it("that is frozen ignores setpoints and goes on telling", () => {
    const { inner, read, run } = rig(["driver.freeze@10ms"]);
    run(30);
    expect(inner.written).toHaveLength(2);
    expect(read.stampMs).toBe(25);
  });
  it("that browns out is told to hold once, and forgets what was under way", () => {
    const { inner, run } = rig(["driver.delay=10ms", "driver.brownout@20ms+10ms"]);
    run(50);
    expect(inner.stopCount).toBe(1);
    expect(inner.written.map(([pos]) => pos)).toEqual([0, 5, 30, 35]);
  });
  it("that saturates goes no faster than it can", () => {
    const { inner, run } = rig(["driver.saturate=100rad/s@10ms"]);
    run(25);
    expect(inner.written.map(([pos]) => pos)).toEqual([0, 5, 5.5, 6, 6.5]);
  });
  it("that breaks throws once", () => {
    const { inner, run } = rig(["driver.error@10ms"]);
    expect(() => {
      run(20);
    }).toThrow("[device/closed]");
    run(20);
    expect(inner.written).toHaveLength(4);
  });
  it("with a stuck sensor repeats the value under new stamps, on that axis only", () => {
    const { read, run } = rig(["joints:yaw.freeze@10ms+10ms"]);
    run(20);
    expect([read.stampMs, read.posRad[0]]).toEqual([15, 0.005]);
    run(30);
    expect([read.stampMs, read.posRad[0]]).toEqual([25, 0.025]);
  });
  it("with a NaN sensor says NaN, and with a clipped one no more than it can", () => {
    const { read, run } = rig(["joints:yaw.nan@10ms", "joints:pitch.saturate=0.25rad"]);
    run(20);
    expect(read.posRad[0]).toBeNaN();
    expect(read.posRad[1]).toBe(0.25);
  });
  it("with a clock that is off stamps its samples wrongly", () => {
    const { read, run } = rig(["joints.skew=-300ms"]);
    run(20);
    expect(read.stampMs).toBe(-285);
  });
});

describe("observations", () => {
  function source(faults: readonly string[], nowMs: () => number) {
    const inner = {
      axisNames,
      observeAt: (timeMs: number, out: { stampMs: number; jointPosRad: Float64Array }) => {
        out.stampMs = timeMs;
        out.jointPosRad.fill(0.5);
        return "ok" as const;
      },
      frameBorrowed: () => undefined,
    };
    return new FaultyObservations(inner, { plan: plan(faults), monotonicMs: nowMs });
  }
  it("that are late are ahead until they have arrived", () => {
    let nowMs = 100;
    const late = source(["joints.delay=30ms"], () => nowMs);
    const out = makeObservation(2);
    expect(late.observeAt(90, out)).toBe("ahead");
    nowMs = 120;
    expect(late.observeAt(90, out)).toBe("ok");
  });
  it("that are lost are stale, and leave what was asked to be filled alone", () => {
    const lost = source(["joints.loss=100%"], () => 100);
    const out = makeObservation(2);
    expect(lost.observeAt(90, out)).toBe("stale");
    expect(out.stampMs).toBe(0);
  });
  it("that are not numbers say so", () => {
    const out = makeObservation(2);
    expect(source(["joints:pitch.nan"], () => 100).observeAt(90, out)).toBe("ok");
    expect([...out.jointPosRad]).toEqual([0.5, Number.NaN]);
  });
});

describe("a camera", () => {
  const frame = (sequence: number): Frame => ({
    stampMs: sequence * 40,
    sequence,
    widthPx: 1,
    heightPx: 1,
    rgb: Uint8Array.of(sequence, 0, 0),
  });
  it("that freezes shows the same picture under new stamps", () => {
    const frames = new FaultyFrames(plan(["camera.freeze@80ms+40ms"]).at("camera"));
    const seen = [1, 2, 3].map((n) => {
      frames.offer(frame(n), n * 40);
      const newest = frames.newest(n * 40);
      return [newest?.stampMs, newest?.rgb[0]];
    });
    expect(seen).toEqual([
      [40, 1],
      [80, 1],
      [120, 3],
    ]);
  });
  it("that drops out gives nothing new, and a late one gives the picture later", () => {
    const frames = new FaultyFrames(
      plan(["camera.dropout@80ms", "camera.delay=50ms"]).at("camera"),
    );
    frames.offer(frame(1), 40);
    expect(frames.newest(80)).toBeUndefined();
    frames.offer(frame(2), 80);
    expect(frames.newest(95)?.sequence).toBe(1);
    expect(frames.newest(1000)?.sequence).toBe(1);
  });
});

describe("a model", () => {
  function model(faults: readonly string[], nowMs = 0) {
    let count = 0;
    const slept: number[] = [];
    const inner = {
      description: { axisNames } as Partial<WorldModelDescription> as WorldModelDescription,
      observe: () => Promise.resolve(),
      predict: () => {
        count += 1;
        const meanPosRad = Float32Array.of(count, count);
        const rest = new Float32Array(2);
        const prediction: Partial<Prediction> = {
          stampMs: count,
          meanPosRad,
          stdPosRad: rest,
          meanVelRadPerS: rest,
          stdVelRadPerS: rest,
        };
        return Promise.resolve(prediction as Prediction);
      },
      reset: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const clock = { nowMs };
    const sleep = (ms: number): Promise<void> => {
      slept.push(ms);
      return Promise.resolve();
    };
    const monotonicMs = (): number => clock.nowMs;
    const faulty = new FaultyModel(inner, { plan: plan(faults), monotonicMs, sleep });
    const predict = () =>
      faulty.predict({ actionsRad: new Float32Array(2), candidateCount: 1, horizonSteps: 1 });
    return { faulty, predict, clock, slept };
  }
  it("is late", async () => {
    const { predict, slept } = model(["model.delay=30ms"]);
    await predict();
    expect(slept).toEqual([30]);
  });
  it("says NaN for one axis", async () => {
    const { predict } = model(["model:pitch.nan"]);
    expect([...(await predict()).meanPosRad]).toEqual([1, Number.NaN]);
  });
  it("repeats itself under a new stamp", async () => {
    const { predict, clock } = model(["model.freeze@10ms"]);
    await predict();
    clock.nowMs = 20;
    expect(await predict()).toMatchObject({ stampMs: 2, meanPosRad: Float32Array.of(1, 1) });
  });
  it("fails when it is told to, by chance or for a while", async () => {
    await expect(model(["model.loss=100%"]).predict()).rejects.toThrow("[engine/run]");
    const { faulty, predict } = model(["model.timeout"]);
    await expect(predict()).rejects.toThrow("[thread/timeout]");
    await expect(faulty.observe(makeObservation(2))).rejects.toThrow("[thread/timeout]");
  });
});

it("a clock that steps moves the wall stamps and leaves monotonic time alone", () => {
  let nowMs = 0;
  const inner = {
    monotonicMs: () => nowMs,
    stampNsAt: (ms: number) => stampNs(BigInt(ms) * 1_000_000n),
  };
  const clock = new FaultyClock(inner, plan(["clock.step=-2s@100ms"]));
  expect(clock.stampNsAt(50)).toBe(50_000_000n);
  nowMs = 150;
  expect(clock.stampNsAt(5000)).toBe(3_000_000_000n);
  expect(clock.stampNsAt(5000)).toBe(3_000_000_000n);
  expect(clock.monotonicMs()).toBe(150);
});
