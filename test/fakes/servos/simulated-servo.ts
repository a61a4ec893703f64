/** A motor that goes to its goal at a constant speed while it is powered. Ticks and ticks per second. */
export class SimulatedServo {
  readonly id: number;
  /** What a read of the table gives. */
  readonly table = new Uint8Array(256);
  tick: number;
  goalTick: number;
  speed = 100_000;
  velocity = 0;
  isPowered = false;
  /** Stopped by itself: goals are refused. */
  hasStopped = false;
  /** In the words of its make. */
  faultBits = 0;
  heardMs = 0;

  constructor(id: number, tick: number) {
    this.id = id;
    this.tick = this.goalTick = tick;
  }

  step(ms: number): void {
    const room = (this.speed * ms) / 1000;
    const wanted = this.isPowered && !this.hasStopped ? this.goalTick - this.tick : 0;
    const moved = Math.min(Math.max(wanted, -room), room);
    this.tick += moved;
    this.velocity = (moved / ms) * 1000;
  }
}
