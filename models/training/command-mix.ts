import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { MotionIntent } from "../../devices/actuation/motion.ts";
import { seededRandom, uniform, type Random } from "../../bridge/core/seeded-random.ts";

/** What an operator, an agent or a script does for a while. */
type Segment = (timeMs: number) => MotionIntent | undefined;

export interface CommandMixOptions {
  readonly folded: boolean;
  /** Share of the segments that follow the target. */
  readonly trackShare: number;
  /** Azimuth (right is positive) and elevation (up is positive) of the target, rad. */
  readonly bearing: () => readonly [azimuthRad: number, elevationRad: number];
}

/** Axis motion as a function of the segment's own time, rad/s. */
type Motion = (elapsedMs: number) => (number | null)[];

const rest: Segment = () => undefined;

/**
 * Commands like those of live use, one segment of behaviour after the other: sticks that are let go,
 * reversals, waves, wandering, moves, pursuit, stops, folding, doing nothing. Everything follows from
 * the seed; the shaper stands between these and the device, as it does live.
 */
export class CommandMix {
  readonly #device: DeviceDescription;
  readonly #random: Random;
  #segment: Segment = rest;
  #untilMs = 0;
  #folded: boolean;
  #jointsRad: Float64Array = new Float64Array();
  readonly #options: CommandMixOptions;

  constructor(device: DeviceDescription, seed: number, options: CommandMixOptions) {
    this.#device = device;
    this.#random = seededRandom(seed ^ 0x00c0_ffee);
    this.#folded = options.folded;
    this.#options = options;
  }

  /** What to send at this tick, if anything. `posRad` is where the setpoints stand, `jointsRad` where the joints are. */
  next(timeMs: number, posRad: Float64Array, jointsRad: Float64Array): MotionIntent | undefined {
    this.#jointsRad = jointsRad;
    if (timeMs >= this.#untilMs) {
      this.#untilMs = timeMs + uniform(this.#random, 400, 3000);
      this.#segment = this.#draw(timeMs, posRad);
    }
    return this.#segment(timeMs);
  }

