import type { DeviceOffer, LeaseHandle, VelocityStream } from "../client/index.ts";

type Ratios = Readonly<Record<string, number>>;

/**
 * Motion while something is held: stick, buttons and keys each contribute a ratio of the axis limits,
 * and their sum goes out as one velocity stream. Nothing held is nothing sent.
 */
export class Jog {
  readonly #sources = new Map<string, Ratios>();
  #device: DeviceOffer | undefined;
  #stream: VelocityStream | undefined;
  #speedRatio = 0.4;
  // Axes moved since the stream began: what is let go of is told zero while another goes on.
  readonly #touched = new Set<string>();

  begin(lease: LeaseHandle): void {
    this.end();
    this.#device = lease.device;
    this.#stream = lease.velocity();
  }

  end(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#sources.clear();
    this.#touched.clear();
  }

  set speedRatio(ratio: number) {
    this.#speedRatio = ratio;
    this.#send();
  }

  /** @param ratios of the velocity limit per axis, -1..1; all zero lets go. */
  hold(source: string, ratios: Ratios): void {
    if (Object.values(ratios).every((ratio) => ratio === 0)) this.#sources.delete(source);
    else this.#sources.set(source, ratios);
    this.#send();
  }

  /** What is held, of the velocity limit per axis, -1..1; nothing without a lease. */
  get sum(): Ratios {
    if (this.#stream === undefined) return {};
    const sums: Record<string, number> = {};
    for (const ratios of this.#sources.values()) {
      for (const [axis, ratio] of Object.entries(ratios)) {
        sums[axis] = Math.max(-1, Math.min(1, (sums[axis] ?? 0) + ratio));
      }
    }
    return sums;
  }

  /** Everything is let go of, wherever fingers are. */
  releaseAll(): void {
    this.#sources.clear();
    this.#send();
  }

  #send(): void {
    const device = this.#device;
    if (device === undefined || this.#stream === undefined) return;
    if (this.#sources.size === 0) {
      this.#stream.stop();
      this.#touched.clear();
      return;
    }
    const sums = new Map<string, number>([...this.#touched].map((axis) => [axis, 0]));
    for (const ratios of this.#sources.values()) {
      for (const [axis, ratio] of Object.entries(ratios)) {
        sums.set(axis, (sums.get(axis) ?? 0) + ratio);
        this.#touched.add(axis);
      }
    }
    const velocities = device.axes.flatMap(({ name, maxVelocityRadPerS }) => {
      const ratio = sums.get(name);
      if (ratio === undefined) return [];
      const clamped = Math.max(-1, Math.min(1, ratio));
      return [[name, clamped * this.#speedRatio * maxVelocityRadPerS] as const];
    });
    this.#stream.set(Object.fromEntries(velocities));
  }
}
