import { bench, describe } from "vitest";
import { previewWidth } from "../../bridge/contract/preview.ts";
import { MountMotion } from "../../devices/actuation/motion.ts";
import { AxisShaper } from "../../devices/actuation/shaper.ts";
import type { MotionLimits } from "../../devices/actuation/velocity-transition.ts";
import { mount } from "../unit/devices/mount.ts";

const periodMs = 5;
const yawLimits: MotionLimits = mount.axes[1]!;

/** The reference: the trapezoid step everybody writes first. No jerk limit, and it overshoots by up to a tick. */
class NaiveTrapezoid {
  pos = 0;
  vel = 0;
  target = 0;

  step(dtS: number): void {
    const { maxVelocityRadPerS, maxAccelerationRadPerS2 } = yawLimits;
    const way = this.target - this.pos;
    const allowed = Math.sqrt(2 * maxAccelerationRadPerS2 * Math.abs(way));
    const wanted = Math.sign(way) * Math.min(maxVelocityRadPerS, allowed);
    const change = maxAccelerationRadPerS2 * dtS;
    this.vel += Math.min(Math.max(wanted - this.vel, -change), change);
    this.pos += this.vel * dtS;
  }
}

describe("one axis: 600 ticks of moving to and fro, a new target every 200", () => {
  const shaper = new AxisShaper(yawLimits, periodMs);
  const naive = new NaiveTrapezoid();
  let sign = 1;

  bench("naive trapezoid (reference)", () => {
    for (let leg = 0; leg < 3; leg += 1) {
      naive.target = sign = -sign;
      for (let tick = 0; tick < 200; tick += 1) naive.step(periodMs / 1000);
    }
  });

  bench("jerk-limited shaper", () => {
    for (let leg = 0; leg < 3; leg += 1) {
      sign = -sign;
      shaper.setPosition(sign, 2);
      for (let tick = 0; tick < 200; tick += 1) shaper.step();
    }
  });

  bench("jerk-limited shaper, new target at every tick", () => {
    for (let tick = 0; tick < 600; tick += 1) {
      shaper.setPosition(Math.sin(tick / 50), 2);
      shaper.step();
    }
  });
});

describe("the mount: one tick of four axes, and a preview of 1.5 s", () => {
  const row = new Float64Array(previewWidth({ sampleCount: 150, axisCount: 4 }));
  let nowMs = 0;
  /** Four axes that never arrive: told anew before they do. */
  const moving = new MountMotion(mount, periodMs);
  const resting = new MountMotion(mount, periodMs);

  bench("naive trapezoid, 4 axes x 298 ticks (reference of the preview)", () => {
    const axes = [0, 1, 2, 3].map(() => new NaiveTrapezoid());
    for (let tick = 0; tick < 298; tick += 1) for (const axis of axes) axis.step(periodMs / 1000);
  });

  bench("tick, moving", () => {
    nowMs += periodMs;
    if (nowMs % 500 === 0) {
      const sign = nowMs % 1000 === 0 ? 1 : -1;
      moving.setIntent({ kind: "position", posRad: [2.05, sign, sign, sign], velocityRatio: 0.5 });
    }
    moving.tick(nowMs);
  });

  bench("preview, moving", () => {
    moving.preview(nowMs, 10, 150, row);
  });

  bench("preview, at rest", () => {
    resting.preview(nowMs, 10, 150, row);
  });
});