  #draw(timeMs: number, posRad: Float64Array): Segment {
    if (this.#folded) return this.#unfold(timeMs);
    const { trackShare } = this.#options;
    if (trackShare > 0 && this.#random() < trackShare) return this.#track(timeMs);
    const choices: readonly (readonly [weight: number, make: () => Segment])[] = [
      [22, () => this.#stick(timeMs, this.#steps())],
      [12, () => this.#stick(timeMs, this.#wave())],
      [10, () => this.#stick(timeMs, this.#wander())],
      [10, () => this.#stick(timeMs, this.#reversals())],
      [20, () => this.#move(timeMs)],
      [12, () => this.#pursue(timeMs, posRad)],
      [8, () => rest],
      [4, () => this.#stop()],
      [2, () => this.#fold(timeMs)],
    ];
    const total = choices.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.#random() * total;
    for (const [weight, make] of choices) {
      left -= weight;
      if (left < 0) return make();
    }
    return rest;
  }

  /** Velocity commands at a client's rate, each with its expiry; sometimes the last one just runs out. */
  #stick(startMs: number, motion: Motion): Segment {
    const periodMs = uniform(this.#random, 20, 120);
    const ttlMs = periodMs * uniform(this.#random, 1.2, 5) + 30;
    const letGoMs = startMs + uniform(this.#random, 0.5, 1.3) * (this.#untilMs - startMs);
    let dueMs = startMs;
    return (timeMs) => {
      if (timeMs < dueMs || timeMs > letGoMs) return undefined;
      dueMs = timeMs + periodMs;
      return {
        kind: "velocity",
        velRadPerS: motion(timeMs - startMs),
        expiresAtMs: timeMs + ttlMs,
      };
    };
  }

  /** One or two position moves; the second comes while the first still runs. */
  #move(startMs: number): Segment {
    const again = this.#random() < 0.3;
    let dueMs = startMs;
    return (timeMs) => {
      if (timeMs < dueMs) return undefined;
      dueMs = again && dueMs === startMs ? timeMs + uniform(this.#random, 80, 800) : Infinity;
      return this.#position(
        this.#aims((low, high) => uniform(this.#random, low, high)),
        uniform(this.#random, 0.1, 1),
      );
    };
  }

  /** Position commands several times a second towards a wandering aim, as a tracker sends them. */
  #pursue(startMs: number, posRad: Float64Array): Segment {
    const periodMs = uniform(this.#random, 40, 200);
    const velocityRatio = uniform(this.#random, 0.3, 1);
    const strideRad = uniform(this.#random, 0.02, 0.3);
    const aimRad = this.#aims(() => 0).map((aim, axis) =>
      aim === null ? null : (posRad[axis] ?? 0),
    );
    let dueMs = startMs;
    return (timeMs) => {
      if (timeMs < dueMs) return undefined;
      dueMs = timeMs + periodMs;
      for (const [axis, aim] of aimRad.entries()) {
        if (aim !== null) aimRad[axis] = this.#within(axis, aim + this.#normal() * strideRad);
      }
      return this.#position([...aimRad], velocityRatio);
    };
  }

  /**
   * Turns the camera towards the target, as a tracker does: by setpoints or by velocities, too hard or
   * too soft, off to a side that wanders, and noisily, so that what follows from a command can be learnt.
   */
  #track(startMs: number): Segment {
    const periodMs = uniform(this.#random, 30, 120);
    const gain = uniform(this.#random, 0.4, 1.1);
    const noiseRad = uniform(this.#random, 0.01, 0.12);
    const asideRad = [0, 1].map(() => uniform(this.#random, -0.35, 0.35));
    const isVelocity = this.#random() < 0.5;
    let dueMs = startMs;
    return (timeMs) => {
      if (timeMs < dueMs) return undefined;
      dueMs = timeMs + periodMs;
      const bearingRad = this.#options.bearing();
      // Right is a turn against z, up a turn against y.
      const [yawRad = 0, pitchRad = 0] = asideRad.map((aside, i) => {
        asideRad[i] = 0.98 * aside + 0.03 * this.#normal();
        return gain * (aside - (bearingRad[i] ?? 0)) + noiseRad * this.#normal();
      });
      if (isVelocity) {
        const velRadPerS = [null, 2.5 * yawRad, null, 2.5 * pitchRad];
        return { kind: "velocity", velRadPerS, expiresAtMs: timeMs + 3 * periodMs };
      }
      const yaw = this.#within(1, (this.#jointsRad[1] ?? 0) + yawRad);
      const pitch = this.#within(3, (this.#jointsRad[3] ?? 0) + pitchRad);
      return this.#position([null, yaw, null, pitch], 1);
    };
  }

  #stop(): Segment {
    let sent = false;
    return () => {
      if (sent) return undefined;
      sent = true;
      return { kind: "hold" };
    };
  }

  #fold(startMs: number): Segment {
    this.#folded = true;
    this.#untilMs = startMs + uniform(this.#random, 600, 2500);
    return this.#once(startMs, this.#deployTo(uniform(this.#random, 0, 1.9)));
  }

  #unfold(startMs: number): Segment {
    this.#folded = false;
    this.#untilMs = startMs + uniform(this.#random, 1500, 2600);
    const { upperRad } = this.#axis(0);
    return this.#once(startMs + uniform(this.#random, 0, 400), this.#deployTo(upperRad));
  }

  #once(atMs: number, command: MotionIntent): Segment {
    let sent = false;
    return (timeMs) => {
      if (sent || timeMs < atMs) return undefined;
      sent = true;
      return command;
    };
  }

  #deployTo(posRad: number): MotionIntent {
    const target = this.#device.axes.map((_, axis) => (axis === 0 ? posRad : null));
    return this.#position(target, uniform(this.#random, 0.3, 1));
  }

  #position(posRad: (number | null)[], velocityRatio: number): MotionIntent {
    return { kind: "position", posRad, velocityRatio };
  }

  #steps(): Motion {
    let vel = this.#velocities();
    return () => {
      if (this.#random() < 0.06) vel = this.#velocities();
      return vel;
    };
  }

  #reversals(): Motion {
    const vel = this.#velocities();
    const periodMs = uniform(this.#random, 250, 1200);
    return (elapsedMs) =>
      vel.map((v) => (v === null ? null : Math.floor(elapsedMs / periodMs) % 2 === 0 ? v : -v));
  }

  #wave(): Motion {
    const vel = this.#velocities();
    const turn = vel.map(() => ({
      perS: uniform(this.#random, 0.6, 9),
      phase: uniform(this.#random, 0, 2 * Math.PI),
    }));
    return (elapsedMs) =>
      vel.map((v, axis) => {
        const { perS, phase } = turn[axis] ?? { perS: 1, phase: 0 };
        return v === null ? null : v * Math.sin((perS * elapsedMs) / 1000 + phase);
      });
  }

  #wander(): Motion {
    const size = this.#velocities();
    const vel = size.map(() => 0);
    return () =>
      size.map((v, axis) => {
        if (v === null) return null;
        const next = 0.9 * (vel[axis] ?? 0) + 0.4 * this.#normal() * v;
        vel[axis] = next;
        return next;
      });
  }

  /** A velocity for some of the axes; the fold-out arm seldom moves. Some ask for more than allowed. */
  #velocities(): (number | null)[] {
    const share = uniform(this.#random, 0.1, 1.2);
    return this.#device.axes.map(({ maxVelocityRadPerS }, axis) =>
      this.#takesPart(axis) ? uniform(this.#random, -1, 1) * share * maxVelocityRadPerS : null,
    );
  }

  /** A position for some of the axes, drawn between their limits. */
  #aims(draw: (lowerRad: number, upperRad: number) => number): (number | null)[] {
    return this.#device.axes.map(({ lowerRad, upperRad }, axis) =>
      this.#takesPart(axis) ? draw(axis === 0 ? 2 : lowerRad, upperRad) : null,
    );
  }

  #takesPart(axis: number): boolean {
    return this.#random() < (axis === 0 ? 0.06 : 0.65);
  }

  #within(axis: number, rad: number): number {
    const { lowerRad, upperRad } = this.#axis(axis);
    return Math.min(Math.max(rad, lowerRad), upperRad);
  }

  #axis(axis: number): DeviceDescription["axes"][number] {
    const found = this.#device.axes[axis];
    if (found === undefined) throw new RangeError(`the device has no axis ${axis}`);
    return found;
  }

  /** Near enough to a normal deviate. */
  #normal(): number {
    return (this.#random() + this.#random() + this.#random() + this.#random() - 2) * Math.sqrt(3);
  }
}
