/** How one servo stands to its axis: `deviceRad = zeroRad + sign * axisRad`, from the servo's middle. */
export interface ServoMount {
  readonly id: number;
  readonly axisName: string;
  readonly sign: 1 | -1;
  readonly zeroRad: number;
  readonly ticksPerTurn: number;
  readonly middleTick: number;
  /** Goals are cut to these; without turns the servo refuses others. */
  readonly minTick: number;
  readonly maxTick: number;
  readonly maxVelocityRadPerS: number;
  readonly maxEffortNm: number;
}

/** One servo as the bus knows it. */
export class Servo {
  readonly mount: ServoMount;
  readonly ids: Uint8Array;
  /** For people: `servo 3 (elbow)`. */
  readonly label: string;
  lastReplyMs = Number.NEGATIVE_INFINITY;
  /** When it last told where it is. */
  sampleMs = Number.NEGATIVE_INFINITY;
  /** What it says is wrong with it, in its own bits; 0 nothing, -1 something, not asked yet. */
  faultBits = 0;

  constructor(mount: ServoMount) {
    this.mount = mount;
    this.ids = Uint8Array.of(mount.id);
    this.label = `servo ${mount.id} (${mount.axisName})`;
  }

  /** // hot path */
  tickOf(axisRad: number): number {
    const { minTick, maxTick } = this.mount;
    return Math.min(Math.max(this.#exactTickOf(axisRad), minTick), maxTick);
  }

  /** Why it cannot be told to stay at `axisRad`; undefined where it can. */
  reachProblem(axisRad: number): string | undefined {
    const { minTick, maxTick } = this.mount;
    const tick = this.#exactTickOf(axisRad);
    if (tick >= minTick && tick <= maxTick) return undefined;
    return (
      `it stands at tick ${tick} and can be told ${minTick}..${maxTick}, so powered it would ` +
      `jump: turn it back by hand, or use a multi-turn mode`
    );
  }

  /** // hot path */
  radOf(tick: number): number {
    const { sign, zeroRad, ticksPerTurn, middleTick } = this.mount;
    return sign * (((tick - middleTick) * 2 * Math.PI) / ticksPerTurn - zeroRad);
  }

  #exactTickOf(axisRad: number): number {
    const { sign, zeroRad, ticksPerTurn, middleTick } = this.mount;
    const deviceRad = zeroRad + sign * axisRad;
    return Math.round(middleTick + (deviceRad * ticksPerTurn) / (2 * Math.PI));
  }
}

/** Which ends of an axis lie outside what the servo can be told; undefined where none does. */
export function rangeProblem(
  mount: ServoMount,
  lowerRad: number,
  upperRad: number,
): string | undefined {
  const { sign, zeroRad, ticksPerTurn, middleTick, minTick, maxTick } = mount;
  const ticks = [lowerRad, upperRad].map(
    (axisRad) => middleTick + ((zeroRad + sign * axisRad) * ticksPerTurn) / (2 * Math.PI),
  );
  const low = Math.round(Math.min(...ticks));
  const high = Math.round(Math.max(...ticks));
  if (low >= minTick && high <= maxTick) return undefined;
  return (
    `axis ${mount.axisName}: its range needs ticks ${low}..${high}, servo ${mount.id} has ` +
    `${minTick}..${maxTick}: move zeroRad, narrow the axis, or use a multi-turn mode`
  );
}
